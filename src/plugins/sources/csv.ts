/** The `csv` source: its options and its description. */
import { z } from 'zod'
import { OBSERVED, type RowSchema } from '../../model/schema.ts'
import { defineSource } from '../../sdk/define.ts'
import type { PluginContext, SourceSpec } from '../../sdk/spec.ts'
import { filesOf, isStandardInput } from './byte-reader.ts'
import { CsvFormat, type CsvLayout } from './csv-format.ts'
import { CSV_ERRORS } from './csv-scanner.ts'
import { type Encoding, encodingOf, UTF8 } from './encoding.ts'
import { COMMON_ERRORS, FileSource, MAX_RECORD_UNITS } from './file-source.ts'
import { encodingOption, pathOption } from './options.ts'

export const csvOptions = z.strictObject({
  path: pathOption,
  delimiter: z
    .string()
    .min(1)
    .optional()
    .describe(
      'What stands between cells; one character or several; `\\t` and `tab` are a tab. If absent a comma, or what a first line such as `sep=;` says',
    ),
  header: z.boolean().default(true).describe('Whether the first record names the columns'),
  columns: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('Names of the columns where there is no header; else those of a `fixed` schema, else `column_1`, …'),
  quote: z.string().max(4).nullable().default('"').describe('The character that quotes cells; `none` if there is none'),
  encoding: encodingOption,
  normalise: z
    .boolean()
    .default(true)
    .describe('Whether headers that are no identifiers become ones: `Loan Amount` gives the field `loan_amount`'),
  ragged: z
    .enum(['reject', 'pad'])
    .default('reject')
    .describe('What becomes of records with too few cells; `pad` fills up with nulls'),
  on_unclosed_quote: z
    .enum(['stop', 'reject'])
    .default('stop')
    .describe(
      'What happens if the file ends inside quotes: the run stops before anything is replaced, or all from the beginning of that record on is rejected as one',
    ),
  recover: z
    .enum(['record', 'line'])
    .default('record')
    .describe(
      'What a record with malformed quotes costs: itself, or (`line`) its first line only, so that lines inside its quotes may be read as records',
    ),
})
export type CsvOptions = z.infer<typeof csvOptions>

export function delimiterOf(option = ','): string {
  return option === 'tab' || option === '\\t' ? '\t' : option
}

function quoteOf(option: string | null): string | null {
  return option === null || option === 'none' || option === '' ? null : option
}

/** The layout that options describe. Rows that a schema may refuse carry their text. */
export function csvLayout(options: CsvOptions, { fields, closed }: RowSchema = OBSERVED): CsvLayout {
  const declared = [...fields.keys()]
  return {
    delimiter: delimiterOf(options.delimiter),
    chosen: options.delimiter !== undefined,
    quote: quoteOf(options.quote),
    header: options.header,
    columns: options.header ? null : (options.columns ?? (closed && declared.length > 0 ? declared : null)),
    declared,
    normalise: options.normalise,
    ragged: options.ragged,
    recover: options.recover,
    on_unclosed_quote: options.on_unclosed_quote,
    max_units: MAX_RECORD_UNITS,
    raw: declared.length > 0,
  }
}

export function encodingFrom(options: { readonly encoding: string }): Encoding {
  return encodingOf(options.encoding) ?? UTF8
}

function create(options: CsvOptions, context: PluginContext): FileSource {
  const place = { path: options.path, folder: context.folder, node: context.node }
  return new FileSource(place, new CsvFormat(place, csvLayout(options, context.input)), {
    encoding: encodingFrom(options),
  })
}

/** Problems of options that have a meaning only where there are quotes. */
const csvDefaults = { on_unclosed_quote: 'stop', recover: 'record' } as const

type Problems = ReturnType<NonNullable<SourceSpec<CsvOptions>['check']>>

function check(options: CsvOptions): Problems {
  const delimiter = delimiterOf(options.delimiter)
  const quote = quoteOf(options.quote)
  const encoding = encodingFrom(options)
  const problems: { path: string[]; message: string; hint?: string }[] = []
  const wrong = (option: string, message: string, hint?: string) =>
    problems.push(hint === undefined ? { path: [option], message } : { path: [option], message, hint })
  if (/[\r\n]/.test(delimiter)) wrong('delimiter', 'a delimiter can’t have a line break in it')
  else if (encoding.inView(delimiter) === null) {
    const hint = 'Choose another one, or convert the file to UTF-8.'
    wrong('delimiter', `in ${encoding.name} this delimiter can’t be told from parts of other characters`, hint)
  }
  if (quote !== null && ([...quote].length !== 1 || /[\r\n]/.test(quote))) {
    wrong('quote', 'a quote is one character, or `none`')
  } else if (quote !== null && (delimiter.includes(quote) || encoding.inView(quote) === null)) {
    wrong('quote', 'the quote can’t be told from the delimiter or from parts of other characters')
  }
  for (const option of ['on_unclosed_quote', 'recover'] as const)
    if (quote === null && options[option] !== csvDefaults[option])
      wrong(option, `${option} is about quotes, and there are none`, 'Remove it, or set quote.')
  if (options.recover === 'line' && options.on_unclosed_quote === 'reject')
    wrong(
      'on_unclosed_quote',
      'with recover: line a quote that is never closed costs its line',
      'Remove one of the two.',
    )
  if (options.columns !== undefined) {
    if (options.header)
      wrong('columns', 'columns is for files without a header', 'Set header: false, or remove columns.')
    if (new Set(options.columns).size < options.columns.length) wrong('columns', 'two columns have the same name')
  }
  return problems
}

/** Cells are texts, or null where they are empty. Without a header and with named columns the fields are known. */
function yields(options: CsvOptions): RowSchema {
  const names = options.header ? [] : (options.columns ?? [])
  const fields = new Map(names.map(name => [name, { schema: { type: 'string' }, optional: true }]))
  if (names.length > 0) return { fields, closed: true, observed: false }
  return { ...OBSERVED, rest: { schema: { type: 'string' }, optional: true } }
}

export const csvSource = defineSource({
  name: 'csv',
  summary: 'Reads a CSV file, one row per record',
  description: [
    'Cells are texts; a schema converts them. An empty cell is null, a quoted empty cell (`""`) an empty text.',
    '',
    'The reader follows RFC 4180, with LF and CR as line breaks too. A record that is malformed (too few or too many',
    'cells, a quote where none may be, a NUL, bytes that are not valid in the encoding, longer than 16 MiB) is rejected with',
    'its line and text; reading continues behind it. Blank lines are skipped, except in a file of one column, where a blank',
    'line is an empty cell.',
    '',
    'Text that a correct writer put inside quotes is never read as a record, whatever limit it meets: a record whose quotes are',
    'malformed ends, if one of its cells begins with a quote, at the first line break at which the quotes since that cell’s',
    'beginning are even in number; in other cells a quote is text, and a line break ends the record. Where the file ends',
    'inside of quotes nobody can tell what belongs to the last record, so that the run stops and can be resumed when the file',
    'is fixed; `on_unclosed_quote: reject` rejects all that is left as one record. Where a closing quote is missing, and a',
    'cell with line breaks follows further down, inside and outside are swapped in between: lines of that cell may be read as',
    'records. The records rejected before and behind it show where. `recover: line` is for files in which a quote means nothing',
    'at the beginning of a cell: each record with malformed quotes then costs its first line and no more.',
    '',
    'A header that has none of the schema’s fields, and would have some with another delimiter, stops the run before anything',
    'is written; so do bytes that are no CSV: compressed files, Excel workbooks, UTF-16 without a byte order mark, HTML, JSON.',
    'A first line such as `sep=;`, as Excel knows it, is no record: it says what stands between cells.',
    '',
    'A header that is an identifier stays as it is. From others surrounding space is taken away; if that does not make',
    'an identifier, they become lower case, with `_` for every run of other characters than letters and digits; an empty',
    'header becomes `column_N`. Two columns that would have the same name are an error. Sinks can restore the headers.',
    '',
    'A byte order mark decides the encoding (UTF-8, UTF-16). Fields whose names are whole numbers (`"7"`) come before all',
    'others in a row, as in any JavaScript object.',
  ].join('\n'),
  options: csvOptions,
  determinism: 'deterministic',
  errors: { ...CSV_ERRORS, ...COMMON_ERRORS },
  examples: [
    { title: 'A file beside the pipeline', options: { path: 'data/applications.csv' } },
    {
      title: 'Semicolons, no header, Windows encoding',
      options: { path: 'export.csv', delimiter: ';', header: false, columns: ['id', 'name'], encoding: 'windows-1252' },
    },
    { title: 'Tabs, and quotes that mean nothing', options: { path: '-', delimiter: 'tab', quote: 'none' } },
  ],
  check,
  rereadable: options => !isStandardInput({ path: options.path, folder: '' }),
  reads: filesOf,
  textual: true,
  yields,
  create,
})

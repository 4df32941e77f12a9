/** The options of the `csv` source, and of other plugins that read tables as it does. */
import { z } from 'zod'
import { OBSERVED, type RowSchema } from '../../model/schema.ts'
import { compileDatePattern } from '../../sdk/expression.ts'
import type { OptionProblem } from '../../sdk/spec.ts'
import type { CsvLayout } from './csv-format.ts'
import { type Encoding, encodingOf, UTF8 } from './encoding.ts'
import { MAX_RECORD_UNITS } from './file-source.ts'
import { encodingOption, fileOptions } from './options.ts'

/** All but where the file is. */
export const tableOptions = {
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
  quote_style: z
    .enum(['strict', 'lazy'])
    .default('strict')
    .describe(
      'What may be around and inside of quotes; `lazy`: blanks around them mean nothing, and a backslash inside of them takes a quote or a backslash behind it for text (`\\"`)',
    ),
  encoding: encodingOption,
  skip_lines: z
    .int()
    .min(0)
    .default(0)
    .describe('How many lines stand before the header, or the first record, and are none'),
  comment: z
    .string()
    .min(1)
    .optional()
    .describe('What lines begin with that are no records, such as `#`; not inside quotes. If absent there are none'),
  normalise: z
    .boolean()
    .default(true)
    .describe('Whether headers that are no identifiers become ones: `Loan Amount` gives the field `loan_amount`'),
  null_values: z
    .array(z.string())
    .default([])
    .describe(
      'Cells that say that there is nothing, such as `NULL` or `n/a`, quoted or not: they are null, as empty cells are',
    ),
  true_values: z
    .array(z.string().min(1))
    .default([])
    .describe('Cells that are true, such as `yes`, beside `true`: of fields that the schema declares boolean'),
  false_values: z.array(z.string().min(1)).default([]).describe('Cells that are false, in the same way'),
  decimal: z
    .enum(['.', ','])
    .default('.')
    .describe('What stands before the fraction: of fields that the schema declares as numbers'),
  thousands: z
    .enum(['.', ',', ' ', "'", '’', '_'])
    .optional()
    .describe('What groups digits of such numbers (a blank may be one that doesn’t break); if absent nothing does'),
  date_format: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      '`{field: pattern}`, such as `dd.MM.yyyy HH:mm`: dates of these fields become ISO 8601, `2026-01-31T14:05:00`',
    ),
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
}
export const csvOptions = z.strictObject({ ...fileOptions, ...tableOptions })
export type CsvOptions = z.infer<typeof csvOptions>
export type TableOptions = Omit<CsvOptions, keyof typeof fileOptions>

export function delimiterOf(option = ','): string {
  return option === 'tab' || option === '\\t' ? '\t' : option
}

function quoteOf(option: string | null): string | null {
  return option === null || option === 'none' || option === '' ? null : option
}

/** The layout that options describe. Rows that a schema may refuse carry their text. */
export function csvLayout(options: TableOptions, { fields, closed }: RowSchema = OBSERVED): CsvLayout {
  const declared = [...fields.keys()]
  return {
    delimiter: delimiterOf(options.delimiter),
    chosen: options.delimiter !== undefined,
    quote: quoteOf(options.quote),
    lazy: options.quote_style === 'lazy',
    comment: options.comment ?? null,
    skip_lines: options.skip_lines,
    header: options.header,
    columns: options.header ? null : (options.columns ?? (closed && declared.length > 0 ? declared : null)),
    declared,
    schema: fields,
    values: options,
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

type Wrong = (path: readonly string[], message: string, hint?: string) => void

/** What only a look at several options together can refuse. */
export function checkTableOptions(options: TableOptions): readonly OptionProblem[] {
  const problems: OptionProblem[] = []
  const wrong: Wrong = (path, message, hint) =>
    problems.push(hint === undefined ? { path, message } : { path, message, hint })
  checkMarks(options, wrong)
  checkQuotes(options, wrong)
  checkValues(options, wrong)
  if (options.columns !== undefined) {
    if (options.header)
      wrong(['columns'], 'columns is for files without a header', 'Set header: false, or remove columns.')
    if (new Set(options.columns).size < options.columns.length) wrong(['columns'], 'two columns have the same name')
  }
  return problems
}

/** Delimiter, quote and comment must be found, and told from each other. */
function checkMarks(options: TableOptions, wrong: Wrong): void {
  const delimiter = delimiterOf(options.delimiter)
  const quote = quoteOf(options.quote)
  const { comment } = options
  const encoding = encodingFrom(options)
  const hint = 'Choose another one, or convert the file to UTF-8.'
  if (/[\r\n]/.test(delimiter)) wrong(['delimiter'], 'a delimiter can’t have a line break in it')
  else if (encoding.inView(delimiter) === null)
    wrong(['delimiter'], `in ${encoding.name} this delimiter can’t be told from parts of other characters`, hint)
  if (quote !== null && ([...quote].length !== 1 || /[\r\n]/.test(quote)))
    wrong(['quote'], 'a quote is one character, or `none`')
  else if (quote !== null && (delimiter.includes(quote) || encoding.inView(quote) === null))
    wrong(['quote'], 'the quote can’t be told from the delimiter or from parts of other characters')
  if (comment === undefined) return
  if (/[\r\n]/.test(comment)) wrong(['comment'], 'what a comment begins with can’t have a line break in it')
  else if (comment.startsWith(delimiter) || (quote !== null && comment.startsWith(quote)))
    wrong(['comment'], 'the comment can’t be told from a record that begins with the delimiter or a quote')
  else if (encoding.inView(comment) === null)
    wrong(['comment'], `in ${encoding.name} it can’t be told from parts of other characters`, hint)
}

/** All options as they are if nothing is said. */
export const TABLE_DEFAULTS = z.strictObject(tableOptions).parse({})

function checkQuotes(options: TableOptions, wrong: Wrong): void {
  const quote = quoteOf(options.quote)
  // These have a meaning only where there are quotes.
  for (const option of ['on_unclosed_quote', 'recover', 'quote_style'] as const)
    if (quote === null && options[option] !== TABLE_DEFAULTS[option])
      wrong([option], `${option} is about quotes, and there are none`, 'Remove it, or set quote.')
  if (options.recover === 'line' && options.on_unclosed_quote === 'reject') {
    const message = 'with recover: line a quote that is never closed costs its line'
    wrong(['on_unclosed_quote'], message, 'Remove one of the two.')
  }
  if (options.quote_style === 'strict' || quote === null) return
  const encoding = encodingFrom(options)
  if (encoding.inView('\\') === null)
    wrong(
      ['quote_style'],
      `in ${encoding.name} a backslash can’t be told from parts of other characters`,
      'Convert the file to UTF-8.',
    )
  if (/[ \t\\]/.test(quote))
    wrong(['quote'], 'where quotes are lazy, blanks and backslashes have a meaning of their own')
}

function checkValues(options: TableOptions, wrong: Wrong): void {
  const { decimal, thousands, true_values, false_values, null_values, date_format } = options
  if (thousands === decimal) {
    const message = `${JSON.stringify(decimal)} can’t stand before the fraction and group digits`
    wrong(['thousands'], message, 'Set decimal, too, or another sign here.')
  }
  const words = [...null_values, ...true_values, ...false_values]
  const twice = words.find((word, index) => words.indexOf(word) !== index)
  if (twice !== undefined)
    wrong(
      [false_values.includes(twice) ? 'false_values' : true_values.includes(twice) ? 'true_values' : 'null_values'],
      `${JSON.stringify(twice)} would mean two things, or stands twice`,
    )
  for (const [field, pattern] of Object.entries(date_format)) {
    const date = compileDatePattern(pattern)
    if (typeof date === 'string') wrong(['date_format', field], date, 'Such as dd.MM.yyyy, or MM/dd/yyyy hh:mm a.')
  }
}

/** The `csv` sink: its options and its description. */
import { z } from 'zod'
import { exactType, type RowSchema } from '../../model/schema.ts'
import { defineSink } from '../../sdk/define.ts'
import { ERROR_FIELD, flatNames } from '../../sdk/error-row.ts'
import type {
  FieldRequirement,
  OptionProblem,
  RewindableSinkSpec,
  SecretOption,
  SinkContext,
  SinkSpec,
} from '../../sdk/spec.ts'
import { delimiterOf } from '../sources/csv-options.ts'
import { storageOption } from '../stores/options.ts'
import { bringsRejects, csvColumns, lateColumns } from './csv-columns.ts'
import { type CsvLayout, CsvRowFormat } from './csv-format.ts'
import { checkOutput, fileOutput } from './file-output.ts'
import { ifExistsOption, immediateOf, maxFilesOption, pathOption, writtenBy } from './options.ts'
import { compressionOption, packOf } from './packing.ts'
import { PATH_ERRORS, pathRequirements } from './path-template.ts'

const csvOptions = z.strictObject({
  path: pathOption,
  storage: storageOption,
  if_exists: ifExistsOption,
  compression: compressionOption,
  max_files: maxFilesOption,
  columns: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      'The fields that are written, in order; else those of the schema, else those of the first row and others that are known',
    ),
  headers: z
    .union([z.enum(['normalised', 'original']), z.record(z.string(), z.string())])
    .default('normalised')
    .describe('Names of fields, the names that they had in the source, or a name for each: `{field: name}`'),
  new_columns: z
    .enum(['refuse', 'union'])
    .default('refuse')
    .describe(
      'What becomes of a row with a field that has no column: an error, or (`union`) a new column behind all others, empty in rows before it. Then the file is made once more at the end, which a compressed one and standard output can’t be',
    ),
  delimiter: z
    .string()
    .default(',')
    .refine(each => /^[^\w"'.+\-\r\n\uD800-\uDFFF]$/.test(delimiterOf(each)), {
      error: 'a delimiter is one character: no letter, digit, quote, sign or line break',
    })
    .describe('What stands between cells; `\\t` and `tab` are a tab'),
  decimal: z
    .enum(['.', ','])
    .default('.')
    .describe(
      'What stands before the fraction of numbers, those of type decimal included, but not within lists and objects; with `,` spreadsheets of many countries want `delimiter: ";"`',
    ),
  newline: z.enum(['lf', 'crlf']).default('lf').describe('How lines end'),
  bom: z.boolean().default(false).describe('Whether a new file begins with a byte order mark, as Excel likes it'),
  escape_formulas: z
    .boolean()
    .default(false)
    .describe(
      'Put a single quote before texts that a spreadsheet would take for formulas (= + - @, in wide forms, too, a tab or a line break); they can’t be read back as they were',
    ),
})
type CsvOptions = z.infer<typeof csvOptions>

function formats(options: CsvOptions, context: SinkContext): () => CsvRowFormat {
  const { fields } = context.input
  const rejects = bringsRejects(fields)
  const layout: CsvLayout = {
    node: context.node,
    delimiter: delimiterOf(options.delimiter),
    decimal: options.decimal,
    newline: options.newline === 'lf' ? '\n' : '\r\n',
    bom: options.bom,
    escape_formulas: options.escape_formulas,
    numeric: new Set([...fields].filter(([, { schema }]) => exactType(schema) !== null).map(([field]) => field)),
    headers: options.headers,
    columns: options.columns ?? (areKnown(options, context.input) ? csvColumns(fields.keys(), rejects) : null),
    named: options.columns !== undefined,
    filled: options.columns?.every(each => fields.get(each)?.optional === false) === true,
    known: [...fields.keys()],
    rejects,
    union: options.new_columns === 'union',
    late: lateColumns(fields),
    originalNames: context.originalNames,
  }
  return () => new CsvRowFormat(layout)
}

/** Where the header can't be written again, new columns can't come. */
function unionProblems(options: CsvOptions): readonly OptionProblem[] {
  const wrong = (path: string, where: string, hint: string): OptionProblem => ({
    path: [path],
    message: `new columns can’t come to ${where}, whose header is written first`,
    hint,
  })
  const problems: OptionProblem[] = []
  if (options.path === '-')
    problems.push(wrong('new_columns', 'standard output', 'Name a file, or the columns in columns.'))
  if (options.if_exists === 'append')
    problems.push(wrong('if_exists', 'a file that is appended to', 'Set if_exists: replace or number.'))
  if (packOf(options) !== null)
    problems.push(wrong('new_columns', 'a compressed file', 'Name the columns in columns, or compress the file later.'))
  return problems
}

function check(
  options: CsvOptions,
  secrets: readonly SecretOption[],
): ReturnType<NonNullable<SinkSpec<CsvOptions>['check']>> {
  const twice = (names: readonly string[]) => new Set(names).size < names.length
  const problems = [...checkOutput(options, secrets)]
  if (options.new_columns === 'union') problems.push(...unionProblems(options))
  if (options.decimal === delimiterOf(options.delimiter))
    problems.push({
      path: ['decimal'],
      message: 'the delimiter is a comma, too: each number with a fraction stands in quotes',
      hint: 'Set delimiter: ";", as spreadsheets with decimal commas expect it.',
      severity: 'warning',
    })
  if (twice(options.columns ?? [])) problems.push({ path: ['columns'], message: 'a field stands twice' })
  if (typeof options.headers === 'object' && twice(Object.values(options.headers))) {
    problems.push({ path: ['headers'], message: 'two fields would have the same header' })
  }
  return problems
}

/** Else they are those of the first row, of which each split has another. */
const areKnown = ({ columns }: CsvOptions, { closed, fields }: RowSchema): boolean =>
  columns !== undefined || (closed && fields.size > 0)

/** Which columns there are must be the same for each; what comes as a new one is put behind all others when the file is made. */
function together(options: CsvOptions, input: RowSchema): ReturnType<NonNullable<RewindableSinkSpec['together']>> {
  if (options.new_columns === 'union' || areKnown(options, input)) return null
  return {
    message: 'its columns would be those of the first row, and each split has another',
    hint: 'name them in `columns`, or declare all fields in the source’s schema (`mode: fixed`)',
  }
}

/** A column that no row fills isn't wrong. */
function requires({ path, columns = [], headers }: CsvOptions): readonly FieldRequirement[] {
  const renamed = typeof headers === 'object' ? Object.keys(headers) : []
  const own = columns.map((field, i) => ({ field, optional: true, path: ['columns', i] }))
  return [
    ...pathRequirements(path),
    ...own.filter(({ field }) => !flatNames().includes(field)),
    ...renamed.map(field => ({ field, optional: true, path: ['headers', field] })),
  ]
}

/** What `columns` and `headers` do to the fields that are known. */
function checkInput(options: CsvOptions, { fields }: RowSchema): readonly OptionProblem[] {
  return [...leftOut(options, fields), ...refused(options, fields), ...sameHeaders(options, fields)]
}

type Fields = RowSchema['fields']

/** Fields that are left out of rows, because `columns` doesn't name them. */
function leftOut({ columns }: CsvOptions, fields: Fields): readonly OptionProblem[] {
  const left_out = columns === undefined ? [] : lateColumns(fields).filter(each => !columns.includes(each))
  if (left_out.length === 0) return []
  const message = `rows that come here after an error have ${left_out.join(', ')}, which \`columns\` doesn’t name: left out`
  return [{ path: ['columns'], message, hint: 'name those that should be written', severity: 'warning' }]
}

/** Fields for which a row is refused, because `columns` doesn't name them. A name that no field has may be a header of the source. */
function refused({ columns, new_columns }: CsvOptions, fields: Fields): readonly OptionProblem[] {
  if (columns === undefined || new_columns === 'union') return []
  const late = new Set<string>([ERROR_FIELD, ...lateColumns(fields)])
  if (columns.some(each => !fields.has(each) && !late.has(each))) return []
  const missing = [...fields].filter(([field]) => !columns.includes(field) && !late.has(field))
  const certain = missing.filter(([, { optional }]) => !optional)
  const names = (certain.length > 0 ? certain : missing).map(([field]) => field).join(', ')
  if (missing.length === 0) return []
  return [
    {
      path: ['columns'],
      message: `${certain.length > 0 ? 'every row has' : 'rows can have'} ${names}, and no column for it: ${certain.length > 0 ? 'all' : 'those'} would be refused with COLUMN_UNKNOWN`,
      hint: 'name it here, drop it before (field_mapper), or set new_columns: union',
      ...(certain.length > 0 ? {} : { severity: 'warning' as const }),
    },
  ]
}

/** A header that is given, and that another column has as well. */
function sameHeaders({ columns, headers }: CsvOptions, fields: Fields): readonly OptionProblem[] {
  if (typeof headers !== 'object') return []
  const all = columns ?? [...fields.keys()]
  return all.flatMap(field => {
    const header = Object.hasOwn(headers, field) ? headers[field] : undefined
    if (header === undefined || header === field || Object.hasOwn(headers, header) || !all.includes(header)) return []
    const message = `${field} would have the header ${header}, which is that of another column`
    return [{ path: ['headers', field], message, hint: `give ${header} a header of its own, or drop it` }]
  })
}

export const csvSink = defineSink({
  name: 'csv',
  summary: 'Writes a CSV file, one record per row',
  description: [
    'Null and missing fields are empty cells, an empty text is `""`, arrays and objects are JSON text. Cells are quoted',
    'only where they must be (RFC 4180).',
    '',
    'The columns are those of `columns`, else of the schema if it says all fields, else those of the first row and then',
    'the other fields that are known before the run. A row with a field that has no column is refused with',
    'COLUMN_UNKNOWN, or, with `new_columns: union`, gets a column behind all others. Appending to a file that has a header keeps its columns and their order; they must be the same',
    'fields. Without rows the file has its header if the columns are known. `columns` may name a field by its header in the',
    'source (`2010`, where the field is `_2010`): then the column has that header.',
    '',
    'Of a row that met an error (`on_error`, `on_invalid`) the columns `error_code`, `error_node`, `error_field` and',
    '`error_message` stand in place of `_error`, last of all; before them `source`, `file`, `line` and `raw` of records that',
    'were rejected. Where `columns` or the header of the file that is appended to has no place for them they are left out,',
    'with a warning. If the row has a field `error_code` of its own, the column is `_error_code`.',
  ].join('\n'),
  options: csvOptions,
  determinism: 'deterministic',
  errors: {
    COLUMN_UNKNOWN: 'The row has a field that has no column.',
    CSV_NUL: 'A text has a NUL character, which CSV can’t hold.',
    ...PATH_ERRORS,
  },
  examples: [
    { title: 'A new file', options: { path: 'out/approved.csv' } },
    {
      title: 'The headers of the source',
      options: { path: 'out/approved.csv', headers: 'original', if_exists: 'replace' },
    },
    {
      title: 'A file for each region and month',
      options: { path: 'out/{{ row.region }}/{{ row.month }}.csv', max_files: 500 },
    },
    {
      title: 'For a spreadsheet',
      options: { path: 'out/list.csv', delimiter: ';', bom: true, newline: 'crlf', escape_formulas: true },
    },
    {
      title: 'For a spreadsheet that writes decimal commas',
      options: { path: 'out/list.csv', delimiter: ';', decimal: ',', bom: true, newline: 'crlf' },
    },
  ],
  check,
  requires,
  checkInput,
  immediate: immediateOf,
  writes: writtenBy,
  together,
  ...fileOutput<CsvOptions>({ appendable: ({ new_columns }) => new_columns === 'refuse', formats }),
})

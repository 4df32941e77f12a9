/** The `excel` sink: its options and its description. */
import { z } from 'zod'
import { defineSink } from '../../sdk/define.ts'
import { flatNames } from '../../sdk/error-row.ts'
import type { FieldRequirement, OptionProblem, SecretOption, SinkContext } from '../../sdk/spec.ts'
import { bringsRejects, csvColumns } from '../sinks/csv-columns.ts'
import { checkOutput, fileOutput } from '../sinks/file-output.ts'
import { immediateOf, maxFilesOption, pathOption, writtenBy } from '../sinks/options.ts'
import { PATH_ERRORS, pathRequirements } from '../sinks/path-template.ts'
import { storageOption } from '../stores/options.ts'
import { FORMAT_ERRORS, sheetNameProblem, WorkbookFormat } from './workbook-format.ts'

const excelOptions = z.strictObject({
  path: pathOption,
  storage: storageOption,
  if_exists: z
    .enum(['fail', 'replace', 'number'])
    .default('fail')
    .describe('What to do if the file is there: stop, replace it at the end of the run, or take `name-1`'),
  max_files: maxFilesOption,
  sheet: z
    .string()
    .refine(name => sheetNameProblem(name) === null, {
      error: 'a sheet’s name has 1 to 31 characters, none of [ ] : * ? / \\',
    })
    .default('Sheet1')
    .describe('The name of the sheet'),
  sheet_field: z
    .string()
    .min(1)
    .optional()
    .describe('A field whose values name sheets: each row goes to its own; names that differ by case only are one'),
  columns: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('The fields that are written, in order; else those of the schema, then others as they come'),
  headers: z
    .union([z.enum(['normalised', 'original']), z.record(z.string(), z.string())])
    .default('normalised')
    .describe('Names of fields, the names that they had in the source, or a name for each: `{field: name}`'),
  dates: z
    .array(z.string())
    .default([])
    .describe(
      'Fields whose texts are dates (`2026-01-31`, `2026-01-31T14:05:00`) and become date cells, beside those that the schema declares with `format: date` or `date-time`; a text that is none stays a text',
    ),
  freeze_header: z.boolean().default(true).describe('Whether the header stays where it is when the sheet is scrolled'),
})
type ExcelOptions = z.output<typeof excelOptions>

function formats(options: ExcelOptions, context: SinkContext): () => WorkbookFormat {
  const { fields, closed } = context.input
  const { headers, sheet_field } = options
  const known = closed && fields.size > 0 ? csvColumns(fields.keys(), bringsRejects(fields)) : null
  const declared = [...fields].flatMap(([field, { schema }]) =>
    schema.format === 'date' || schema.format === 'date-time' ? [field] : [],
  )
  return () =>
    new WorkbookFormat({
      node: context.node,
      sheet: sheet_field === undefined ? { name: options.sheet } : { field: sheet_field },
      columns: options.columns ?? known,
      named: options.columns !== undefined,
      fields,
      dates: new Set([...declared, ...options.dates]),
      freeze: options.freeze_header,
      headers: () => (headers === 'normalised' ? {} : headers === 'original' ? context.originalNames() : headers),
    })
}

function check(options: ExcelOptions, secrets: readonly SecretOption[]): readonly OptionProblem[] {
  const { path, columns, headers, sheet_field, sheet } = options
  const twice = (names: readonly string[]) => new Set(names).size < names.length
  const problems = [...checkOutput(options, secrets)]
  if (path === '-')
    problems.push({ path: ['path'], message: 'a workbook can’t be written to standard output', hint: 'Name a file.' })
  if (sheet_field !== undefined && sheet !== 'Sheet1')
    problems.push({ path: ['sheet'], message: 'sheet_field names the sheets', hint: 'Remove one of the two.' })
  if (twice(columns ?? [])) problems.push({ path: ['columns'], message: 'a field stands twice' })
  if (typeof headers === 'object' && twice(Object.values(headers)))
    problems.push({ path: ['headers'], message: 'two fields would have the same header' })
  return problems
}

/** A column that no row fills isn't wrong; a sheet must have a name. */
function requires({ path, columns = [], headers, sheet_field, dates }: ExcelOptions): readonly FieldRequirement[] {
  const renamed = typeof headers === 'object' ? Object.keys(headers) : []
  const may = (field: string, at: FieldRequirement['path']) => ({ field, optional: true, path: at })
  return [
    ...pathRequirements(path),
    ...(sheet_field === undefined ? [] : [{ field: sheet_field, path: ['sheet_field'] }]),
    ...columns.flatMap((field, i) => (flatNames().includes(field) ? [] : [may(field, ['columns', i])])),
    ...renamed.map(field => may(field, ['headers', field])),
    ...dates.map((field, i) => may(field, ['dates', i])),
  ]
}

export const excelSink = defineSink({
  name: 'excel',
  summary: 'Writes an Excel workbook (xlsx), one row per record',
  description: [
    'The header is bold on a light ground and frozen, columns are as wide as what is in them (60 characters at most). Numbers, true and',
    'false are what they are; a `decimal` is a number with its digits, as long as it has 15 of them at most, else a text: no digit is lost.',
    'Texts are texts, whatever they look like: one that begins with `=` is no formula, and doesn’t become one when its cell is edited. Lists',
    'and objects are JSON texts; null and missing fields are empty cells.',
    '',
    'Rows are staged beside the target, durably at each commit, and the workbook is made from them at the end of the run: the same rows make',
    'the same bytes. Fields that nobody knew of get columns behind the others; with `columns` a row that has one is refused. Of a row that met an',
    'error `error_code`, `error_node`, `error_field` and `error_message` stand in place of `_error`.',
    '',
    'What a sheet can’t hold refuses the row, with a code: more than 1,048,576 rows, more than 16,384 columns, a text of more than 32,767 characters.',
  ].join('\n'),
  options: excelOptions,
  determinism: 'deterministic',
  errors: { ...FORMAT_ERRORS, ...PATH_ERRORS },
  check,
  requires,
  immediate: immediateOf,
  writes: writtenBy,
  examples: [
    { title: 'A new workbook', options: { path: 'out/approved.xlsx', sheet: 'Approved' } },
    {
      title: 'A sheet for each region',
      options: { path: 'out/regions.xlsx', sheet_field: 'region', dates: ['ordered'], if_exists: 'replace' },
      rows_in: [
        { region: 'North', id: 1, ordered: '2026-01-31', note: '=1+1' },
        { region: 'South', id: 2, ordered: '2026-02-01T08:30:00', note: ' two\nlines ' },
        { region: 'north', id: 3, ordered: 'unknown', note: null },
      ],
    },
  ],
  ...fileOutput<ExcelOptions>({ appendable: () => false, formats }),
})

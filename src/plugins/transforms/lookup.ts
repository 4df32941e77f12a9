/** The `lookup` transform. */
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { CustodyError } from '../../model/error.ts'
import { derive, type MutableRow, newRow } from '../../model/row.ts'
import { type FieldSchema, type RowSchema, withOthers } from '../../model/schema.ts'
import { defineTransform } from '../../sdk/define.ts'
import { exactSchema } from '../../sdk/exact-numbers.ts'
import { oneRow, rowError } from '../../sdk/results.ts'
import type { OptionProblem, PluginContext, Transform } from '../../sdk/spec.ts'
import { compressionOption } from '../sources/compression.ts'
import { checkTableOptions, TABLE_DEFAULTS, tableOptions } from '../sources/csv-options.ts'
import { refuseUnused } from '../sources/csv-values.ts'
import { placeOf } from '../sources/options.ts'
import { formatOf, loadTable, requireColumn, type TableOptions } from './lookup-table.ts'
import { byField, fieldName, isDecimal, typeName } from './options.ts'

const lookupOptions = z.strictObject({
  path: z.string().min(1).describe('The table, relative to the pipeline file’s folder'),
  compression: compressionOption,
  key: byField(fieldName).describe('`{field: column}`: the row’s fields and the columns that must be equal'),
  select: z
    .union([z.array(fieldName).min(1), byField(fieldName)])
    .optional()
    .describe('Columns to add, a list or `{column: field}`; all columns that aren’t part of the key if absent'),
  types: z
    .record(
      fieldName,
      typeName(['string', 'integer', 'number', 'decimal', 'big_integer', 'boolean', 'array', 'object']),
    )
    .default({})
    .describe(
      '`{column: type}` of a CSV table, as a schema of a source would have it, such as integer or decimal(2); other columns are texts',
    ),
  missing: z
    .literal(['error', 'null', null])
    .default('error')
    .describe('What to do if the table has no such key; `null`: the fields are null'),
  format: z.enum(['csv', 'json', 'jsonl']).optional().describe('By the ending of the path if absent'),
  ...tableOptions,
})
type LookupOptions = z.output<typeof lookupOptions>

/** Columns and the fields that they become; null: all but the key. */
function selection({ select }: LookupOptions): ReadonlyArray<readonly [column: string, field: string]> | null {
  if (select === undefined) return null
  return Array.isArray(select) ? select.map(name => [name, name] as const) : Object.entries(select)
}

async function createLookup(options: LookupOptions, { folder, node, input }: PluginContext): Promise<Transform> {
  const { path, missing, key } = options
  const schema = tableSchema(options)
  const settings: TableOptions = {
    place: placeOf(options, { folder, node }),
    format: options.format ?? formatOf(path),
    csv: options,
    schema,
    key: Object.values(key),
    by_value: Object.entries(key).flatMap(([field, column], i) =>
      isDecimal(field, input) || isDecimal(column, schema) ? [i] : [],
    ),
  }
  refuseUnused(options, settings.schema.fields, node)
  const table = await loadTable(settings)
  const selected = selection(options) ?? otherColumns(settings, table.columns, input, node)
  for (const column of [...selected.map(([name]) => name), ...Object.keys(options.types)])
    requireColumn(settings, table.columns, column)
  const fields = Object.keys(key)
  const [field, ...others] = fields
  const about = field === undefined || others.length > 0 ? {} : { field }
  return {
    process(row) {
      const values = fields.map(field => row[field] ?? null)
      const found = table.find(values)
      const shown = () => fields.map((field, i) => `${field} ${JSON.stringify(values[i])}`).join(', ')
      if (found.kind === 'twice')
        return rowError('LOOKUP_TWICE', `${path} has ${shown()} at ${found.places.join(' and ')}`, about)
      if (found.kind === 'unknown')
        return rowError(
          'LOOKUP_BAD_LINE',
          `${path} has nothing for ${shown()} among what can be read of it; what can’t is ${found.bad}`,
          about,
        )
      if (found.kind === 'missing' && missing === 'error')
        return rowError('LOOKUP_MISSING', `${path} has nothing for ${shown()}`, about)
      const there = found.kind === 'row' ? found.row : {}
      const added: MutableRow = newRow()
      for (const [column, field] of selected) added[field] = there[column] ?? null
      return oneRow(derive(row, added))
    },
  }
}

/** What must be there, and the types of columns. */
function tableSchema(options: LookupOptions): RowSchema {
  const text: FieldSchema = { schema: { type: 'string' }, optional: true }
  const named = [...Object.values(options.key), ...(selection(options) ?? []).map(([column]) => column)]
  const typed = Object.entries(options.types).map(([column, type]): [string, FieldSchema] => [
    column,
    { schema: exactSchema(type) ?? { type }, optional: true },
  ])
  return {
    fields: new Map([...named.map(column => [column, text] as const), ...typed]),
    closed: false,
    observed: false,
  }
}

/** All columns but the key. None may be a field that is known, whose type would then be another. */
function otherColumns(settings: TableOptions, columns: readonly string[], input: RowSchema, node: string) {
  const others = columns.filter(column => !settings.key.includes(column))
  const known = others.find(column => input.fields.has(column))
  if (known !== undefined) {
    const message = `${settings.place.path} has a column ${known}, and so have the rows.`
    const hint = 'Name the columns to add in select.'
    throw new CustodyError('CUSTODY_PLUGIN_OPTIONS', message, { where: { node }, hint })
  }
  return others.map(name => [name, name] as const)
}

function lookedUpSchema(options: LookupOptions, input: RowSchema): RowSchema {
  const selected = selection(options)
  // Which columns there are is known only when the table is read.
  if (selected === null) return withOthers(input)
  const texts = (options.format ?? formatOf(options.path)) === 'csv'
  const fields = new Map(input.fields)
  for (const [column, field] of selected) {
    const type = (Object.hasOwn(options.types, column) ? options.types[column] : undefined) ?? 'string'
    fields.set(field, { schema: texts ? (exactSchema(type) ?? { type }) : {}, optional: true })
  }
  return { ...input, fields }
}

function check(options: LookupOptions): readonly OptionProblem[] {
  const fields = (selection(options) ?? []).map(([, field]) => field)
  const twice = fields.find((field, i) => fields.indexOf(field) !== i)
  const problems =
    twice === undefined ? [] : [{ path: ['select'], message: `two columns would become the field ${twice}` }]
  const format = options.format ?? formatOf(options.path)
  if (format === 'csv') return [...problems, ...checkTableOptions(options)]
  const given = new Map<string, unknown>(Object.entries(options))
  const defaults = new Map<string, unknown>(Object.entries({ ...TABLE_DEFAULTS, types: {} }))
  const about_csv = [...Object.keys(tableOptions), 'types'].filter(
    option => !isDeepStrictEqual(given.get(option), defaults.get(option)),
  )
  return [
    ...problems,
    ...about_csv.map(option => ({
      path: [option],
      message: `${option} is about CSV tables, and this one is ${format}`,
    })),
  ]
}

const BRANCHES = 'branch,city,desk\nN1,Perth,4\nS1,Sydney,\n'

export const lookup = defineTransform({
  name: 'lookup',
  summary: 'Adds columns of a table to each row',
  description: [
    'The table is a CSV, JSON (a list of objects) or JSON Lines file. It is read whole when the run starts and stays in',
    'memory. A CSV file is read as the source `csv` reads it, with the same options, one that ends with `.tsv` with tabs.',
    '',
    'A record of the table that can’t be read, isn’t of its `types`, or has no key, stops nothing: rows whose key is in another one',
    'find it; all others can’t know whether it was theirs, and meet LOOKUP_BAD_LINE, whatever `missing` says. Two records with',
    'the same key are an error, LOOKUP_TWICE, of the rows that have it.',
    '',
    'Cells of a CSV table are texts, empty ones null, where `types` says nothing else. A key matches whether it is a text or a number: `7` and `"7"` are the',
    'same, `"07"` is another. Null, missing fields, lists and objects match nothing. A field of the row that has the name of',
    'an added one is replaced.',
    '',
    'Name the columns in `select` if you can: then the check before the run knows which fields there are afterwards.',
  ].join('\n'),
  options: lookupOptions,
  determinism: 'deterministic',
  errors: {
    LOOKUP_MISSING: 'The table has no record with the row’s key.',
    LOOKUP_TWICE: 'The table has two records with the row’s key.',
    LOOKUP_BAD_LINE: 'No record that can be read has the row’s key, and the table has one that can’t be read.',
  },
  examples: [
    {
      title: 'The city of a branch',
      options: { path: 'branches.csv', key: { branch_id: 'branch' }, select: ['city'] },
      files: { 'branches.csv': BRANCHES },
      rows_in: [{ branch_id: 'N1' }, { branch_id: 'X9' }, { branch_id: null }],
      rows_out: [{ branch_id: 'N1', city: 'Perth' }],
      errors: ['LOOKUP_MISSING', 'LOOKUP_MISSING'],
    },
    {
      title: 'Other names, and null where there is nothing',
      options: { path: 'branches.csv', key: { id: 'branch' }, select: { city: 'town', desk: 'desk' }, missing: 'null' },
      files: { 'branches.csv': BRANCHES },
      rows_in: [{ id: 'S1' }, { id: 'X9' }],
      rows_out: [
        { id: 'S1', town: 'Sydney', desk: null },
        { id: 'X9', town: null, desk: null },
      ],
    },
    {
      title: 'As spreadsheets write it, with numbers',
      options: {
        path: 'rates.csv',
        key: { kind: 'kind' },
        select: ['rate'],
        types: { rate: 'number' },
        delimiter: ';',
        decimal: ',',
        null_values: ['-'],
      },
      files: { 'rates.csv': 'kind;rate\nhome;5,1\ncar;-\nboat;six\n' },
      rows_in: [{ kind: 'home' }, { kind: 'car' }, { kind: 'boat' }],
      rows_out: [
        { kind: 'home', rate: 5.1 },
        { kind: 'car', rate: null },
      ],
      errors: ['LOOKUP_BAD_LINE'],
    },
    {
      title: 'A key of two columns, in JSON Lines',
      options: { path: 'rates.jsonl', key: { year: 'year', kind: 'kind' } },
      files: {
        'rates.jsonl': '{"year": 2026, "kind": "home", "rate": 5.1}\n{"year": 2026, "kind": "car", "rate": 7}\n',
      },
      rows_in: [{ year: 2026, kind: 'car' }],
      rows_out: [{ year: 2026, kind: 'car', rate: 7 }],
    },
  ],
  check,
  reads: ({ path }) => [path],
  requires: ({ key }) => Object.keys(key).map(field => ({ field, path: ['key', field] })),
  guarantees: (options, input) => lookedUpSchema(options, input),
  cardinality: 'one',
  create: createLookup,
})

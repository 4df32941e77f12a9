/** The `lookup` transform. */
import { z } from 'zod'
import { CustodyError } from '../../model/error.ts'
import { derive, type Json, type MutableRow, newRow } from '../../model/row.ts'
import { type FieldSchema, type RowSchema, withOthers } from '../../model/schema.ts'
import { defineTransform } from '../../sdk/define.ts'
import { oneRow, rowError } from '../../sdk/results.ts'
import type { PluginContext, Transform } from '../../sdk/spec.ts'
import { formatOf, loadTable, requireColumn, type TableOptions } from './lookup-table.ts'
import { byField, fieldName } from './options.ts'

const lookupOptions = z.strictObject({
  path: z.string().min(1).describe('The table, relative to the pipeline file’s folder'),
  key: byField(fieldName).describe('`{field: column}`: the row’s fields and the columns that must be equal'),
  select: z
    .union([z.array(fieldName).min(1), byField(fieldName)])
    .optional()
    .describe('Columns to add, a list or `{column: field}`; all columns that aren’t part of the key if absent'),
  missing: z.enum(['error', 'null']).default('error').describe('What to do if the table has no such key'),
  format: z.enum(['csv', 'json', 'jsonl']).optional().describe('By the ending of the path if absent'),
  delimiter: z.string().min(1).optional().describe('Of a CSV table; `,` if absent, a tab for `.tsv`'),
})
type LookupOptions = z.output<typeof lookupOptions>

/** Columns and the fields that they become; null: all but the key. */
function selection({ select }: LookupOptions): ReadonlyArray<readonly [column: string, field: string]> | null {
  if (select === undefined) return null
  return Array.isArray(select) ? select.map(name => [name, name] as const) : Object.entries(select)
}

async function createLookup(options: LookupOptions, { folder, node, input }: PluginContext): Promise<Transform> {
  const { path, missing, delimiter, key } = options
  const format = options.format ?? formatOf(path)
  const settings: TableOptions = { path, format, delimiter, key: Object.values(key), folder, node }
  const table = await loadTable(settings)
  const selected = selection(options) ?? otherColumns(settings, table.columns, input)
  for (const [column] of selected) requireColumn(settings, table.columns, column)
  const fields = Object.keys(key)
  const [field, ...others] = fields
  const about = field === undefined || others.length > 0 ? {} : { field }
  return {
    process(row) {
      const values = fields.map(field => row[field] ?? null)
      const found = table.find(values)
      if (found === undefined && missing === 'error') {
        const shown = fields.map((field, i) => `${field} ${JSON.stringify(values[i])}`).join(', ')
        return rowError('LOOKUP_MISSING', `${path} has nothing for ${shown}`, about)
      }
      const added: MutableRow = newRow()
      for (const [column, field] of selected) added[field] = (found?.[column] ?? null) as Json
      return oneRow(derive(row, added))
    },
  }
}

/** All columns but the key. None may be a field that is known, whose type would then be another. */
function otherColumns(settings: TableOptions, columns: readonly string[], input: RowSchema) {
  const others = columns.filter(column => !settings.key.includes(column))
  const known = others.find(column => input.fields.has(column))
  if (known !== undefined) {
    const message = `${settings.path} has a column ${known}, and so have the rows.`
    const hint = 'Name the columns to add in select.'
    throw new CustodyError('CUSTODY_PLUGIN_OPTIONS', message, { where: { node: settings.node }, hint })
  }
  return others.map(name => [name, name] as const)
}

function lookedUpSchema(options: LookupOptions, input: RowSchema): RowSchema {
  const selected = selection(options)
  // Which columns there are is known only when the table is read.
  if (selected === null) return withOthers(input)
  const texts = (options.format ?? formatOf(options.path)) === 'csv'
  const added: FieldSchema = { schema: texts ? { type: 'string' } : {}, optional: true }
  const fields = new Map(input.fields)
  for (const [, field] of selected) fields.set(field, added)
  return { ...input, fields }
}

const BRANCHES = 'branch,city,desk\nN1,Perth,4\nS1,Sydney,\n'

export const lookup = defineTransform({
  name: 'lookup',
  summary: 'Adds columns of a table to each row',
  description: [
    'The table is a CSV, JSON (a list of objects) or JSON Lines file. It is read whole when the run starts and stays in',
    'memory. Each key may be there once: two records with the same key are an error before any row is read.',
    '',
    'Cells of a CSV table are texts, empty ones null. A key matches whether it is a text or a number: `7` and `"7"` are the',
    'same, `"07"` is another. Null, missing fields, lists and objects match nothing. A field of the row that has the name of',
    'an added one is replaced.',
    '',
    'Name the columns in `select` if you can: then the check before the run knows which fields there are afterwards.',
  ].join('\n'),
  options: lookupOptions,
  determinism: 'deterministic',
  errors: { LOOKUP_MISSING: 'The table has no record with the row’s key.' },
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
      title: 'A key of two columns, in JSON Lines',
      options: { path: 'rates.jsonl', key: { year: 'year', kind: 'kind' } },
      files: {
        'rates.jsonl': '{"year": 2026, "kind": "home", "rate": 5.1}\n{"year": 2026, "kind": "car", "rate": 7}\n',
      },
      rows_in: [{ year: 2026, kind: 'car' }],
      rows_out: [{ year: 2026, kind: 'car', rate: 7 }],
    },
  ],
  check: options => {
    const fields = (selection(options) ?? []).map(([, field]) => field)
    const twice = fields.find((field, i) => fields.indexOf(field) !== i)
    return twice === undefined ? [] : [{ path: ['select'], message: `two columns would become the field ${twice}` }]
  },
  reads: ({ path }) => [path],
  requires: ({ key }) => Object.keys(key).map(field => ({ field, path: ['key', field] })),
  guarantees: (options, input) => lookedUpSchema(options, input),
  cardinality: 'one',
  create: createLookup,
})

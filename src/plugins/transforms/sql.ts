/** The `sql` transform: looks rows up in a database. */
import { derive, type Json, type MutableRow, newRow, type Row } from '../../model/row.ts'
import type { FieldSchema, RowSchema } from '../../model/schema.ts'
import type { CallAnswer } from '../../sdk/call.ts'
import { defineTransform } from '../../sdk/define.ts'
import { oneRow, rowError } from '../../sdk/results.ts'
import type { PluginContext, Transform, TransformResult } from '../../sdk/spec.ts'
import { missingFor } from '../databases/open.ts'
import { withFields } from './options.ts'
import { rowsIn, SQL_ERRORS, SqlLookup } from './sql-lookup.ts'
import { placeOf, type SqlOptions, selected, serviceOf, sqlOptionProblems, sqlOptions } from './sql-options.ts'

function createSql(options: SqlOptions, { folder }: PluginContext): Transform {
  const lookup = new SqlLookup(options, folder)
  const place = placeOf(options, folder)
  const service = serviceOf(options)
  const asked = {
    database: place.kind,
    at: 'address' in place ? place.address.shown : place.shown,
    query: options.query,
    rows: options.rows,
  }
  return {
    async process(row, { call }) {
      const params = options.params.map(field => row[field] ?? null)
      const result = await call(service, { request: { ...asked, params } }, ({ signal }) => lookup.ask(params, signal))
      return result.kind === 'error' ? result : withAnswer(row, options, params, result.response)
    },
    probe: () => lookup.probe(),
    close: () => lookup.close(),
  }
}

function withAnswer(row: Row, options: SqlOptions, params: readonly Json[], response: Json): TransformResult {
  const { rows, field, missing } = options
  const found = rowsIn(response)
  const added: MutableRow = newRow()
  const [first] = found
  if (rows === 'many') {
    if (field !== undefined) added[field] = found
    return oneRow(derive(row, added))
  }
  if (first === undefined && missing === 'error')
    return rowError('SQL_NO_ROW', `the query gives no row for ${params.map(each => JSON.stringify(each)).join(', ')}`)
  for (const [column, name] of selected(options)) {
    if (first !== undefined && !(column in first)) return rowError('SQL_COLUMN', `the query gives no column ${column}`)
    added[name] = first?.[column] ?? null
  }
  if (field !== undefined) added[field] = first ?? null
  return oneRow(derive(row, added))
}

const ANY: FieldSchema = { schema: {}, optional: true }

function lookedUp(options: SqlOptions, input: RowSchema): RowSchema {
  const { field, rows } = options
  const fields = new Map(input.fields)
  for (const [, name] of selected(options)) fields.set(name, ANY)
  if (field !== undefined)
    fields.set(field, rows === 'many' ? { schema: { type: 'array', items: { type: 'object' } }, optional: false } : ANY)
  return withFields(input, fields)
}

const answer = (columns: readonly string[], ...rows: readonly (readonly Json[])[]): CallAnswer => ({
  kind: 'answer',
  response: { columns, rows },
})

export const sql = defineTransform({
  name: 'sql',
  summary: 'Looks each row up in a database, and takes fields from what a query gives',
  description: [
    'Values of the row are parameters of the query, never parts of its text: `params` names their fields. What is missing or null is NULL, which',
    'equals nothing in SQL. Each row’s question and its answer are on record as a call; equal parameters are asked once in a process.',
    '',
    'Nothing can be written: the session is read-only. How connections are written and types become JSON: [databases](databases.md).',
  ].join('\n'),
  options: sqlOptions,
  determinism: 'external',
  errors: SQL_ERRORS,
  examples: [
    {
      title: 'The customer of an order',
      options: {
        database: 'postgres',
        connection: { host: 'db.example', database: 'shop', user: 'reader' },
        query: 'SELECT name, rating FROM customers WHERE id = $1',
        params: ['customer_id'],
        select: { name: 'customer', rating: 'rating' },
      },
      rows_in: [{ customer_id: 7 }],
      answers: [answer(['name', 'rating'], ['Ada', '4.5'])],
      rows_out: [{ customer_id: 7, customer: 'Ada', rating: '4.5' }],
    },
    {
      title: 'All orders of a customer, as a list',
      options: {
        database: 'sqlite',
        path: 'shop.db',
        query: 'SELECT id, total FROM orders WHERE customer = ? ORDER BY id',
        params: ['id'],
        rows: 'many',
        field: 'orders',
      },
      rows_in: [{ id: 7 }],
      answers: [answer(['id', 'total'], [1, 12.5], [2, 8])],
      rows_out: [
        {
          id: 7,
          orders: [
            { id: 1, total: 12.5 },
            { id: 2, total: 8 },
          ],
        },
      ],
    },
    {
      title: 'Null where there is nothing',
      options: {
        database: 'duckdb',
        path: 'rates.duckdb',
        query: 'SELECT rate FROM rates WHERE region = $1 AND day = $2',
        params: ['region', 'day'],
        select: ['rate'],
        missing: 'null',
      },
      rows_in: [{ region: 'north', day: '2026-07-01' }],
      answers: [answer(['rate'])],
      rows_out: [{ region: 'north', day: '2026-07-01', rate: null }],
    },
  ],
  check: sqlOptionProblems,
  missing: ({ database }) => missingFor(database, ['database']),
  services: options => [serviceOf(options)],
  requires: ({ params }) => params.map((field, i) => ({ field, path: ['params', i] })),
  guarantees: lookedUp,
  cardinality: 'one',
  create: createSql,
})

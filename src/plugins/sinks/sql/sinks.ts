/** The `postgres`, `mysql`, `sqlite` and `duckdb` sinks. */
import type { z } from 'zod'
import { defineSink } from '../../../sdk/define.ts'
import type { OutboundSinkSpec, PluginExample, PluginSpec, Rehearsal } from '../../../sdk/spec.ts'
import { type DatabaseKind, DIALECTS } from '../../databases/dialect.ts'
import { missingFor } from '../../databases/open.ts'
import { columnNames, recordOf } from './columns.ts'
import { SQL_ERRORS } from './failures.ts'
import {
  batchOf,
  FILE_TABLE,
  inputProblems,
  keyFields,
  requiredFields,
  SERVED_TABLE,
  type SqlSinkOptions,
  serviceOf,
  sqlSinkProblems,
} from './options.ts'
import { keyProblem, TableWriter } from './table-writer.ts'

const DESCRIPTION = [
  'Rows are written in transactions of up to `batch.rows`, each with a *receipt* in the table `custody_receipts` of the same database, which',
  'Custody makes if it isn’t there. After a crash, a lost connection or a restart of the server the receipt says what became of the rows, so that each',
  'is there exactly once. A row that the table refuses goes where `on_error` leads, and the others are written. While the database can’t be',
  'reached the sink waits, and no row is lost by it. More: [databases](databases.md#writing-tables).',
].join('\n')

function sqlSink<O extends SqlSinkOptions>(
  kind: DatabaseKind,
  options: z.ZodType<O>,
  summary: string,
  more: string,
  examples: readonly PluginExample[],
): PluginSpec {
  const spec: OutboundSinkSpec<O> & { readonly kind: 'sink' } = {
    kind: 'sink',
    name: kind,
    summary,
    description: more === '' ? DESCRIPTION : `${DESCRIPTION}\n\n${more}`,
    options,
    determinism: 'external',
    errors: SQL_ERRORS,
    examples,
    delivery: 'outbound',
    check: (given, secrets) => sqlSinkProblems(kind, given, secrets),
    checkInput: inputProblems,
    missing: () => missingFor(kind, ['plugin']),
    services: given => [serviceOf(kind, given)],
    idempotent: () => true,
    sequential: () => true,
    key: keyFields,
    alone: () => kind === 'duckdb',
    batch: batchOf,
    requires: given => requiredFields(given),
    rehearse: rehearsalOf,
    create: (given, context) => new TableWriter(kind, given, context),
  }
  return defineSink(spec)
}

/** What can be said of a row without its table. */
function rehearsalOf({ columns, key = [] }: SqlSinkOptions): Rehearsal {
  const names = columnNames(columns)
  return { row: row => keyProblem(recordOf(row, names), key) ?? { kind: 'taken', file: null } }
}

const rows_in = [
  { id: 17, amount: 250 },
  { id: 18, amount: 90 },
]
const connection = { host: 'db.example', database: 'desk', user: 'custody' }

export const sqlSinks: readonly PluginSpec[] = [
  sqlSink('postgres', SERVED_TABLE, `Writes rows to a table of ${DIALECTS.postgres.title}`, '', [
    {
      title: 'A row for each, in the place of the one with its key',
      options: { connection, table: 'sales.orders', mode: 'upsert', key: ['id'] },
      rows_in,
    },
    {
      title: 'Some fields, to columns of other names',
      options: { connection, table: 'orders', columns: { id: 'order_id', amount: 'total' } },
      rows_in,
    },
  ]),
  sqlSink(
    'mysql',
    SERVED_TABLE,
    'Writes rows to a table of MySQL or MariaDB',
    'The table’s engine must have transactions, as InnoDB has. `upsert` takes the place of a row with which any unique index is shared, not only `key`: MySQL can’t say which.',
    [
      {
        title: 'A row for each, refused if its key is there already',
        options: { connection, table: 'orders', mode: 'insert', key: ['id'] },
        rows_in,
      },
    ],
  ),
  sqlSink('sqlite', FILE_TABLE, 'Writes rows to a table in a file of SQLite', '', [
    {
      title: 'A table that is made if it isn’t there',
      options: { path: 'out/desk.db', table: 'orders', mode: 'upsert', key: ['id'], create: 'if_missing' },
      rows_in,
    },
  ]),
  sqlSink(
    'duckdb',
    FILE_TABLE,
    'Writes rows to a table in a file of DuckDB',
    'One process at a time can have the file open for writing; others wait.',
    [
      {
        title: 'Rows that are added to a table',
        options: { path: 'out/desk.duckdb', table: 'orders', create: 'if_missing' },
        rows_in,
      },
    ],
  ),
]

/** The sources `postgres`, `mysql`, `sqlite` and `duckdb`: tables and queries of databases. */
import type { z } from 'zod'
import { defineSource } from '../../sdk/define.ts'
import type { PluginContext, PluginExample, PluginSpec } from '../../sdk/spec.ts'
import type { DatabaseKind } from '../databases/dialect.ts'
import { missingFor } from '../databases/open.ts'
import { millisecondsOf } from '../databases/options.ts'
import {
  DUCKDB_FILE,
  isUncut,
  placeFrom,
  SERVED,
  SQLITE_FILE,
  type SqlSourceOptions,
  sqlProblems,
} from './sql-options.ts'
import { SQL_ROW_ERRORS } from './sql-records.ts'
import { SqlSource } from './sql-source.ts'

const SAME_FOR_ALL = [
  'All rows are from one snapshot, in the order of `key`. A run that stopped reads the rows again that it has read, and continues behind',
  'them in a new snapshot; if they aren’t what they were it stops with CUSTODY_SOURCE_CHANGED. The record has the number of rows and the',
  'SHA-256 of their canonical JSON texts, one a line. With `splits` a table is cut into [ranges of its key](databases.md#tables-in-splits).',
  '',
]

interface Described {
  readonly kind: DatabaseKind
  readonly summary: string
  readonly about: readonly string[]
  readonly examples: readonly PluginExample[]
}

function sourceOf<Options extends SqlSourceOptions>(
  options: z.ZodType<Options>,
  { kind, summary, about, examples }: Described,
) {
  return defineSource({
    name: kind,
    summary,
    description: [...SAME_FOR_ALL, ...about].join('\n'),
    options,
    determinism: 'external',
    errors: SQL_ROW_ERRORS,
    examples,
    check: (given: Options, secrets) => sqlProblems(kind, given, secrets),
    missing: () => missingFor(kind, []),
    rereadable: () => true,
    uncut: isUncut,
    textual: false,
    reads: (given: Options) => ('path' in given ? [given.path] : []),
    create(given: Options, { folder, node, input }: PluginContext) {
      const reconnect_ms = 'reconnect' in given ? millisecondsOf(given.reconnect) : 0
      return new SqlSource(placeFrom(kind, given, folder), given, { node, input }, reconnect_ms)
    },
  })
}

const TYPES = 'How the types of columns become JSON: [databases](databases.md).'

const postgres = sourceOf(SERVED, {
  kind: 'postgres',
  summary: 'Reads a table or a query of PostgreSQL',
  about: ['Rows come through a cursor of the server, some hundreds at a time.', TYPES],
  examples: [
    {
      title: 'A table',
      options: {
        connection: { host: 'db.example', database: 'lending', user: 'reader' },
        table: 'public.applications',
      },
    },
    {
      title: 'A query with parameters',
      options: {
        connection: { host: 'db.example', database: 'lending', user: 'reader' },
        query: 'SELECT id, amount FROM applications WHERE region = $1 ORDER BY id',
        params: ['north'],
      },
    },
  ],
})

const mysql = sourceOf(SERVED, {
  kind: 'mysql',
  summary: 'Reads a table or a query of MySQL or MariaDB',
  about: [
    'Statements are prepared by the server; rows are sent as they are read. The snapshot holds for InnoDB.',
    TYPES,
  ],
  examples: [
    {
      title: 'A table in the order of a column',
      options: {
        connection: { host: 'db.example', database: 'shop', user: 'reader' },
        table: 'orders',
        key: ['id'],
      },
    },
  ],
})

const sqlite = sourceOf(SQLITE_FILE, {
  kind: 'sqlite',
  summary: 'Reads a table or a query of a SQLite file',
  about: ['By the SQLite that Node has built in: no package is needed.', TYPES],
  examples: [
    { title: 'A table', options: { path: 'data/shop.db', table: 'orders' } },
    {
      title: 'A query',
      options: { path: 'data/shop.db', query: 'SELECT * FROM orders WHERE total > ?', params: [100], key: ['id'] },
    },
  ],
})

const duckdb = sourceOf(DUCKDB_FILE, {
  kind: 'duckdb',
  summary: 'Reads a table or a query of a DuckDB file',
  about: ['The file is opened for reading only, unless `read_only` is false: others may read it meanwhile.', TYPES],
  examples: [{ title: 'A table', options: { path: 'data/shop.duckdb', table: 'orders', key: ['id'] } }],
})

export const databaseSources: readonly PluginSpec[] = [postgres, mysql, sqlite, duckdb]

/** Tables of real databases, cut into ranges by their keys. `npm run connectors` tries more of them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { OBSERVED } from '../../src/model/schema.ts'
import type { DatabaseKind } from '../../src/plugins/databases/dialect.ts'
import { databaseSources } from '../../src/plugins/sources/databases.ts'
import { NOBODY_TO_ASK } from '../../src/sdk/source.ts'
import type { ResumePoint, Source, SourceItem, SourceRange, SourceSpec } from '../../src/sdk/spec.ts'
import { CONNECTORS } from '../support/kills.ts'
import {
  hasServer,
  missingServer,
  removeServers,
  SQL_KINDS,
  type SqlDatabase,
  sqlDatabase,
} from '../support/sql-databases.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-ranges-'))
afterAll(async () => {
  await removeServers()
  rmSync(folder, { recursive: true, force: true })
})

const limits = { signal: new AbortController().signal }
/** As the ledger gives it back. */
const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value))

function sourceOf({ kind, options }: SqlDatabase, more: object): Source {
  // cast: of these names there are sources.
  const spec = databaseSources.find(({ name }) => name === kind) as SourceSpec
  const given = spec.options.parse({ ...options, table: 't', ...more })
  return spec.create(given, { node: 'rows', folder, input: OBSERVED, secrets: [] }) as Source
}

async function readAll(source: Source, from: ResumePoint | null = null): Promise<readonly SourceItem[]> {
  const items: SourceItem[] = []
  for await (const chunk of source.read(from, NOBODY_TO_ASK)) items.push(...chunk)
  return items
}

/** Null if it can't be cut. `shares`: of its length, where its ranges are asked to end. */
async function cut(database: SqlDatabase, more: object, shares: readonly number[], most_records?: number) {
  const source = sourceOf(database, more)
  try {
    await source.prepare?.()
    const extent = (await source.extent?.()) ?? 0
    const ends = shares.map(share => Math.floor(extent * share)).sort((one, other) => one - other)
    const ranges = await source.cut?.(ends, most_records === undefined ? limits : { ...limits, most_records })
    return ranges == null ? null : throughJson(ranges)
  } finally {
    await source.close()
  }
}

async function readRange(database: SqlDatabase, more: object, range: SourceRange, from: ResumePoint | null = null) {
  const source = sourceOf(database, more)
  try {
    source.select?.(range)
    await source.prepare?.()
    await source.begin?.()
    const items = await readAll(source, from)
    const end = source.end?.()
    if (end === undefined) throw new Error('it has no end')
    const sha256 = source.hashUpTo?.(throughJson(end.position))
    return { items, bytes: end.bytes, sha256, before: source.bytesBefore?.(end.position), size: await source.size?.() }
  } finally {
    await source.close()
  }
}

/** What all ranges give, each read by a source of its own, is what one source gives that reads all. */
async function holds(
  database: SqlDatabase,
  more: object,
  ranges: readonly SourceRange[],
  most = Number.POSITIVE_INFINITY,
) {
  const whole = sourceOf(database, more)
  const expected = (await readAll(whole)).slice(0, most)
  await whole.close()
  const all: SourceItem[] = []
  for (const range of ranges) {
    expect(range.records_before).toBe(all.length)
    const { items, sha256, ...lengths } = await readRange(database, more, range)
    expect({ records: items.length, sha256 }).toEqual({ records: range.records, sha256: range.sha256 })
    expect(lengths).toEqual({ bytes: range.bytes, before: range.bytes, size: range.bytes })
    const middle = Math.floor(items.length / 2)
    const item = items[middle]
    if (item !== undefined) {
      const point = { records: middle + 1, position: throughJson(item.position) }
      const rest = await readRange(database, more, range, point)
      expect(rest.items).toEqual(items.slice(middle + 1))
      expect(rest.sha256).toBe(range.sha256)
    }
    all.push(...items)
  }
  expect(all).toEqual(expected)
}

const literal = (kind: DatabaseKind) => (text: string) =>
  `'${(kind === 'mysql' ? text.replaceAll('\\', '\\\\') : text).replaceAll("'", "''")}'`
const LETTER = fc.constantFrom(
  'a',
  'A',
  'á',
  'b',
  'B',
  'ß',
  'ss',
  'z',
  ' ',
  '-',
  '_',
  '%',
  "'",
  '\\',
  '0',
  '9',
  '10',
  'é',
  '😀',
  'Ω',
)
const texts = fc.array(LETTER, { maxLength: 4 }).map(letters => letters.join(''))
const whole = (bits: number) => fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n })
const near = (range: number) => fc.integer({ min: -range, max: range })
const date = fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })

interface KeyColumn {
  readonly type: string
  /** As they stand in a statement. */
  readonly values: fc.Arbitrary<string>
}

/** What keys are made of. */
function columnsOf(kind: DatabaseKind): readonly KeyColumn[] {
  const quoted = literal(kind)
  const collated = {
    postgres: ['text', 'text COLLATE "C"', 'varchar(40)', 'char(8)'],
    mysql: ['varchar(40)', 'varchar(40) COLLATE utf8mb4_bin', 'char(8)'],
    sqlite: ['text', 'text COLLATE NOCASE', 'text COLLATE RTRIM'],
    duckdb: ['varchar', 'varchar COLLATE NOCASE', 'varchar COLLATE NOACCENT'],
  }[kind]
  const moment = kind === 'mysql' ? 'datetime(3)' : 'timestamp'
  return [
    { type: 'integer', values: near(20).map(String) },
    { type: 'bigint', values: fc.oneof(whole(64), near(5).map(BigInt)).map(String) },
    { type: 'decimal(30, 4)', values: fc.oneof(whole(64), near(3).map(BigInt)).map(value => `${value}.2500`) },
    { type: 'date', values: date.map(at => quoted(at.toISOString().slice(0, 10))) },
    { type: moment, values: date.map(at => quoted(at.toISOString().slice(0, 23).replace('T', ' '))) },
    ...collated.map(type => ({ type, values: texts.map(quoted) })),
    ...(kind === 'mysql'
      ? []
      : [
          {
            type: 'double precision',
            values: fc
              .double({ noNaN: true, noDefaultInfinity: true })
              .map(value => `CAST(${quoted(String(value))} AS double precision)`),
          },
        ]),
    ...(kind === 'postgres' || kind === 'duckdb'
      ? [
          { type: 'uuid', values: fc.uuid().map(quoted) },
          { type: 'boolean', values: fc.boolean().map(String) },
        ]
      : []),
    ...(kind === 'sqlite'
      ? [
          {
            type: '',
            values: fc.oneof(
              near(5).map(String),
              fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
              texts.map(quoted),
              fc.uint8Array({ maxLength: 2 }).map(bytes => `x'${Buffer.from(bytes).toString('hex')}'`),
            ),
          },
        ]
      : []),
  ]
}

interface Table {
  readonly types: readonly string[]
  readonly rows: ReadonlyArray<readonly string[]>
}

const tables = (kind: DatabaseKind): fc.Arbitrary<Table> =>
  fc.array(fc.constantFrom(...columnsOf(kind)), { minLength: 1, maxLength: 3 }).chain(columns =>
    fc.record({
      types: fc.constant(columns.map(({ type }) => type)),
      rows: fc.uniqueArray(fc.tuple(...columns.map(({ values }) => fc.option(values, { nil: 'NULL', freq: 6 }))), {
        maxLength: 12,
        selector: row => row.join(),
      }),
    }),
  )

const created = ({ types, rows }: Table): string => {
  const columns = types.map((type, i) => `k${i} ${type}`)
  const values = rows.map((row, i) => `(${[...row, i].join(', ')})`)
  return [
    'DROP TABLE IF EXISTS t',
    `CREATE TABLE t (${[...columns, 'v integer'].join(', ')})`,
    ...(values.length === 0 ? [] : [`INSERT INTO t VALUES ${values.join(', ')}`]),
  ].join('; ')
}

for (const kind of SQL_KINDS) {
  const said = await missingServer(kind)
  describe.skipIf(!hasServer(kind) || said !== '')(`${kind}${said}`, () => {
    const numRuns = CONNECTORS ? 300 : kind === 'sqlite' ? 60 : 15

    const in_full = { tags: kind === 'sqlite' ? [] : ['proof'] }

    test('ranges of any table by any key give what the whole gives', in_full, async () => {
      const database = await sqlDatabase(kind, folder)
      let cuts = 0
      const shares = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 5 })
      const property = fc.asyncProperty(
        tables(kind),
        shares,
        fc.option(fc.nat(14), { nil: undefined }),
        async (table, shares, most) => {
          await database.run(created(table))
          const more = { key: table.types.map((_, i) => `k${i}`) }
          const ranges = await cut(database, more, shares, most)
          if (ranges === null) return
          cuts++
          expect(ranges.length).toBe(shares.length + 1)
          await holds(database, more, ranges, most)
        },
      )
      try {
        await fc.assert(property, { numRuns })
      } finally {
        await database.remove()
      }
      // Some have two rows with keys that are one to the database.
      expect(cuts).toBeGreaterThan(numRuns / 3)
    })
  })
}

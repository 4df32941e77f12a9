/** What the sink writes of any rows is what the source reads of the file, type by type. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { anyCharacter } from '../../../test/support/any-character.ts'
import { readTable, writeTable } from '../../../test/support/table-files.ts'
import { isObject, type Json, type Row } from '../../model/row.ts'
import { type FieldSchema, type JsonSchema, OBSERVED } from '../../model/schema.ts'
import { parquetSink } from './parquet-sink.ts'
import { parquetSource } from './parquet-source.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-parquet-'))
const file = join(folder, 'x.parquet')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const text = fc.string({ unit: anyCharacter, maxLength: 12 })
const safeInteger = fc.maxSafeInteger()
const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => (value === 0 ? 0 : value))
const day = fc
  .integer({ min: -719_162, max: 2_932_896 })
  .map(days => new Date(days * 86_400_000).toISOString().slice(0, 10))
const fraction = fc.integer({ min: 0, max: 999_999 }).map(micros => String(micros).padStart(6, '0').replace(/0+$/, ''))
const moment = fc.tuple(day, fc.integer({ min: 0, max: 86_399 }), fraction).map(([date, seconds, rest]) => {
  const time = new Date(seconds * 1000).toISOString().slice(11, 19)
  return `${date}T${time}${rest === '' ? '' : `.${rest}`}`
})
const decimal = (digits: number, scale: number) =>
  fc.bigInt({ min: -(10n ** BigInt(digits)) + 1n, max: 10n ** BigInt(digits) - 1n }).map(value => {
    const all = (value < 0n ? -value : value).toString().padStart(scale + 1, '0')
    const whole = scale === 0 ? all : `${all.slice(0, -scale)}.${all.slice(-scale)}`
    return value < 0n ? `-${whole}` : whole
  })

interface Kind {
  readonly values: fc.Arbitrary<Json>
  /** Of the field, if it is declared. */
  readonly declared?: JsonSchema
}

const record = (values: { readonly [name: string]: fc.Arbitrary<Json> }) => fc.record(values) as fc.Arbitrary<Json>

const KINDS: { readonly [kind: string]: Kind } = {
  boolean: { values: fc.boolean() },
  integer: { values: safeInteger },
  number: { values: fc.oneof(double, safeInteger) },
  declared_number: { values: fc.oneof(double, fc.integer()), declared: { type: 'number' } },
  text: { values: text },
  big_integer: { values: decimal(38, 0), declared: { type: 'string', format: 'decimal', scale: 0 } },
  short_decimal: { values: decimal(18, 4), declared: { type: 'string', format: 'decimal', scale: 4 } },
  long_decimal: { values: decimal(38, 20), declared: { type: 'string', format: 'decimal', scale: 20 } },
  longer_decimal: { values: decimal(60, 2), declared: { type: 'string', format: 'decimal', scale: 2 } },
  date: { values: day, declared: { type: 'string', format: 'date' } },
  utc: { values: moment.map(each => `${each}Z`), declared: { type: 'string', format: 'date-time' } },
  local: { values: moment, declared: { type: 'string', format: 'date-time' } },
  doubtful: { values: fc.oneof(day, moment, text), declared: { type: 'string', format: 'date-time' } },
  list: { values: fc.array(fc.option(safeInteger), { maxLength: 4 }) },
  lists: { values: fc.array(fc.option(fc.array(fc.option(text), { maxLength: 3 })), { maxLength: 3 }) },
  group: { values: record({ a: fc.option(text), b: fc.option(double) }) },
  groups: {
    values: fc.array(
      fc.option(record({ x: fc.option(safeInteger), y: fc.option(fc.array(fc.boolean(), { maxLength: 2 })) })),
      { maxLength: 3 },
    ),
  },
  anything: { values: fc.jsonValue({ maxDepth: 3 }).map(value => JSON.parse(JSON.stringify(value)) as Json) },
}

interface Table {
  readonly fields: ReadonlyMap<string, FieldSchema>
  readonly rows: readonly Row[]
}

/** Columns of any kinds, each value there, null or missing. */
const table: fc.Arbitrary<Table> = fc
  .uniqueArray(fc.constantFrom(...Object.keys(KINDS)), { minLength: 1, maxLength: 5 })
  .chain(kinds => {
    const columns = kinds.flatMap(name => {
      const kind = KINDS[name]
      return kind === undefined ? [] : [{ name, ...kind }]
    })
    const fields = new Map(
      columns.flatMap(({ name, declared }) =>
        declared === undefined ? [] : [[name, { schema: declared, optional: true }] as const],
      ),
    )
    const row = fc.record(Object.fromEntries(columns.map(({ name, values }) => [name, fc.option(values)])), {
      requiredKeys: [],
    })
    return fc.array(row, { maxLength: 12 }).map(rows => ({ fields, rows: rows as Row[] }))
  })

/** What is missing is null: a column, or a field of a group, that another row has. */
function isSame(written: Json | undefined, read: Json | undefined): boolean {
  const [a, b] = [written ?? null, read ?? null]
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((each, i) => isSame(each, b[i]))
  if (isObject(a) && isObject(b)) {
    const names = new Set([...Object.keys(a), ...Object.keys(b)])
    return [...names].every(name => isSame(own(a, name), own(b, name)))
  }
  return Object.is(a, b)
}
const own = (value: { readonly [name: string]: Json }, name: string) =>
  Object.hasOwn(value, name) ? value[name] : undefined

test('any rows', async () => {
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom('none', 'snappy', 'zstd'),
      async ({ fields, rows }, row_group_rows, codec) => {
        expect(
          await writeTable(parquetSink, file, rows, { input: { ...OBSERVED, fields }, row_group_rows, codec }),
        ).toEqual([])
        const read = await readTable(parquetSource, file)
        expect(read).toHaveLength(rows.length)
        for (const [i, row] of rows.entries()) if (!isSame(row, read[i])) expect(read[i]).toEqual(row)
      },
    ),
    { numRuns: 150 },
  )
})

/** Types of columns of each database, and values that each of them holds: as a row has them, going in and coming out. */
import fc from 'fast-check'
import { canonicalize } from '../../src/model/canonical.ts'
import type { Json } from '../../src/model/row.ts'
import type { DatabaseKind } from '../../src/plugins/databases/dialect.ts'

export interface ColumnType {
  readonly type: string
  readonly values: fc.Arbitrary<Json>
  /** Whether they are the same to this type; its text if absent. */
  readonly isSame?: (went_in: Json, came_out: Json) => boolean
}

const digits = (text: string): Json => (Number.isSafeInteger(Number(text)) ? Number(text) + 0 : text)
const whole = (min: bigint, max: bigint) =>
  fc
    .oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, max - 1n, 0n < min ? min : 0n))
    .map(value => digits(String(value)))
const signed = (bits: number) => whole(-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n)
const unsigned = (bits: number) => whole(0n, 2n ** BigInt(bits) - 1n)

/** With all digits of its scale, as databases write it. */
const decimal = (precision: number, scale: number) =>
  fc.bigInt({ min: -(10n ** BigInt(precision)) + 1n, max: 10n ** BigInt(precision) - 1n }).map(value => {
    const text = String(value < 0n ? -value : value).padStart(scale + 1, '0')
    const sign = value < 0n ? '-' : ''
    return scale === 0 ? sign + text : `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`
  })

const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => value + 0 || 0)
const single = fc.float({ noNaN: true, noDefaultInfinity: true }).map(value => value + 0 || 0)
const isSingle = (one: Json, other: Json) => Math.fround(Number(one)) === Math.fround(Number(other))

/** Any character: of a JSON text, of an array, of a statement, and none that can't be. */
const character = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  fc.constantFrom(
    '"',
    "'",
    '\\',
    '{',
    '}',
    ',',
    ' ',
    '\n',
    '\r',
    '\t',
    '`',
    '$1',
    '?',
    ';',
    '--',
    '%',
    '_',
    'NULL',
    '😀',
    'é',
  ),
)
const text = (without: readonly string[] = []) =>
  fc.array(character, { maxLength: 40 }).map(parts => parts.filter(part => !without.includes(part)).join(''))
const NO_NUL = ['\0']
const cut = (length: number, without: readonly string[] = []) =>
  text(without).map(each => Array.from(each).slice(0, length).join(''))

const two = (value: number) => String(value).padStart(2, '0')
/** Without zeros at its end, and its point if nothing is left. */
const fraction = (digits: number) =>
  fc.nat(10 ** digits - 1).map(value => `.${String(value).padStart(digits, '0')}`.replace(/\.?0+$/, ''))
const dateFrom = (from: string, to: string) =>
  fc.date({ min: new Date(from), max: new Date(to), noInvalidDate: true }).map(date => date.toISOString().slice(0, 19))
const moment = (from: string, to: string, zone: string, digits = 6) =>
  fc.tuple(dateFrom(from, to), fraction(digits)).map(([at, part]) => `${at}${part}${zone}`)
const [FIRST, LAST] = ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z']
const date = dateFrom(FIRST, LAST).map(at => at.slice(0, 10))
const time = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fraction(6))
  .map(([h, m, s, part]) => `${two(h)}:${two(m)}:${two(s)}${part}`)
const base64 = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map(bytes => Buffer.from(bytes).toString('base64'))

const json = (without: readonly string[] = []) =>
  fc.jsonValue({ stringUnit: 'binary' }).map(value => {
    const shown = without.reduce(
      (rest, each) => rest.replaceAll(JSON.stringify(each).slice(1, -1), ''),
      JSON.stringify(value),
    )
    // cast: what was JSON.
    return JSON.parse(shown.replaceAll(/(?<![\d.])-0(?![\d.])/g, '0')) as Json
  })

const list = (items: fc.Arbitrary<Json>, minLength = 0) =>
  fc.array(fc.option(items, { nil: null }), { minLength, maxLength: 6 })
/** Rows of one length, as PostgreSQL wants them. */
const matrix = (items: fc.Arbitrary<Json>) =>
  fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }))
    .chain(([rows, columns]) =>
      fc.array(fc.array(items, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }),
    )

const POSTGRES: readonly ColumnType[] = [
  { type: 'smallint', values: signed(16) },
  { type: 'integer', values: signed(32) },
  { type: 'bigint', values: signed(64) },
  { type: 'numeric', values: fc.oneof(decimal(60, 20), decimal(40, 0), decimal(30, 30)) },
  { type: 'numeric(20, 2)', values: decimal(20, 2) },
  { type: 'real', values: single, isSame: isSingle },
  { type: 'double precision', values: double },
  { type: 'boolean', values: fc.boolean() },
  { type: 'text', values: text(NO_NUL) },
  { type: 'varchar(20)', values: cut(20, NO_NUL) },
  { type: 'uuid', values: fc.uuid() },
  { type: 'json', values: json() },
  // It writes large numbers with all their digits: as whole ones that a row can’t hold.
  { type: 'jsonb', values: json(NO_NUL).filter(value => !/\de\+|\d{16}/.test(JSON.stringify(value))) },
  { type: 'date', values: date },
  { type: 'time', values: time },
  { type: 'timestamp', values: moment(FIRST, LAST, '') },
  { type: 'timestamptz', values: moment(FIRST, LAST, 'Z') },
  { type: 'bytea', values: base64(0, 60) },
  { type: 'integer[]', values: fc.oneof(list(signed(32)), matrix(signed(32))) },
  { type: 'text[]', values: fc.oneof(list(text(NO_NUL)), matrix(text(NO_NUL))) },
  { type: 'numeric[]', values: list(decimal(30, 5)) },
  { type: 'boolean[]', values: list(fc.boolean()) },
  { type: 'timestamptz[]', values: list(moment(FIRST, LAST, 'Z')) },
  { type: 'bytea[]', values: list(base64(0, 10)) },
  { type: 'jsonb[]', values: list(fc.dictionary(fc.string({ maxLength: 3 }), fc.integer())) },
  { type: 'inet', values: fc.ipV4() },
  { type: 'mood', values: fc.constantFrom('sad', 'ok', 'it’s "fine"') },
]

const MYSQL: readonly ColumnType[] = [
  { type: 'tinyint', values: signed(8) },
  { type: 'smallint unsigned', values: unsigned(16) },
  { type: 'mediumint', values: signed(24) },
  { type: 'int unsigned', values: unsigned(32) },
  { type: 'bigint', values: signed(64) },
  { type: 'bigint unsigned', values: unsigned(64) },
  { type: 'decimal(30, 10)', values: decimal(30, 10) },
  { type: 'decimal(65, 0)', values: decimal(65, 0) },
  { type: 'float', values: single, isSame: isSingle },
  { type: 'double', values: double },
  { type: 'boolean', values: fc.boolean(), isSame: (one, other) => Number(one) === other },
  { type: 'bit(1)', values: unsigned(1) },
  { type: 'bit(64)', values: unsigned(64) },
  { type: 'year', values: fc.integer({ min: 1901, max: 2155 }) },
  { type: 'date', values: date },
  { type: 'datetime(6)', values: moment(FIRST, LAST, '') },
  { type: 'timestamp(6)', values: moment('1971-01-01T00:00:00Z', '2037-12-31T23:59:59Z', 'Z') },
  { type: 'time(6)', values: time },
  { type: 'varchar(50)', values: cut(50) },
  { type: 'longtext', values: text() },
  { type: `enum('a', 'b''c', '"')`, values: fc.constantFrom('a', "b'c", '"') },
  { type: `set('a', 'b', 'c')`, values: fc.subarray(['a', 'b', 'c']).map(each => each.join(',')) },
  { type: 'json', values: json() },
  { type: 'blob', values: base64(0, 60) },
  { type: 'varbinary(20)', values: base64(0, 20) },
  { type: 'binary(8)', values: base64(8, 8) },
]

const SQLITE: readonly ColumnType[] = [
  { type: 'integer', values: signed(64) },
  { type: 'real', values: double },
  { type: 'text', values: text() },
  { type: 'blob', values: base64(0, 60) },
  { type: 'boolean', values: fc.boolean() },
  { type: 'json', values: json() },
  // Affinity is numeric: it holds what a double does.
  { type: 'decimal(20, 2)', values: decimal(15, 2), isSame: (one, other) => Number(one) === other },
  { type: 'date', values: date },
  { type: '', values: fc.oneof(text(), double, signed(53)) },
]

const DUCKDB: readonly ColumnType[] = [
  { type: 'tinyint', values: signed(8) },
  { type: 'smallint', values: signed(16) },
  { type: 'integer', values: signed(32) },
  { type: 'bigint', values: signed(64) },
  { type: 'hugeint', values: signed(127) },
  { type: 'utinyint', values: unsigned(8) },
  { type: 'uinteger', values: unsigned(32) },
  { type: 'ubigint', values: unsigned(64) },
  { type: 'decimal(38, 10)', values: decimal(38, 10) },
  { type: 'float', values: single, isSame: isSingle },
  { type: 'double', values: double },
  { type: 'boolean', values: fc.boolean() },
  { type: 'varchar', values: text() },
  { type: 'blob', values: base64(0, 60) },
  { type: 'date', values: date },
  { type: 'time', values: time },
  { type: 'timestamp', values: moment(FIRST, LAST, '') },
  { type: 'timestamptz', values: moment(FIRST, LAST, 'Z') },
  { type: 'uuid', values: fc.uuid() },
  { type: 'json', values: json() },
  { type: 'integer[]', values: list(signed(32)) },
  { type: 'bigint[]', values: list(signed(64)) },
  { type: 'double[]', values: list(double) },
  { type: 'varchar[]', values: list(text()) },
  { type: 'varchar[][]', values: fc.array(list(text()), { maxLength: 4 }) },
  { type: 'decimal(20, 5)[]', values: list(decimal(20, 5)) },
]

export const COLUMN_TYPES: { readonly [kind in DatabaseKind]: readonly ColumnType[] } = {
  postgres: POSTGRES,
  mysql: MYSQL,
  sqlite: SQLITE,
  duckdb: DUCKDB,
}

export const isSameJson = (one: Json, other: Json): boolean => canonicalize(one) === canonicalize(other)

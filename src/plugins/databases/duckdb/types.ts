/** DuckDB's values, as its library reads them, as JSON. */
import type * as Duckdb from '@duckdb/node-api'
import type { DeclaredNumbers } from '../../../model/json.ts'
import { type Json, newRow } from '../../../model/row.ts'
import { type Cell, type Param, Unfit } from '../database.ts'
import { bytesCell, doubleCell, integerCell, jsonCell, singleCell, textCell } from '../values.ts'
import type { Library } from './library.ts'

type Type = Duckdb.DuckDBType
type Value = Duckdb.DuckDBValue
export type ReadCell = (value: Value) => Cell

// cast: the library gives values of their column's type.
const of = <T extends Value>(read: (value: T) => Cell): ReadCell => read as ReadCell

const IN_CALENDAR = /^\d{4}-\d\d-\d\d(?: |$)/
const OUTSIDE = 'it is outside of the years 1 to 9999'

function moment(text: string, zone: string): Cell {
  return IN_CALENDAR.test(text) && !text.endsWith('(BC)') ? text.replace(' ', 'T') + zone : new Unfit(text, OUTSIDE)
}

const asText: ReadCell = value => textCell(String(value))
const asInteger: ReadCell = value => integerCell(String(value))
const asMoment: ReadCell = value => moment(String(value), '')

/** ISO 8601, in the parts that DuckDB keeps apart. */
function interval({ months, days, micros }: Duckdb.DuckDBIntervalValue): string {
  const sign = micros < 0n ? '-' : ''
  const size = micros < 0n ? -micros : micros
  const fraction = String(size % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '')
  const seconds = `${sign}${size / 1_000_000n}${fraction === '' ? '' : `.${fraction}`}`
  const date = `${months === 0 ? '' : `${months}M`}${days === 0 ? '' : `${days}D`}`
  return date !== '' && micros === 0n ? `P${date}` : `P${date}T${seconds}S`
}

/** Types and values of the library, which is loaded late. */
export class DuckdbTypes {
  readonly #library: Library
  readonly #simple: ReadonlyMap<number, ReadCell>

  constructor(library: Library) {
    const { DuckDBTypeId: id, DuckDBTimestampValue } = library
    this.#library = library
    const small = of((value: number | boolean) => value)
    this.#simple = new Map<number, ReadCell>([
      ...[id.BOOLEAN, id.TINYINT, id.SMALLINT, id.INTEGER].map(each => [each, small] as const),
      ...[id.UTINYINT, id.USMALLINT, id.UINTEGER].map(each => [each, small] as const),
      ...[id.BIGINT, id.UBIGINT, id.HUGEINT, id.UHUGEINT, id.BIGNUM].map(each => [each, asInteger] as const),
      [id.FLOAT, of(singleCell)],
      [id.DOUBLE, of(doubleCell)],
      ...[id.DATE, id.TIMESTAMP, id.TIMESTAMP_S, id.TIMESTAMP_MS, id.TIMESTAMP_NS].map(
        each => [each, asMoment] as const,
      ),
      // Its own text is in the zone of this machine.
      [
        id.TIMESTAMP_TZ,
        of(({ micros }: Duckdb.DuckDBTimestampTZValue) => moment(`${new DuckDBTimestampValue(micros)}`, 'Z')),
      ],
      [id.INTERVAL, of(interval)],
      [id.BLOB, of(({ bytes }: Duckdb.DuckDBBlobValue) => bytesCell(bytes))],
    ])
  }

  /** `numbers`: what is declared of those in JSON. Types that aren't known are read as DuckDB's texts of them. */
  reader(type: Type, numbers: DeclaredNumbers | null = null): ReadCell {
    if (type.alias?.toUpperCase() === 'JSON') return value => jsonCell(String(value), numbers)
    return this.#simple.get(type.typeId) ?? this.#nested(type) ?? asText
  }

  #nested(type: Type): ReadCell | null {
    const { DuckDBListType, DuckDBArrayType, DuckDBStructType, DuckDBMapType, DuckDBUnionType } = this.#library
    if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
      const read = this.reader(type.valueType)
      return of(({ items }: Duckdb.DuckDBListValue) => listCell(items, read))
    }
    if (type instanceof DuckDBStructType) {
      const fields = type.entryNames.map((name, i) => [name, this.#readerAt(type.entryTypes, i)] as const)
      return of(({ entries }: Duckdb.DuckDBStructValue) =>
        objectCell(fields.map(([name, read]) => [name, entries[name] ?? null, read])),
      )
    }
    if (type instanceof DuckDBMapType) return mapReader(this.reader(type.keyType), this.reader(type.valueType))
    if (type instanceof DuckDBUnionType) {
      const readers = new Map(type.memberTags.map((tag, i) => [tag, this.#readerAt(type.memberTypes, i)]))
      return of(({ tag, value }: Duckdb.DuckDBUnionValue) => objectCell([[tag, value, readers.get(tag) ?? asText]]))
    }
    return null
  }

  #readerAt(types: readonly Type[], index: number): ReadCell {
    const type = types[index]
    return type === undefined ? asText : this.reader(type)
  }

  valueOf(param: Param): Value {
    const { blobValue, listValue } = this.#library
    if (param instanceof Uint8Array) return blobValue(param)
    return isList(param) ? listValue(this.#itemsOf(param, leafOf(param))) : param
  }

  /** The library would take any whole number for one of 64 bits, and knows no type of a list without elements. */
  typeOf(param: Param): Type | undefined {
    const { DOUBLE, BIGINT } = this.#library
    if (typeof param === 'number') return Number.isSafeInteger(param) ? BIGINT : DOUBLE
    return isList(param) ? this.#listOf(leafOf(param), depthOf(param)) : undefined
  }

  #itemsOf(params: readonly Param[], leaf: Leaf): Value[] {
    const { listValue } = this.#library
    return params.map(each => {
      if (isList(each)) return listValue(this.#itemsOf(each, leaf))
      if (each === null || each instanceof Uint8Array) return this.valueOf(each)
      if (leaf === 'BIGINT') return BigInt(each as number)
      return leaf === 'VARCHAR' ? String(each) : each
    })
  }

  #listOf(leaf: Leaf, depth: number): Type {
    const { LIST } = this.#library
    let type: Type = this.#library[leaf]
    for (let i = 0; i < depth; i++) type = LIST(type)
    return type
  }
}

/** What a list has in it, at any depth. */
type Leaf = 'BIGINT' | 'DOUBLE' | 'BOOLEAN' | 'BLOB' | 'VARCHAR'

/** `VARCHAR` of what is mixed, or empty. */
function leafOf(params: readonly Param[]): Leaf {
  const leaves = new Set(params.flatMap(leavesIn).map(leafKind))
  if (leaves.size === 2 && leaves.has('BIGINT') && leaves.has('DOUBLE')) return 'DOUBLE'
  const [only] = leaves
  return leaves.size === 1 && only !== undefined ? only : 'VARCHAR'
}

function leafKind(param: Param): Leaf {
  if (typeof param === 'boolean') return 'BOOLEAN'
  if (typeof param === 'number') return Number.isSafeInteger(param) ? 'BIGINT' : 'DOUBLE'
  return param instanceof Uint8Array ? 'BLOB' : 'VARCHAR'
}

const leavesIn = (param: Param): readonly Param[] =>
  isList(param) ? param.flatMap(leavesIn) : param === null ? [] : [param]

const depthOf = (params: readonly Param[]): number =>
  1 + Math.max(0, ...params.map(each => (isList(each) ? depthOf(each) : 0)))

const isList = (param: Param): param is readonly Param[] => Array.isArray(param)

/** Keys are of any type: it is a list of `{key, value}`. */
function mapReader(readKey: ReadCell, readValue: ReadCell): ReadCell {
  return of(({ entries }: Duckdb.DuckDBMapValue) =>
    listOf(
      entries.map(({ key, value }) =>
        objectCell([
          ['key', key, readKey],
          ['value', value, readValue],
        ]),
      ),
    ),
  )
}

const listCell = (items: readonly Value[], read: ReadCell): Cell =>
  listOf(items.map(item => (item === null ? null : read(item))))

function listOf(cells: readonly Cell[]): Cell {
  const list: Json[] = []
  for (const cell of cells) {
    if (cell instanceof Unfit) return within(cell)
    list.push(cell)
  }
  return list
}

function objectCell(fields: ReadonlyArray<readonly [name: string, value: Value, read: ReadCell]>): Cell {
  const object = newRow()
  for (const [name, value, read] of fields) {
    const cell = value === null ? null : read(value)
    if (cell instanceof Unfit) return within(cell)
    object[name] = cell
  }
  return object
}

const WITHIN = 'of a value in it: '

const within = ({ text, why }: Unfit): Unfit => new Unfit(text, why.startsWith(WITHIN) ? why : `${WITHIN}${why}`)

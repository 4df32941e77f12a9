/** The rows of a sheet, one after another, with the cells that are written in it. */
import type { Chunks } from '../sources/byte-reader.ts'
import { type CellRange, columnOf, MAX_COLUMNS, MAX_ROWS, parseRange } from './cell-address.ts'
import type { SharedStrings } from './shared-strings.ts'
import { type Attributes, cellText, MOST_UNITS, XmlError, xmlReader } from './xml.ts'

export type SheetCell = { readonly column: number } & (
  | { readonly kind: 'number'; readonly text: string; readonly style: number }
  | { readonly kind: 'text' | 'date' | 'error'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** Of a formula that was never calculated. */
  | { readonly kind: 'pending' }
  /** What no workbook should have. */
  | { readonly kind: 'broken'; readonly text: string }
)

export interface SheetRow {
  /** From 1. */
  readonly number: number
  readonly cells: readonly SheetCell[]
  /** Units of the sheet's text up to its end. */
  readonly position: number
}

/** @throws XmlError, and what reading throws. */
export async function* rowsOf(chunks: Chunks, strings: SharedStrings): AsyncGenerator<readonly SheetRow[]> {
  const scanner = new SheetScanner(strings)
  const reader = await xmlReader(scanner)
  scanner.positionOf = () => reader.position
  try {
    for (let piece = await chunks.next(); piece !== null; piece = await chunks.next()) {
      reader.write(piece)
      if (scanner.rows.length > 0) yield scanner.rows.splice(0)
    }
    reader.end()
    if (scanner.rows.length > 0) yield scanner.rows.splice(0)
  } finally {
    await chunks.close()
  }
}

class SheetScanner {
  readonly rows: SheetRow[] = []
  positionOf: () => number = () => 0
  readonly #strings: SharedStrings
  #number = 0
  #cells: SheetCell[] = []
  #column = 0
  #attributes: Attributes = {}
  #value: string | null = null
  #formula = false
  #taken = false
  /** Within texts that say how others are spoken. */
  #phonetic = 0

  constructor(strings: SharedStrings) {
    this.#strings = strings
  }

  readonly open = (name: string, attributes: Attributes): void => {
    switch (name) {
      case 'c':
        this.#beginCell(attributes)
        this.#attributes = attributes
        this.#value = null
        this.#formula = false
        break
      case 'v':
        this.#taken = true
        this.#value = ''
        break
      case 't':
        this.#taken = this.#phonetic === 0
        this.#value ??= ''
        break
      case 'f':
        this.#formula = true
        break
      case 'rPh':
        this.#phonetic += 1
        break
      case 'row':
        this.#beginRow(attributes)
        break
      default:
    }
  }

  readonly text = (piece: string): void => {
    if (!this.#taken) return
    this.#value += piece
    if ((this.#value?.length ?? 0) > MOST_UNITS) throw new XmlError('a text is longer than any cell’s')
  }

  readonly close = (name: string): void => {
    switch (name) {
      case 'v':
      case 't':
        this.#taken = false
        break
      case 'rPh':
        this.#phonetic -= 1
        break
      case 'c': {
        const cell = this.#cell()
        if (cell !== null) this.#cells.push(cell)
        break
      }
      case 'row':
        this.rows.push({ number: this.#number, cells: this.#cells, position: this.positionOf() })
        break
      default:
    }
  }

  /** In order, each column once: else a value would be dropped in silence. */
  #beginCell({ r }: Attributes): void {
    const column = r === undefined ? this.#column + 1 : columnOf(r)
    if (column < 1 || column > MAX_COLUMNS) throw new XmlError(`a cell has the address ${r}`)
    if (column <= this.#column) throw new XmlError(`the cell ${r} follows one of the same column or a later one`)
    this.#column = column
  }

  #beginRow({ r }: Attributes): void {
    const number = r === undefined ? this.#number + 1 : Number(r)
    if (!Number.isInteger(number) || number <= this.#number || number > MAX_ROWS)
      throw new XmlError(`row ${r} follows row ${this.#number}`)
    this.#number = number
    this.#cells = []
    this.#column = 0
  }

  #cell(): SheetCell | null {
    const value = this.#value
    const column = this.#column
    const { t = 'n', s = '0' } = this.#attributes
    if (value === null || (value === '' && t === 'n')) return this.#formula ? { kind: 'pending', column } : null
    switch (t) {
      case 'n':
        return { kind: 'number', text: value, style: Number(s), column }
      case 's': {
        const text = INDEX.test(value) ? this.#strings.get(Number(value)) : null
        return text === null ? { kind: 'broken', text: value, column } : { kind: 'text', text, column }
      }
      case 'str':
      case 'inlineStr':
        return { kind: 'text', text: cellText(value), column }
      case 'b':
        if (value === '1' || value === 'true') return { kind: 'boolean', value: true, column }
        return value === '0' || value === 'false'
          ? { kind: 'boolean', value: false, column }
          : { kind: 'broken', text: value, column }
      case 'e':
        return { kind: 'error', text: value, column }
      case 'd':
        return { kind: 'date', text: value, column }
      default:
        return { kind: 'broken', text: value, column }
    }
  }
}

const INDEX = /^\d+$/

/** More than any sheet has: each takes memory until the last row. */
const MOST_MERGED = 1_000_000
const MERGED = Buffer.from('mergeCell ')
const MAX_TAG_BYTES = 1024 * 1024
const QUOTED_RANGE = /mergeCell [^>]*?\bref="([^"]*)"/g

/**
 * The ranges of cells that are merged. They stand behind all rows: the sheet is searched for them, and isn't otherwise read. Sorted by
 * their first rows. @throws XmlError, and what reading throws.
 */
export async function mergedIn(chunks: Chunks): Promise<readonly CellRange[]> {
  const ranges: CellRange[] = []
  /** What may be a part of one that goes on in the next piece. */
  let rest = Buffer.alloc(0)
  try {
    for (let piece = await chunks.next(); piece !== null; piece = await chunks.next()) {
      const bytes = Buffer.concat([rest, piece])
      const first = bytes.indexOf(MERGED)
      const end = first < 0 ? Math.max(0, bytes.length - MERGED.length) : bytes.lastIndexOf('>') + 1
      if (first >= 0)
        for (const [, ref = ''] of bytes.toString('latin1', first, Math.max(first, end)).matchAll(QUOTED_RANGE)) {
          const range = parseRange(ref)
          if (range === null) throw new XmlError(`it merges the cells ${ref}`)
          if (ranges.length === MOST_MERGED) throw new XmlError(`it merges cells at more than ${MOST_MERGED} places`)
          ranges.push(range)
        }
      rest = Buffer.from(bytes.subarray(end))
      if (rest.length > MAX_TAG_BYTES) throw new XmlError('its list of merged cells has no end')
    }
  } finally {
    await chunks.close()
  }
  return ranges.toSorted((a, b) => a.top - b.top)
}

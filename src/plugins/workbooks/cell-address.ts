/** Cells and ranges of sheets, as people name them: `B3`, `B3:F200`, `B:F`. Rows and columns count from 1. */

export const MAX_ROWS = 1_048_576
export const MAX_COLUMNS = 16_384

export interface CellRange {
  readonly top: number
  readonly left: number
  /** The last row and column in it. */
  readonly bottom: number
  readonly right: number
}

const A = 64
const LETTERS = 26

/** The number of a column; 0 if letters name none. */
function columnNumber(letters: string): number {
  let number = 0
  for (let at = 0; at < letters.length; at++) number = number * LETTERS + (letters.charCodeAt(at) & 0x5f) - A
  return number <= MAX_COLUMNS ? number : 0
}

export function columnName(number: number): string {
  let name = ''
  for (let rest = number; rest > 0; rest = Math.floor((rest - 1) / LETTERS))
    name = String.fromCharCode(A + 1 + ((rest - 1) % LETTERS)) + name
  return name
}

/** The column of a cell's address, such as `AB12`, without looking at its row. 0: it has none. */
export function columnOf(address: string): number {
  let end = 0
  while (end < address.length && address.charCodeAt(end) > A) end += 1
  return columnNumber(address.slice(0, end))
}

const RANGE = /^\$?([A-Za-z]{1,3})?\$?(\d{1,7})?(?::\$?([A-Za-z]{1,3})?\$?(\d{1,7})?)?$/

/** `B3` begins there and ends with the sheet; `B3:F` ends with its column. Null: it is no range. */
export function parseRange(text: string): CellRange | null {
  const [, left, top, right, bottom] = RANGE.exec(text) ?? []
  if (left === undefined && top === undefined) return null
  const range = {
    top: Number(top ?? 1),
    left: left === undefined ? 1 : columnNumber(left),
    bottom: Number(bottom ?? MAX_ROWS),
    right: right === undefined ? MAX_COLUMNS : columnNumber(right),
  }
  if (range.top < 1 || range.left < 1 || range.bottom > MAX_ROWS || range.right < range.left) return null
  return range.bottom < range.top ? null : range
}

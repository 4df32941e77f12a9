/** What databases have in common in how their values become JSON. */
import { type DeclaredNumbers, JsonTextError, parseStrict } from '../../model/json.ts'
import { type Cell, Unfit } from './database.ts'

/** A number where one holds it exactly, else its digits. */
export function integerCell(value: bigint | string): Cell {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number + 0 : String(value)
}

/** −0 is 0, as everywhere. */
export function doubleCell(value: number): Cell {
  return Number.isFinite(value) ? (value === 0 ? 0 : value) : new Unfit(String(value), 'it is no finite number')
}

/** From how many digits on two numbers of single precision differ, at most. */
const SINGLE_DIGITS = 9

/** The shortest decimal that is this number in single precision. */
export function singleCell(value: number): Cell {
  if (!Number.isFinite(value)) return doubleCell(value)
  for (let digits = 1; digits < SINGLE_DIGITS; digits++) {
    const near = Number(value.toPrecision(digits))
    if (Math.fround(near) === value) return near === 0 ? 0 : near
  }
  return Number(value.toPrecision(SINGLE_DIGITS))
}

export function textCell(text: string): Cell {
  return text.isWellFormed() ? text : new Unfit(text.toWellFormed(), 'it has half of a surrogate pair in it')
}

export function bytesCell(bytes: Uint8Array): Cell {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

export function jsonCell(text: string, numbers: DeclaredNumbers | null): Cell {
  try {
    return parseStrict(text, numbers)
  } catch (error) {
    if (error instanceof JsonTextError) return new Unfit(text.toWellFormed(), `its JSON has ${error.message}`)
    throw error
  }
}

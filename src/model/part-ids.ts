/**
 * Numbers of a run with splits, as they are to the outside: each of its logs numbers rows, tokens, groups, batches, calls and entries by
 * itself, and what is meant is part · 2^32 + number. Of a run without splits, and of a coordinator (part 0), they are the numbers themselves.
 */
import { grouped } from './number-text.ts'

const OF_A_PART = 2 ** 32

export function idOf(part: number, number: number): number {
  return part * OF_A_PART + number
}

export function partOf(id: number): number {
  return Math.floor(id / OF_A_PART)
}

/** Within its part. */
export function numberOf(id: number): number {
  return id % OF_A_PART
}

/** For people: `17`, or `3:17` in part 3. */
export function idText(id: number): string {
  const part = partOf(id)
  return part === 0 ? grouped(id) : `${grouped(part)}:${grouped(numberOf(id))}`
}

/** `17`, or `3:17` in part 3; null if the text is neither, or no number can be so high. */
export function idIn(text: string): number | null {
  const [, part = '0', number = ''] = /^(?:(\d{1,7}):)?(\d{1,16})$/.exec(text) ?? []
  const id = idOf(Number(part), Number(number))
  if (Number(number) < 1 || !Number.isSafeInteger(id)) return null
  return part === '0' || partOf(id) === Number(part) ? id : null
}

/** As commands take it: `17`, or `3:17`. */
export function idArgument(id: number): string {
  return idText(id).replaceAll(',', '')
}

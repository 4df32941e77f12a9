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

/** As commands take it: `17`, or `3:17`. */
export function idArgument(id: number): string {
  return idText(id).replaceAll(',', '')
}

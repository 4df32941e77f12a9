/** Calls, as entries of rows, of batches and of the run have them; and lists of numbers. By hand: this is on the path of each row. */
import type { CallFact, CallStatus } from '../format/entry.ts'
import type { Json } from '../model/row.ts'
import { refuse } from './shape.ts'

export function whole(value: Json | undefined, where: string, min: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) {
    refuse(value, where, `a whole number from ${min}`)
  }
  return value
}

/**
 * A list with so many elements (or more, up to `most`), of which the first `least` are whole numbers from 0; the one at
 * `signed` may be below.
 */
export function numbers(value: Json, where: string, least: number, most: number, signed = -1): readonly number[] {
  if (!Array.isArray(value) || value.length < least || value.length > most) {
    refuse(value, where, most === least ? `a list of ${least} elements` : `a list of ${least} elements or more`)
  }
  for (let i = 0; i < least; i++) {
    const each = value[i] as Json
    if (typeof each !== 'number' || !Number.isSafeInteger(each) || (each < 0 && i !== signed)) {
      refuse(each, `${where}[${i}]`, i === signed ? 'a whole number' : 'a whole number from 0')
    }
  }
  return value as readonly number[]
}

export function atLeastOne(value: number, where: string, index: number): number {
  if (value < 1) refuse(value, `${where}[${index}]`, 'a whole number from 1')
  return value
}

export function call(value: Json, where: string): CallFact {
  const length = Array.isArray(value) && value.length > 11 ? 14 : 11
  const x = numbers(value, where, length, length, 9)
  for (const i of [0, 2, 3, 4, 5, 7, 8]) atLeastOne(x[i]!, where, i)
  const status = x[6]!
  if (status > 6) refuse(status, `${where}[6]`, 'a status of a call (0 to 6)')
  const [input_tokens = 0, output_tokens = 0, cost_nusd = 0] = x.slice(11)
  if (length === 14 && input_tokens + output_tokens + cost_nusd === 0) refuse(value, where, 'a list of 11 elements')
  return {
    call: x[0]!,
    token: x[1]!,
    node: x[2]!,
    attempt: x[3]!,
    ordinal: x[4]!,
    service: x[5]!,
    status: status as CallStatus,
    request: x[7]!,
    response: x[8]!,
    start_us: x[9]!,
    duration_us: x[10]!,
    input_tokens,
    output_tokens,
    cost_nusd,
  }
}

/** Numbers that look random and follow from a text alone, on every machine. */
import { sha256Hex } from '../model/sha256.ts'

/** 13 hex digits: 52 bits, all of which a double holds. */
const DIGITS = 13
const RANGE = 16 ** DIGITS

export class Random {
  readonly #text: string
  #drawn = 0

  /** The same text gives the same numbers. */
  constructor(text: string) {
    this.#text = text
  }

  /** In [0, 1). */
  next(): number {
    this.#drawn += 1
    return Number.parseInt(sha256Hex(`${this.#drawn}\n${this.#text}`).slice(0, DIGITS), 16) / RANGE
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** `list` has at least one element. */
  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)] as T
  }
}

const WORDS =
  'amber barley candle delta ember fable garnet harbor island jasmine kettle lantern meadow nectar orchard pebble quartz river saddle timber umbra velvet willow yarrow zephyr'.split(
    ' ',
  )

export function words(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.pick(WORDS)).join(' ')
}

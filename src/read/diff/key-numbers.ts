/**
 * Numbers keys from 0 in the order in which they are first met: the same key, the same number.
 * A hash table in arrays, because a million keys as texts in a map would take ten times the memory: 28 bytes a key, 56 while it grows.
 */
import { KEY_BYTES } from './row-keys.ts'

const FREE = -1
const FIRST_SLOTS = 1024

export class KeyNumbers {
  /** The number of the key in each slot. Their number is a power of two, and at most half of them are taken. */
  #slots = new Int32Array(FIRST_SLOTS).fill(FREE)
  /** By number. */
  #keys = new Uint8Array((FIRST_SLOTS / 2) * KEY_BYTES)
  #count = 0

  /** How many different keys there are. */
  get count(): number {
    return this.#count
  }

  /** `key`: `KEY_BYTES` that are spread evenly, as those of a hash are. */
  numberOf(key: Uint8Array): number {
    const mask = this.#slots.length - 1
    let slot = slotOf(key, 0) & mask
    for (;;) {
      const number = this.#slots[slot]
      if (number === undefined || number === FREE) break
      if (this.#is(number, key)) return number
      slot = (slot + 1) & mask
    }
    this.#slots[slot] = this.#count
    this.#keys.set(key, this.#count * KEY_BYTES)
    this.#count++
    if (this.#count * 2 >= this.#slots.length) this.#grow()
    return this.#count - 1
  }

  #is(number: number, key: Uint8Array): boolean {
    const from = number * KEY_BYTES
    for (let i = 0; i < KEY_BYTES; i++) if (this.#keys[from + i] !== key[i]) return false
    return true
  }

  #grow(): void {
    const mask = this.#slots.length * 2 - 1
    const slots = new Int32Array(mask + 1).fill(FREE)
    for (let number = 0; number < this.#count; number++) {
      let slot = slotOf(this.#keys, number * KEY_BYTES) & mask
      while (slots[slot] !== FREE) slot = (slot + 1) & mask
      slots[slot] = number
    }
    const keys = new Uint8Array(this.#keys.length * 2)
    keys.set(this.#keys)
    this.#slots = slots
    this.#keys = keys
  }
}

/** Where a key is looked for first: any bytes of a hash do. */
function slotOf(keys: Uint8Array, at: number): number {
  let slot = 0
  for (let i = at; i < at + 4; i++) slot = (slot << 8) | (keys[i] ?? 0)
  return slot
}

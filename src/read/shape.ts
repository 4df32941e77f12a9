/**
 * Small strict decoders for facts that were stored: each takes a value and where it stands, and gives the typed value or
 * throws a `ShapeError`. Nothing is converted, filled in or passed over.
 */
import type { Json } from '../model/row.ts'

/** What is wrong, and where: `v[3][2] is "x", not a whole number`. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError'
}

export type Decoder<T> = (value: Json | undefined, where: string) => T
export type Decoders = { readonly [key: string]: Decoder<unknown> }

export function refuse(value: Json | undefined, where: string, wanted: string): never {
  const shown = value === undefined ? 'missing' : JSON.stringify(value)
  throw new ShapeError(`\`${where}\` is ${shown.length > 60 ? `${shown.slice(0, 60)}…` : shown}, not ${wanted}`)
}

/** A whole number, at least `min`, exact in a double. */
export const int =
  (min = 0): Decoder<number> =>
  (value, where) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) {
      refuse(value, where, `a whole number from ${min}`)
    }
    return value
  }

export const flag: Decoder<boolean> = (value, where) => {
  if (typeof value !== 'boolean') refuse(value, where, 'true or false')
  return value
}

/** A key that is there only where it is true. */
export const always: Decoder<true> = (value, where) => {
  if (value !== true) refuse(value, where, 'true')
  return value
}

/** A text; of the given form if there is one. */
export const text =
  (form?: RegExp, wanted = 'a text'): Decoder<string> =>
  (value, where) => {
    if (typeof value !== 'string' || (form !== undefined && !form.test(value))) refuse(value, where, wanted)
    return value
  }

export const hex = (bytes: number): Decoder<string> =>
  text(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `${bytes} bytes in lower-case hex`)

/** One of these very values. */
export const oneOf =
  <const T extends string | number>(...values: readonly T[]): Decoder<T> =>
  (value, where) => {
    const found = values.find(each => each === value)
    if (found === undefined) refuse(value, where, values.length === 1 ? `${values[0]}` : `one of ${values.join(', ')}`)
    return found
  }

/** A list of at least so many elements. */
export const listOf =
  <T>(decode: Decoder<T>, least = 0): Decoder<readonly T[]> =>
  (value, where) => {
    if (!Array.isArray(value) || value.length < least) refuse(value, where, 'a list')
    return (value as readonly Json[]).map((each, i) => decode(each, `${where}[${i}]`))
  }

type Decoded<D> = D extends Decoder<infer T> ? T : never

/** A list of exactly these elements. */
export const tuple =
  <const D extends readonly Decoder<unknown>[]>(...decoders: D): Decoder<{ readonly [I in keyof D]: Decoded<D[I]> }> =>
  (value, where) => {
    if (!Array.isArray(value) || value.length !== decoders.length) {
      refuse(value, where, `a list of ${decoders.length} elements`)
    }
    const list = value as readonly Json[]
    return decoders.map((decode, i) => decode(list[i], `${where}[${i}]`)) as { readonly [I in keyof D]: Decoded<D[I]> }
  }

type Shape<D> = { readonly [K in keyof D]: Decoded<D[K]> }

/** An object with exactly these keys. */
export const object =
  <D extends { readonly [key: string]: Decoder<unknown> }>(decoders: D): Decoder<Shape<D>> =>
  (value, where) => {
    const facts = asObject(value, where)
    for (const key of Object.keys(facts)) {
      if (!Object.hasOwn(decoders, key))
        throw new ShapeError(`\`${inside(where, key)}\` isn't a key that is known here`)
    }
    const result: { [key: string]: unknown } = {}
    for (const [key, decode] of Object.entries(decoders)) {
      result[key] = decode(Object.hasOwn(facts, key) ? facts[key] : undefined, inside(where, key))
    }
    return result as Shape<D>
  }

export function asObject(value: Json | undefined, where: string): { readonly [key: string]: Json } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(value, where || 'it', 'an object')
  return value as { readonly [key: string]: Json }
}

function inside(where: string, key: string): string {
  return where === '' ? key : `${where}.${key}`
}

/**
 * One of several schemas, picked by a look at the value. zod's own unions try all of them, and can't say which one was
 * meant; its discriminated unions look at the value of one key, while here the presence of a key decides.
 */
import { z } from 'zod'

type Options = readonly z.ZodType[]
/** The one that was meant; null if that isn't clear. */
type Pick = (value: unknown) => z.ZodType | null

interface PickedDef extends z.core.$ZodUnionDef<Options> {
  readonly pick: Pick
  readonly kinds: readonly string[]
}
export interface Picked<T extends Options = Options> extends z.ZodUnion<T> {
  readonly pick: Pick
  /** The keys that decide, one for each option; empty if the type of the value decides. */
  readonly kinds: readonly string[]
}

export const Picked = z.core.$constructor<Picked, PickedDef>('Picked', (self, def) => {
  z.ZodUnion.init(self, def)
  Object.assign(self, { pick: def.pick, kinds: def.kinds })
  self._zod.parse = (payload, context) => {
    const meant = def.pick(payload.value)
    if (meant !== null) return meant._zod.run(payload, context)
    payload.issues.push({ code: 'invalid_union', errors: [], input: payload.value, inst: self })
    return payload
  }
})

function picked<T extends Options>(options: Options, pick: Pick, kinds: readonly string[] = []): Picked<T> {
  // A constructor of zod has one type for all lists of options.
  return new Picked({ type: 'union', options, pick, kinds }) as Picked<T>
}

/** Objects, of which each has a required key that no other has; exactly one of those keys says which one it is. */
export function byKey<T extends { readonly [key: string]: z.ZodType }>(variants: T): Picked<readonly T[keyof T][]> {
  const kinds = Object.keys(variants)
  const pick: Pick = value => {
    const found = kinds.filter(key => isMap(value) && Object.hasOwn(value, key))
    return found.length === 1 ? (variants[found[0] as string] ?? null) : null
  }
  return picked(Object.values(variants), pick, kinds)
}

/** A text, a list, a map: by what YAML has there. */
export function byType<T extends Options>(...options: T): Picked<T> {
  const pick: Pick = value => options.find(each => typeOfOption(each) === typeOf(value)) ?? null
  return picked(options, pick)
}

function typeOfOption(option: z.ZodType): string {
  const { type } = option._zod.def
  if (type === 'map' || type === 'object') return 'map'
  return type === 'array' ? 'list' : 'text'
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'list'
  if (isMap(value)) return isSecret(value) ? 'secret' : 'map'
  return typeof value === 'string' ? 'text' : 'scalar'
}

export function isMap(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `{secret: NAME}` */
export function isSecret(value: unknown): value is { readonly secret: string } {
  return isMap(value) && Object.keys(value).length === 1 && typeof value.secret === 'string'
}

/**
 * Parts of the format (zod schemas), and what zod has no place for: the words by which messages name them.
 * Whatever walks the format (diagnostics, `--set`, documents) goes from part to part by the functions here.
 */
import { z } from 'zod'
import type { ErrorCode } from '../model/error.ts'
import { Picked } from './picked.ts'

export type Part = z.core.$ZodType

/** Why a value can't stand somewhere; what is wrong with its key stands `at` that. */
export type Refusal = { readonly hint?: string | undefined; readonly at?: 'key' } & (
  | /** What it must be: CUSTODY_WRONG_TYPE. */ { readonly must: string }
  | /** What follows on the name of the place: CUSTODY_BAD_VALUE. */ { readonly says: string }
  | { readonly code: ErrorCode; readonly message: string }
)

/** Keys that users choose. Names are those of sources, nodes and sinks. */
export type KeyForm = 'name' | 'branch' | 'label' | 'any'

/** `key` is the last one of the value's path. */
export type Explain = (value: unknown, key: string) => Refusal

export interface Words {
  /** For an object, or one of several: what it is, with its article: `a transform`. */
  readonly what?: string
  /** For an object: keys that people try here, and why they don't exist. */
  readonly refused?: { readonly [key: string]: string }
  /** For an object that uses a plugin: the key that names it, and its kind. */
  readonly plugin?: { readonly key: string; readonly kind: 'source' | 'transform' | 'gate' | 'aggregate' | 'sink' }
  /** For a list or a map: what its items are: `branch`. */
  readonly item?: string
  /** For a map. */
  readonly keys?: KeyForm
  /** For a list: each item may occur once. */
  readonly unique?: true
  /** An object, list or map that needs nothing: YAML may have nothing in its place. */
  readonly empty?: boolean
  /** For a part that may be several things, by their forms in YAML: `an expression, or a map with …`. */
  readonly expects?: string
  /** For a value: what it is, for documents. */
  readonly docs?: string
  /** For a value: why this one is wrong. */
  readonly explain?: Explain
  /** For a value: it may hold any lists and maps. */
  readonly open?: true
  /** For a value: an unquoted variable there may bring a number. */
  readonly numeric?: true
  /** What stands for it if it is wrong, even where it may be left out. */
  readonly instead?: unknown
}

/** An issue with words of its own, one step below where it is found. */
export const ownIssue = (step: string | number, refusal: Refusal) => ({
  code: 'custom' as const,
  path: [step],
  params: { refusal },
  continue: true,
})

export const words = z.registry<Words>()

export const wordsOf = (part: Part): Words => words.get(inner(part)) ?? {}

/** What is said of a part, and its default as it would be written, at the part itself or at what it wraps. */
export function aboutPart(part: Part): z.core.GlobalMeta {
  const wrapped = unwrap(part)
  const by_default = part instanceof z.ZodPrefault && !wordsOf(part).empty ? { default: part.def.defaultValue } : {}
  return { ...(wrapped === null ? {} : aboutPart(wrapped)), ...by_default, ...z.globalRegistry.get(part) }
}

export const isRequired = (part: Part): boolean => part._zod.optin === undefined

/** The part without what says that it may be left out. */
export function inner(part: Part): Part {
  const wrapped = unwrap(part)
  return wrapped === null ? part : inner(wrapped)
}

function unwrap(part: Part): Part | null {
  const wraps = part instanceof z.ZodOptional || part instanceof z.ZodNullable || part instanceof z.ZodPrefault
  return wraps ? part.unwrap() : null
}

/** The part itself, or, of several things, the one that `value` is; null if that isn't clear. */
export function chosen(part: Part, value: unknown): Part | null {
  const own = inner(part)
  return own instanceof Picked ? own.pick(value) : own
}

/** The part one step below `part`, at which `value` stands; null if there is none. */
export function below(part: Part, value: unknown, step: string | number): Part | null {
  const own = chosen(part, value)
  if (own instanceof z.ZodMap) return own.valueType
  if (own instanceof z.ZodArray) return own.element
  if (own instanceof z.ZodObject) return Object.hasOwn(own.shape, step) ? (own.shape[step] as Part) : null
  return null
}

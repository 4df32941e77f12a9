/** What can be found of an entry and its payload by looking at nothing else but the endings that it tells. */
import { commitment, leafHash, SALT_BYTES } from '../../format/hash.ts'
import {
  type FullEntry,
  isReadable,
  type ReadablePayload,
  type StoredEnding,
  type StoredEntry,
  type StoredPayload,
} from '../../ledger/read-port.ts'
import { canonicalize, isCanonical, NotJsonError } from '../../model/canonical.ts'
import { parseJson } from '../../model/json.ts'
import { derive, isObject, type Json, type Row } from '../../model/row.ts'
import type { Hash } from '../../model/sha256.ts'
import { type Facts, hasEndings } from './stored-endings.ts'

/** Larger payloads, and such with more values, are left to who folds: there are limits for what changes may come to. */
const MOST_UNITS = 1024 * 1024
const MOST_VALUES = 64

/** An entry that was looked at by itself. */
export interface Looked {
  readonly entry: StoredEntry
  readonly leaf: Hash
  /** Its text is JSON, and equals its own canonical re-encoding. */
  readonly is_canonical: boolean
  /** Each value that it commits to is there, in a payload of the right form, and fits its commitment. */
  readonly has_values: boolean
  /** Each ending that it tells is in the table of endings as it says. */
  readonly has_endings: boolean
  /** null if there is none; and where nobody needs it any more, because of its subject nothing is open. */
  readonly payload: StoredPayload | null
}

/** `facts`: null if the text isn't canonical. */
export function look(
  { payload, ...entry }: FullEntry,
  facts: Facts | null,
  endings: ReadonlyMap<number, StoredEnding>,
  all_payloads: boolean,
): Looked {
  const leaf = leafHash(entry.body)
  if (facts === null) return { entry, leaf, is_canonical: false, has_values: false, has_endings: false, payload }
  const { c, w } = facts
  const has_values =
    payload !== null && isReadable(payload) && Array.isArray(c) && typeof w === 'number' && fitAll(c, w, payload)
  // The first one of a batch may have its key.
  const opens_batch = facts.b !== undefined && facts.s !== undefined
  const is_needed = all_payloads || !has_values || opens_batch || facts.o !== 0 || facts.f !== undefined
  const has_endings = hasEndings(facts, entry, endings)
  return { entry, leaf, is_canonical: true, has_values, has_endings, payload: is_needed ? payload : null }
}

/** null if the text isn't canonical. */
export function canonicalFacts(body: string): Facts | null {
  const facts = canonicalValue(body)
  return isObject(facts) ? facts : null
}

/** undefined if the text isn't canonical. */
function canonicalValue(text: string): Json | undefined {
  try {
    const value = parseJson(text) as Json
    return isCanonical(value, text) ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof NotJsonError) return undefined
    throw error
  }
}

/**
 * Whether a payload has the values that are committed to, the first of which has the number `first`. False, too, for a payload that
 * whoever folds must look at.
 */
export function fitAll(commitments: readonly Json[], first: number, { body, salts }: ReadablePayload): boolean {
  const { length } = commitments
  if (length > MOST_VALUES || body.length > MOST_UNITS) return false
  const stored = canonicalValue(body)
  if (!Array.isArray(stored) || stored.length !== length || length === 0) return false
  if (salts.length !== length * SALT_BYTES) return false
  const known: Json[] = []
  const elements: readonly Json[] = stored
  // What stands in a canonical text is canonical as it is; `at`: where the next element begins, as long as none before it was a change.
  let at = 1
  for (let i = 0; i < length; i++) {
    const element = elements[i] as Json
    const full = fullValue(element, known, first)
    if (full === undefined) return false
    known.push(full)
    const salt = salts.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES)
    const is_whole = (element as readonly Json[]).length === 1
    try {
      const is_last = i === length - 1
      const text = !is_whole ? canonicalize(full) : is_last && at > 0 ? body.slice(at + 1, -2) : JSON.stringify(full)
      if (commitment(salt, text) !== commitments[i]) return false
      at = is_whole && at > 0 ? at + text.length + 3 : 0
    } catch (error) {
      // A change can nest a value deeper than values may be.
      if (error instanceof NotJsonError) return false
      throw error
    }
  }
  return true
}

/**
 * undefined if it is erased, out of form, a change of a value of another entry, or one that can't be made. `known`: those from
 * `first` on.
 */
function fullValue(element: Json, known: readonly Json[], first: number): Json | undefined {
  if (!Array.isArray(element)) return undefined
  const [value, set, unset] = element as readonly Json[]
  if (element.length === 1) return value
  if (element.length !== 3 || typeof value !== 'number' || !isObject(set) || !Array.isArray(unset)) return undefined
  const base = known[value - first]
  if (!isObject(base)) return undefined
  const removed = unset as readonly Json[]
  for (let i = 0; i < removed.length; i++) {
    const field = removed[i]
    if (typeof field !== 'string' || (i > 0 && (removed[i - 1] as string) >= field)) return undefined
    if (!Object.hasOwn(base, field) || Object.hasOwn(set, field)) return undefined
  }
  return derive(base as Row, set as Row, removed as readonly string[])
}

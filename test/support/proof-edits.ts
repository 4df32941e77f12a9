/** What somebody can do to the file of a proof, and whether it makes them claim anything new. */
import { proofText, type RowProof } from '../../src/format/proof.ts'
import type { VerifierKey } from '../../src/format/verifier-key.ts'
import { isCustodyError } from '../../src/model/error.ts'
import type { Json } from '../../src/model/row.ts'
import { type CheckedProof, checkProof } from '../../src/read/check/check-proof.ts'
import type { Random } from '../simulation/random.ts'

type Place = { readonly of: Container; readonly key: string | number }
type Container = { [key: string | number]: Json }

/** A proof with one to three edits; what it takes from elsewhere is of `other`. Mostly canonical, so that it isn't refused for its form. */
export function edited(proof: RowProof, other: RowProof, random: Random): string {
  const copy = structuredClone(proof) as unknown as Json
  for (let i = random.below(3); i >= 0; i--) {
    const places = placesIn(copy)
    const place = places[random.below(places.length)] as Place
    edit(place, places, placesIn(structuredClone(other) as unknown as Json), random)
  }
  return proofText(copy as unknown as RowProof)
}

/** All places of a JSON value, the entries within texts aside. */
function placesIn(value: Json): readonly Place[] {
  if (typeof value !== 'object' || value === null) return []
  const of = value as Container
  const keys = Array.isArray(value) ? value.map((_, i) => i) : Object.keys(value)
  return keys.flatMap(key => [{ of, key }, ...placesIn(of[key] as Json)])
}

function edit({ of, key }: Place, places: readonly Place[], others: readonly Place[], random: Random): void {
  const value = of[key] as Json
  const from = [...places, ...others].filter(each => each.key === key || (Array.isArray(each.of) && Array.isArray(of)))
  const taken = from[random.below(from.length)]
  switch (random.below(6)) {
    case 0:
      if (Array.isArray(of)) of.splice(Number(key), 1)
      else delete of[key]
      break
    case 1:
      if (Array.isArray(of)) of.splice(Number(key), 0, structuredClone(value))
      else of.extra = value
      break
    case 2:
      if (taken !== undefined) of[key] = structuredClone(taken.of[taken.key] as Json)
      break
    case 3:
      if (Array.isArray(of)) of.reverse()
      else of[key] = null
      break
    default:
      of[key] = altered(value, random)
  }
}

function altered(value: Json, random: Random): Json {
  if (typeof value === 'number') return value + random.below(3) - 1
  if (typeof value === 'boolean') return !value
  if (typeof value !== 'string' || value === '') return value
  const at = random.below(value.length)
  const replaced = value[at] === 'a' ? 'b' : value[at] === '1' ? '2' : random.below(2) === 0 ? 'a' : '1'
  return value.slice(0, at) + replaced + value.slice(at + 1)
}

/** null: it can't be read. */
export async function checkedBy(keys: readonly VerifierKey[], text: string): Promise<CheckedProof | null> {
  try {
    return await checkProof(text, { trusted: keys })
  } catch (error) {
    if (isCustodyError(error) && error.code === 'CUSTODY_PROOF_UNREADABLE') return null
    throw error
  }
}

/** Claims that all of the honest proofs lack that the file was made of. One that can't be read (null) claims nothing. */
export function claimsBeyond(checked: CheckedProof | null, honest: readonly CheckedProof[]): readonly string[] {
  const had = new Set(honest.flatMap(each => each.proven.map(claimText)))
  return (checked?.proven ?? []).map(claimText).filter(each => !had.has(each))
}

const claimText = ({ what, by }: CheckedProof['proven'][number]) => `${what}, by ${by}`

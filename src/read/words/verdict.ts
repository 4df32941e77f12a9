/** What a check of a proof or a record comes to, in sentences. */
import { isNoKey, type TrustKind } from '../check/word.ts'
import type { CheckResult } from '../verify/check.ts'
import { listed, printable } from './text.ts'

interface Checked {
  readonly ok: boolean
  readonly trust: TrustKind
  readonly checks: readonly CheckResult[]
  readonly signed_by: readonly string[]
}

export type Verdict =
  | { readonly kind: 'holds'; readonly name: string; readonly rest: string }
  /** Nothing is wrong with it but that: `signed_by` says who claims to have signed. */
  | { readonly kind: 'untrusted'; readonly name: string; readonly signed_by: string }
  | { readonly kind: 'broken'; readonly name: string }

export function verdictOf({ ok, trust, checks, signed_by }: Checked): Verdict {
  const by = listed(signed_by.map(printable))
  if (ok) {
    const met = trust === 'policy' ? ', and as the policy demands' : ''
    return { kind: 'holds', name: 'holds', rest: `, by ${signed_by.length === 1 ? 'key' : 'keys'} ${by}${met}` }
  }
  if (checks.some(each => !each.ok && each.name !== 'trust')) return { kind: 'broken', name: 'doesn’t hold' }
  const lacking = checks.flatMap(({ name, problems }) => (name === 'trust' ? problems : []))
  return lacking.every(isNoKey)
    ? { kind: 'untrusted', name: 'proves nothing to you: no key that you trust has signed it', signed_by: by }
    : { kind: 'broken', name: 'proves nothing to you: what you demand of its head isn’t there' }
}

/** What each check looks at. One that isn't here is shown with its name alone. */
export const LOOKS_AT: { readonly [check: string]: string | undefined } = {
  log: 'the ledger’s own log leads to the signed head',
  signatures: 'the head is signed by the keys that are in force',
  trust: 'you trust who has signed',
  witnesses: 'cosignatures of witnesses are theirs',
  timestamps: 'timestamps are of this head, and signed',
  since: 'the log extends the head that you have',
  run: 'the run is one of the ledger, and sealed',
  entries: 'these are all entries, and they are in the run’s tree',
  story: 'what they tell can have happened',
  values: 'what is shown is what was recorded',
  tokens: 'each token has exactly one ending',
  groups: 'forks, merges, batches and joins add up',
  totals: 'all is counted again',
  seal: 'the seal says what the entries give',
  erasures: 'there are erasures on record, and nothing else',
}

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

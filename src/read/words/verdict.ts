/** What a check of a proof or a record comes to, in sentences. */
import type { CheckResult } from '../verify/check.ts'
import { listed, printable } from './text.ts'

interface Checked {
  readonly ok: boolean
  readonly checks: readonly CheckResult[]
  readonly signed_by: readonly string[]
}

export type Verdict =
  | { readonly kind: 'holds'; readonly name: string; readonly rest: string }
  /** Nothing is wrong with it but that: `signed_by` says who claims to have signed. */
  | { readonly kind: 'untrusted'; readonly name: string; readonly signed_by: string }
  | { readonly kind: 'broken'; readonly name: string }

export function verdictOf({ ok, checks, signed_by }: Checked): Verdict {
  const by = listed(signed_by.map(printable))
  if (ok) return { kind: 'holds', name: 'holds', rest: `, by ${signed_by.length === 1 ? 'key' : 'keys'} ${by}` }
  return checks.every(each => each.ok || each.name === 'trust')
    ? { kind: 'untrusted', name: 'proves nothing to you: no key that you trust has signed it', signed_by: by }
    : { kind: 'broken', name: 'doesn’t hold' }
}

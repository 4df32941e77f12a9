/** How a token ended, in words that mean the same in every run. */
import { fateOf } from '../../model/outcome.ts'
import type { EndingSummary } from './difference.ts'
import { type Instance, nameOf, type Tale } from './tale.ts'

/** null: it is open. */
export function endingOf({ ending }: Instance, { topology }: Tale): EndingSummary | null {
  if (ending === null) return null
  const fate = fateOf(ending.fate)
  return {
    outcome: fate?.outcome ?? `${ending.fate}`,
    cause: fate?.cause ?? '?',
    sink: ending.sink === 0 ? null : nameOf(topology, ending.sink),
    error_code: ending.error?.code ?? null,
  }
}

export function sameEnding(a: EndingSummary | null, b: EndingSummary | null): boolean {
  return a?.outcome === b?.outcome && a?.cause === b?.cause && a?.sink === b?.sink && a?.error_code === b?.error_code
}

/** `routed to a sink by a gate`, `dropped after an error (BAD)`, `still open`. */
export function endingWords({ ending }: Instance): string {
  if (ending === null) return 'still open'
  const words = fateOf(ending.fate)?.words ?? `fate ${ending.fate}`
  return ending.error === null ? words : `${words} (${ending.error.code})`
}

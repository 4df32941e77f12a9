/** What visits that ask a service come to, attempt by attempt: for the interpreter, which makes no calls. */
import type { Asks } from './model.ts'
import { requestsOf, responseOf } from './service.ts'

export type Heard =
  | { readonly kind: 'heard'; readonly sum: number }
  | { readonly kind: 'error'; readonly code: string; readonly cause: 'error' | 'retries_exhausted' }

interface Failed {
  readonly code: string
  readonly retryable: boolean
}

export function heardBy(asks: Asks | undefined, n: number): Heard {
  if (asks === undefined) return { kind: 'heard', sum: 0 }
  let failed: Failed | null = null
  for (let attempt = 1; attempt <= asks.attempts; attempt++) {
    failed = failureAt(asks, n, attempt)
    if (failed === null) return { kind: 'heard', sum: sumOf(asks, n) }
    if (!failed.retryable) return { kind: 'error', code: failed.code, cause: 'error' }
  }
  return { kind: 'error', code: failed?.code ?? '', cause: 'retries_exhausted' }
}

/** The first in the order of the requests; one that is hasty doesn't tell errors apart. */
function failureAt(asks: Asks, n: number, attempt: number): Failed | null {
  for (const about of requestsOf(asks, n)) {
    const response = responseOf(asks.service, about)
    const code =
      response.kind === 'busy'
        ? 'SIM_BUSY'
        : response.kind === 'refused'
          ? 'SIM_REFUSED'
          : response.down_for >= attempt
            ? 'SIM_DOWN'
            : null
    if (code === null) continue
    if (asks.manner === 'hasty') return { code: 'SIM_HASTY', retryable: true }
    return { code, retryable: code !== 'SIM_REFUSED' }
  }
  return null
}

function sumOf(asks: Asks, n: number): number {
  let sum = 0
  for (const about of requestsOf(asks, n)) {
    const response = responseOf(asks.service, about)
    if (response.kind === 'answer') sum += response.value
  }
  return sum
}

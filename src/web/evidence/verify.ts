/** A verification that the server runs, with its progress as it comes. Leaving the screen gives it up. */
import { useEffect, useRef, useState } from 'react'
import type { z } from 'zod'
import type { Failure } from '../../api/common.ts'
import type { Verified, VerifyProgress } from '../../api/evidence.ts'
import { parseJson } from '../../model/json.ts'
import { urlOf } from '../app/client.ts'

export type Verifying =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly progress: z.infer<typeof VerifyProgress> | null }
  | { readonly kind: 'verified'; readonly verified: Verified; readonly took_ms: number }
  | { readonly kind: 'failed'; readonly message: string }

interface Verification {
  readonly state: Verifying
  readonly start: () => void
  readonly stop: () => void
}

/** @param run null: the whole ledger. */
export function useVerify(run: string | null): Verification {
  const [state, setState] = useState<Verifying>({ kind: 'idle' })
  const source = useRef<EventSource | null>(null)
  const close = () => {
    source.current?.close()
    source.current = null
  }
  useEffect(() => close, [])
  const start = () => {
    close()
    const began = performance.now()
    setState({ kind: 'running', progress: null })
    source.current = listen(run, next => {
      if (next.kind !== 'running') close()
      setState(next.kind === 'verified' ? { ...next, took_ms: performance.now() - began } : next)
    })
  }
  const stop = () => {
    close()
    setState({ kind: 'idle' })
  }
  return { state, start, stop }
}

/** A stream that has ended is not opened anew: whatever it said last is what there is. */
function listen(run: string | null, say: (state: Verifying) => void): EventSource {
  const source = new EventSource(urlOf('/verify/live', { run }))
  const on = <T>(name: string, then: (data: T) => void) =>
    source.addEventListener(name, event => {
      // cast: the server makes these events by the shapes of its API.
      if (event instanceof MessageEvent && typeof event.data === 'string') then(parseJson(event.data) as T)
    })
  on<z.infer<typeof VerifyProgress>>('progress', progress => say({ kind: 'running', progress }))
  on<Verified>('verified', verified => say({ kind: 'verified', verified, took_ms: 0 }))
  on<Failure>('failed', ({ error }) => say({ kind: 'failed', message: error.message }))
  source.addEventListener('error', () =>
    say({
      kind: 'failed',
      message:
        'The server gave no result: it has ended, or as much is being verified as may be at once. Try again in a while.',
    }),
  )
  return source
}

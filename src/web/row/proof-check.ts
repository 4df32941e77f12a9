/** The proof of a row: fetched, and checked in the page by the verifier's own code, which is loaded when it is first needed. */
import { useQuery } from '@tanstack/react-query'
import { getText } from '../app/client.ts'
import type { ProofAnswer, ProofQuestion, ProofResult } from './proof-messages.ts'

export interface ProofCheck {
  /** As it came, byte for byte; null until it has. */
  readonly text: string | null
  readonly result: ProofResult | null
  /** Why there is no proof. */
  readonly error: unknown
  readonly took_ms: number
}

/** @param trust what the reader trusts, as text. */
export function useProofCheck(run: string, row: number, trust: string, on: boolean): ProofCheck {
  const proof = useQuery({
    queryKey: ['proof', run, row],
    queryFn: ({ signal }) => getText(`/runs/${run}/rows/${row}/proof`, signal),
    enabled: on,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const text = proof.data ?? null
  const checked = useQuery({
    queryKey: ['proof checked', run, row, proof.dataUpdatedAt, trust],
    queryFn: async () => {
      const began = performance.now()
      const result = await worker().check(text ?? '', trust)
      return { result, took_ms: performance.now() - began }
    },
    enabled: text !== null,
    staleTime: Number.POSITIVE_INFINITY,
  })
  return {
    text,
    result: checked.data?.result ?? null,
    error: proof.error ?? checked.error,
    took_ms: checked.data?.took_ms ?? 0,
  }
}

class ProofWorker {
  readonly #worker = new Worker(new URL('./proof-worker.ts', import.meta.url), { type: 'module' })
  readonly #waiting = new Map<number, PromiseWithResolvers<ProofResult>>()
  #asked = 0

  constructor() {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<ProofAnswer>) => {
      this.#waiting.get(data.id)?.resolve(data)
      this.#waiting.delete(data.id)
    })
    this.#worker.addEventListener('error', event => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`The checking code couldn’t be run: ${event.message || 'it wasn’t loaded'}.`))
      this.#waiting.clear()
      started = null
    })
  }

  check(proof: string, trust: string): Promise<ProofResult> {
    const id = ++this.#asked
    const waiting = Promise.withResolvers<ProofResult>()
    this.#waiting.set(id, waiting)
    this.#worker.postMessage({ id, proof, trust } satisfies ProofQuestion)
    return waiting.promise
  }
}

let started: ProofWorker | null = null

function worker(): ProofWorker {
  started ??= new ProofWorker()
  return started
}

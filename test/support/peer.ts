/** A service on the virtual clock that answers as a test says, and a pipeline that asks it about each row. */
import { derive, type Json, type Row } from '../../src/model/row.ts'
import type { CallAnswer } from '../../src/sdk/call.ts'
import type { UnorderedTransformSpec, VisitContext } from '../../src/sdk/spec.ts'
import { Rig, transformOf } from './rig.ts'

export interface PeerLimits {
  readonly services?: {
    readonly [name: string]: {
      readonly per_minute?: number
      readonly concurrency?: number
      readonly breaker?: 'off' | { readonly failures?: number; readonly give_up_after?: string }
      readonly max_wait?: string
    }
  }
  readonly spend?: { readonly usd: number }
}

/** Asks about rows with `n` from 1 to `rows`. */
export const askingPipeline = (rows: number, more = '', to = 'ask') => `
name: asking
sources:
  rows:
    plugin: feed
    options: { chunks: [{ rows: ${JSON.stringify(Array.from({ length: rows }, (_, i) => ({ n: i + 1 })))} }] }
    on_invalid: discard
    to: ${to}
nodes:
  ask: { transform: ask_peer, on_error: failed, to: out }
sinks:
  out: { plugin: keep, on_error: discard }
  failed: { plugin: keep, on_error: discard }
retry: { attempts: 3, backoff: 1s }
${more}`

interface Asked {
  readonly n: Json
  readonly at_ms: number
}

/** A service that takes `latency_ms`, and answers the k-th time that `n` is asked as `answer` says. */
export class Peer {
  readonly asked: Asked[] = []
  most_at_once = 0
  latency_ms = 100
  at_most_usd = 0
  answer: (n: Json, times: number) => CallAnswer = n => ({ kind: 'answer', response: { said: n } })
  rig!: Rig
  #in_flight = 0
  #began_us = 0

  async perform(n: Json): Promise<CallAnswer> {
    const { clock } = this.rig
    if (this.asked.length === 0) this.#began_us = clock.now_us()
    this.asked.push({ n, at_ms: (clock.now_us() - this.#began_us) / 1000 })
    const times = this.asked.filter(each => each.n === n).length
    this.most_at_once = Math.max(this.most_at_once, ++this.#in_flight)
    await clock.sleep(this.latency_ms * 1000)
    this.#in_flight--
    return this.answer(n, times)
  }

  async ask(n: Json, { call }: VisitContext): Promise<Json | { readonly kind: 'error' }> {
    const result = await call('peer', { request: { n }, at_most_usd: this.at_most_usd }, () => this.perform(n))
    return result.kind === 'answer' ? (result.response as Row).said! : result
  }

  /** A transform that asks for each name in `asks`, one after the other, and keeps what was said. */
  transform(
    asks: (row: Row) => readonly Json[] = row => [row.n!],
    more: Partial<UnorderedTransformSpec> = {},
  ): UnorderedTransformSpec {
    const process = async (row: Row, context: VisitContext) => {
      const said: Json[] = []
      for (const n of asks(row)) {
        const result = await this.ask(n, context)
        if (typeof result === 'object' && result !== null && 'kind' in result) return result as never
        said.push(result as Json)
      }
      return { kind: 'row' as const, row: derive(row, { said }) }
    }
    return transformOf('ask_peer', process, { determinism: 'external', services: () => ['peer'], ...more })
  }

  on(text: string, spec = this.transform()): Rig {
    this.rig = new Rig(text, [spec])
    return this.rig
  }
}

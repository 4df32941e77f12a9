/** A sink that sends, and its far side: for tests of the engine on the clock. */
import { z } from 'zod'
import type { RunResult } from '../../src/engine/run/start.ts'
import type { IntentFact } from '../../src/format/entry.ts'
import type { Json, Row } from '../../src/model/row.ts'
import type {
  Keyed,
  OutboundSink,
  OutboundSinkSpec,
  Outgoing,
  PluginSpec,
  RowError,
  SendBatch,
  Sent,
} from '../../src/sdk/spec.ts'
import { Power } from './power.ts'
import { PLUGIN_COMMON, Rig } from './rig.ts'

/** Rows numbered from 1, to a sink `hook`. */
export const pipeline = (rows: number, more = '', ask = 'hook') => `
name: hooked
sources:
  rows:
    plugin: feed
    options: { chunks: [{ rows: ${JSON.stringify(Array.from({ length: rows }, (_, i) => ({ n: i + 1 })))} }] }
    on_invalid: discard
    to: ${ask}
sinks:
  hook: { plugin: hook, on_error: refused }
  refused: { plugin: keep, on_error: discard }
retry: { attempts: 3, backoff: 1s }
${more}`

export const OK: Sent = { kind: 'accepted', response: { ok: true } }
export const NO: Sent = { kind: 'rejected', code: 'BAD', message: 'no', retryable: false }
export const BUSY: Sent = { kind: 'rejected', code: 'BUSY', message: 'busy', retryable: true }
export const LOST: Sent = { kind: 'in_doubt', message: 'the connection broke' }

interface HookOutgoing extends Outgoing {
  readonly n: Json
}

/** The far side of a sink `hook`: takes `latency_ms`, and answers the k-th request that begins with `n` as `answer` says. */
export class Hook {
  readonly begun: Array<{
    readonly n: Json
    readonly key: string
    readonly at_ms: number
    readonly recorded: boolean
    readonly epoch: number
  }> = []
  /** The values of `n` in the rows of each request. */
  readonly requests: Json[][] = []
  latency_ms = 100
  idempotent = false
  batch: SendBatch | null = null
  sequential = false
  answer: (n: Json, times: number) => Sent = () => OK
  request: (row: Row) => Json | RowError = row => ({ n: row.n! })
  /** Called when the run is given up. */
  fenced: (epoch: number) => void = () => undefined
  rig!: Rig
  most_at_once = 0
  #in_flight = 0
  #began_us = 0

  on(text: string, more: readonly PluginSpec[] = []): Rig {
    this.rig = new Rig(text, [this.#spec(), ...more])
    this.#began_us = this.rig.clock.now_us()
    return this.rig
  }

  get sent(): Json[] {
    return this.begun.map(each => each.n)
  }

  #spec(): OutboundSinkSpec<unknown> {
    return {
      ...PLUGIN_COMMON,
      ...{ kind: 'sink', name: 'hook', options: z.unknown(), delivery: 'outbound', determinism: 'external' },
      services: () => ['far'],
      idempotent: () => this.idempotent,
      sequential: () => this.sequential,
      ...(this.batch !== null && { batch: () => this.batch }),
      create: (): OutboundSink<HookOutgoing> => ({
        request: row => this.#outgoing(row),
        send: (rows, { epoch }) => this.#send(rows, epoch),
        fence: async epoch => void this.fenced(epoch),
      }),
    }
  }

  #outgoing(row: Row): HookOutgoing | RowError {
    const request = this.request(row)
    if (typeof request === 'object' && request !== null && 'kind' in request) return request as RowError
    return { kind: 'outgoing', service: 'far', request: request as Json, n: row.n! }
  }

  async #send(rows: readonly Keyed<HookOutgoing>[], epoch: number): Promise<Sent> {
    const { clock } = this.rig
    const intents = this.rig.facts<IntentFact>('intents')
    for (const { key, outgoing } of rows) {
      const recorded = intents.some(({ token }) => key.split('-').at(-2) === String(token))
      this.begun.push({ n: outgoing.n, key, at_ms: (clock.now_us() - this.#began_us) / 1000, recorded, epoch })
    }
    this.requests.push(rows.map(({ outgoing }) => outgoing.n))
    this.most_at_once = Math.max(this.most_at_once, ++this.#in_flight)
    const { n } = rows[0]!.outgoing
    const times = this.sent.filter(each => each === n).length
    await clock.sleep(this.latency_ms * 1000)
    this.#in_flight--
    return this.answer(n, times)
  }

  /** The power fails after this time, and another process continues a second later. */
  async crashAndResume(after_ms: number): Promise<RunResult> {
    this.rig.clock.wake(after_ms * 1000, () => {
      this.rig.ledger.power = new Power(1)
    })
    await this.rig.run()
    this.rig.ledger.power = new Power(Number.POSITIVE_INFINITY)
    return this.rig.resume(1_000)
  }
}

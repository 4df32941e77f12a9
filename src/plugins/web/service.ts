/** One node's dealings with the web: makes the request, judges the answer's status, keeps secrets out of what is recorded. */
import type { Json } from '../../model/row.ts'
import type { CallAnswer, CallFailure } from '../../sdk/call.ts'
import type { Sent } from '../../sdk/spec.ts'
import { Masks, type Secret } from '../masks.ts'
import { retryAfter } from '../retry-after.ts'
import { type WebAnswer, WebClient, type WebLimits } from './client.ts'
import type { Outgoing } from './exchange.ts'
import { statusFailure } from './failures.ts'
import { proxySecrets } from './proxy.ts'
import { type BodyRead, type ShownResponse, showAnswer, showError } from './response.ts'

export interface ServiceSettings {
  readonly limits: WebLimits
  /** Whether a status is taken for an answer. */
  readonly isOk: (status: number) => boolean
  /** Statuses after which another attempt could help. */
  readonly retried: readonly number[]
  readonly secrets: readonly Secret[]
  /** How much is recorded of a body that `send` gets, as text; all that an error has if absent. */
  readonly recorded_chars?: number | undefined
}

export class WebService {
  readonly #client: WebClient
  readonly #settings: ServiceSettings
  readonly #masks: Masks

  constructor(settings: ServiceSettings) {
    this.#client = new WebClient(settings.limits)
    this.#settings = settings
    this.#masks = new Masks([...settings.secrets, ...proxySecrets(process.env)])
  }

  /** `read`: what is recorded of the body of an answer that is taken for one. */
  async ask(
    outgoing: Outgoing,
    signal: AbortSignal,
    read: (answer: WebAnswer, masks: Masks) => BodyRead,
  ): Promise<CallAnswer> {
    const answer = await this.#client.ask(outgoing, signal)
    if (answer.kind === 'failure') return answer
    if (!this.#settings.isOk(answer.status)) return this.#refused(answer, outgoing)
    const body = read(answer, this.#masks)
    if (body.kind === 'failure') return { ...body, response: showError(answer, outgoing.url, this.#masks) as Json }
    return { kind: 'answer', response: showAnswer(answer, outgoing.url, body, this.#masks) as Json }
  }

  /** Sends what can't be taken back: what surely wasn't taken is told apart from what may have been. */
  async send(outgoing: Outgoing, signal: AbortSignal): Promise<Sent> {
    const answer = await this.#client.ask(outgoing, signal)
    if (answer.kind === 'incoming') {
      const response = this.#cut(showError(answer, outgoing.url, this.#masks))
      return this.#sent(answer.status, response, () => this.#refused(answer, outgoing))
    }
    const { reached, message } = answer
    if (reached === 'nothing') return { ...answer, kind: 'rejected' }
    if (reached === 'service') return { kind: 'in_doubt', message }
    // Its status says all that counts.
    const failed = statusFailure(reached, outgoing.url.origin, null, this.#settings.retried.includes(reached))
    return this.#sent(reached, { status: reached, headers: {}, body: null }, () => failed)
  }

  close(): void {
    this.#client.close()
  }

  /** A service that fails (500 to 599) may have taken what it was sent, unless its status is one of those that turn away. */
  #sent(status: number, response: ShownResponse, failureOf: () => CallFailure): Sent {
    const { isOk, retried } = this.#settings
    if (isOk(status)) return { kind: 'accepted', response }
    const failed = failureOf()
    if (status >= 500 && !retried.includes(status)) return { kind: 'in_doubt', message: failed.message, response }
    return { ...failed, kind: 'rejected', response }
  }

  #cut(response: ShownResponse): ShownResponse {
    const { recorded_chars = Number.POSITIVE_INFINITY } = this.#settings
    const { body } = response
    if (typeof body !== 'string' || body.length <= recorded_chars) return response
    return { ...response, body: body.slice(0, recorded_chars).toWellFormed() }
  }

  #refused(answer: WebAnswer, { url }: Outgoing): CallFailure {
    const { date, 'retry-after': after, 'retry-after-ms': after_ms } = answer.headers
    const retry_after_ms = retryAfter({ date, 'retry-after': after, 'retry-after-ms': after_ms?.toString() })
    const retried = this.#settings.retried.includes(answer.status)
    return {
      ...statusFailure(answer.status, answer.url.origin, retry_after_ms, retried),
      response: showError(answer, url, this.#masks) as Json,
    }
  }
}

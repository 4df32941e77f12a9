/** One node's dealings with the web: makes the request, judges the answer's status, keeps secrets out of what is recorded. */
import type { Json } from '../../model/row.ts'
import type { CallAnswer, CallFailure } from '../../sdk/call.ts'
import type { Sent } from '../../sdk/spec.ts'
import { Masks, type Secret } from '../masks.ts'
import { limitReset, retryAfter } from '../retry-after.ts'
import { type WebAnswer, WebClient, type WebLimits } from './client.ts'
import type { Broken, Outgoing } from './exchange.ts'
import { brokenFailure, type StatusRules, statusFailure } from './failures.ts'
import { proxySecrets } from './proxy.ts'
import { type BodyRead, type ShownResponse, showAnswer, showError } from './response.ts'

export interface ServiceSettings extends StatusRules {
  readonly limits: WebLimits
  /** Whether a status is taken for an answer. */
  readonly isOk: (status: number) => boolean
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

  /** `read`: what is recorded of the body of an answer that is no error. */
  async ask(
    outgoing: Outgoing,
    signal: AbortSignal,
    read: (answer: WebAnswer, masks: Masks) => BodyRead,
  ): Promise<CallAnswer> {
    const answer = await this.#client.ask(outgoing, signal)
    if (answer.kind === 'failure') return this.#broken(answer, outgoing)
    if (!this.#settings.isOk(answer.status)) return this.#refused(answer, outgoing)
    const body = read(answer, this.#masks)
    if (body.kind === 'failure') return { ...body, response: showError(answer, outgoing.url, this.#masks) as Json }
    return { kind: 'answer', response: showAnswer(answer, outgoing.url, body, this.#masks) as Json }
  }

  /** Sends what can't be taken back: what surely wasn't accepted is told apart from what may have been. */
  async send(outgoing: Outgoing, signal: AbortSignal): Promise<Sent> {
    const answer = await this.#client.ask(outgoing, signal)
    if (answer.kind === 'incoming') {
      const response = this.#cut(showError(answer, outgoing.url, this.#masks))
      return this.#sent(answer.status, response, () => this.#refused(answer, outgoing))
    }
    const { reached } = answer
    const failed = this.#broken(answer, outgoing)
    if (reached === 'nothing') return { ...failed, kind: 'rejected' }
    if (reached === 'service') return inDoubt(failed)
    // The status is all that counts.
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
    if (status >= 500 && !retried.includes(status)) return { ...inDoubt(failed), response }
    return { ...failed, kind: 'rejected', response }
  }

  /** What came back may be unreadable: the status says all the same that it is an error. */
  #broken(broken: Broken, { url }: Outgoing): CallFailure {
    const { reached, direct } = broken
    if (typeof reached !== 'number' || this.#settings.isOk(reached) || broken.code === 'HTTP_REDIRECTS')
      return brokenFailure(broken, this.#settings)
    return statusFailure({ status: reached, origin: url.origin, retry_after_ms: null, direct }, this.#settings)
  }

  #cut(response: ShownResponse): ShownResponse {
    const { recorded_chars = Number.POSITIVE_INFINITY } = this.#settings
    const { body } = response
    if (typeof body !== 'string' || body.length <= recorded_chars) return response
    return { ...response, body: body.slice(0, recorded_chars).toWellFormed() }
  }

  #refused(answer: WebAnswer, { url }: Outgoing): CallFailure {
    const { status, headers } = answer
    const { origin } = answer.url
    const texts = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value?.toString()]))
    const retry_after_ms = retryAfter(texts) ?? (status === 429 ? limitReset(texts) : null)
    return {
      ...statusFailure({ status, origin, retry_after_ms, direct: origin === url.origin }, this.#settings),
      response: showError(answer, url, this.#masks) as Json,
    }
  }
}

function inDoubt({ message, outage }: CallFailure): Extract<Sent, { kind: 'in_doubt' }> {
  return { kind: 'in_doubt', message, ...(outage === true ? { outage } : {}) }
}

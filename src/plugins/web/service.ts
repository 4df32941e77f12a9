/** One node's dealings with the web: makes the request, judges the answer's status, keeps secrets out of what is recorded. */
import type { CallAnswer, CallFailure } from '../../sdk/call.ts'
import { type WebAnswer, WebClient, type WebLimits } from './client.ts'
import type { Outgoing } from './exchange.ts'
import { retryAfter, statusFailure } from './failures.ts'
import { Masks, type NamedSecret } from './masks.ts'
import { type BodyRead, errorBody, showResponse } from './response.ts'

export interface ServiceSettings {
  readonly limits: WebLimits
  /** Whether a status is taken for an answer. */
  readonly isOk: (status: number) => boolean
  /** Statuses after which another attempt could help. */
  readonly retried: readonly number[]
  readonly secrets: readonly NamedSecret[]
}

export class WebService {
  readonly #client: WebClient
  readonly #settings: ServiceSettings
  readonly #masks: Masks

  constructor(settings: ServiceSettings) {
    this.#client = new WebClient(settings.limits)
    this.#settings = settings
    this.#masks = new Masks(settings.secrets)
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
    if (body.kind === 'failure')
      return { ...body, response: showResponse(answer, outgoing.url, errorBody(answer), this.#masks) }
    return { kind: 'answer', response: showResponse(answer, outgoing.url, body.body, this.#masks) }
  }

  close(): void {
    this.#client.close()
  }

  #refused(answer: WebAnswer, { url }: Outgoing): CallFailure {
    const retry_after_ms = retryAfter(answer.headers['retry-after'], Date.now())
    const retried = this.#settings.retried.includes(answer.status)
    return {
      ...statusFailure(answer.status, answer.url.origin, retry_after_ms, retried),
      response: showResponse(answer, url, errorBody(answer), this.#masks),
    }
  }
}

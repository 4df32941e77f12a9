/** Chaos peers for tests, and a client that speaks to them over HTTP. */
import { afterEach } from 'vitest'
import type { ChaosOptions } from '../../src/chaos/options.ts'
import { type ChaosPeer, startChaosPeer } from '../../src/chaos/peer.ts'

/** A function that starts peers; each is closed when its test has ended. */
export function peerStarter(): (options?: ChaosOptions) => Promise<ChaosPeer> {
  const open: ChaosPeer[] = []
  afterEach(() => Promise.all(open.splice(0).map(peer => peer.close())))
  return async options => {
    const peer = await startChaosPeer(options)
    open.push(peer)
    return peer
  }
}

export const SCHEMA = {
  type: 'object',
  properties: { label: { enum: ['good', 'bad'] }, score: { type: 'number', minimum: 0, maximum: 1 } },
  required: ['label', 'score'],
  additionalProperties: false,
}
export const WITH_SCHEMA = { response_format: { type: 'json_schema', json_schema: { name: 'it', schema: SCHEMA } } }

export function post(peer: ChaosPeer, path: string, body: string): Promise<Response> {
  return fetch(peer.url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
}

/** Asks for a completion; `more` overrides what the body has anyway. */
export function chat(peer: ChaosPeer, prompt: string, more: object = {}): Promise<Response> {
  const body = { model: 'm', messages: [{ role: 'user', content: prompt }], ...more }
  return post(peer, '/v1/chat/completions', JSON.stringify(body))
}

interface Completion {
  readonly choices: ReadonlyArray<{
    readonly message: { readonly content: string | null; readonly refusal: string | null }
    readonly finish_reason: string
  }>
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number }
}

/** What a model said, if it did. */
export async function completed(asked: Promise<Response>) {
  const { choices, usage } = (await (await asked).json()) as Completion
  const [choice] = choices
  if (choice === undefined) throw new Error('a response without choices')
  return { ...choice.message, finish_reason: choice.finish_reason, usage }
}

/** Status and message of an error. */
export async function refused(asked: Promise<Response>): Promise<{ status: number; message: string }> {
  const response = await asked
  const { error } = (await response.json()) as { readonly error: { readonly message: string } }
  return { status: response.status, message: error.message }
}

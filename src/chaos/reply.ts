/** What is sent back, before anything goes wrong with it. */
import type { Json } from '../model/row.ts'

export interface Reply {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  readonly body: Buffer
  /** Sent in chunks, without a length: server-sent events. */
  readonly streamed: boolean
}

const JSON_TYPE = 'application/json'

export function textReply(status: number, type: string, text: string, headers: Reply['headers'] = {}): Reply {
  return { status, headers: { 'content-type': type, ...headers }, body: Buffer.from(text), streamed: false }
}

export function jsonReply(status: number, value: Json, headers: Reply['headers'] = {}): Reply {
  return textReply(status, JSON_TYPE, JSON.stringify(value), headers)
}

/** An error as model servers report it. */
export function errorReply(status: number, type: string, message: string, headers: Reply['headers'] = {}): Reply {
  return jsonReply(status, { error: { message, type, param: null, code: type } }, headers)
}

export function badRequest(message: string): Reply {
  return errorReply(400, 'invalid_request_error', message)
}

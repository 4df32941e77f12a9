/** For tests: a server that speaks as much of OpenAI's chat completions as one answer needs, and does what a test says. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Heard {
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: { readonly [key: string]: unknown }
}

export type Reply = (response: ServerResponse, heard: Heard) => void

export class ModelServer {
  readonly heard: Heard[] = []
  readonly #replies: Reply[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const body = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Heard['body']
      const heard: Heard = { url: request.url ?? '', headers: request.headers, body }
      this.heard.push(heard)
      const reply = this.#replies.shift() ?? says('nothing more was planned')
      reply(response, heard)
    })
  }

  static async start(): Promise<ModelServer> {
    const one = new ModelServer()
    await new Promise<void>(resolve => one.#server.listen(0, '127.0.0.1', resolve))
    return one
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/v1`
  }

  /** Messages of the nth request, from 0. */
  messages(n: number): readonly { readonly role: string; readonly content: string }[] {
    return (this.heard[n]?.body.messages ?? []) as ReturnType<ModelServer['messages']>
  }

  /** What the next requests are answered, in order. */
  plan(...replies: readonly Reply[]): void {
    this.heard.length = 0
    this.#replies.splice(0, Number.POSITIVE_INFINITY, ...replies)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }
}

/** A whole answer; `more` beside its message and its reason to end. */
export function says(content: string | null, finish_reason = 'stop', message: object = {}): Reply {
  return json(200, {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'model-1',
    choices: [{ index: 0, message: { role: 'assistant', content, ...message }, finish_reason }],
    usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
  })
}

export function json(status: number, value: unknown, headers: { readonly [name: string]: string } = {}): Reply {
  return response => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(value))
  }
}

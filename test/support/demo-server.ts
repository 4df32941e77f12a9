/** A server of the example's ledger, asked within this process, on a clock that the test moves. */
import type { Hono } from 'hono'
import type { Role } from '../../src/api/session.ts'
import { type Assembled, assemble, type ServerSettings } from '../../src/server/assemble.ts'
import { WorkFolder } from './work-folder.ts'

export const PORT = 7377
export const ORIGIN = `http://127.0.0.1:${PORT}`
export const API = '/api/v1'

export interface Ask {
  readonly method?: string
  readonly headers?: { readonly [name: string]: string }
  /** Sent as JSON, unless it is a text. */
  readonly body?: unknown
}

/** How somebody asks: with the headers that sign them in. */
export type Asking = (path: string, ask?: Ask) => Promise<Response>

export class DemoServer {
  readonly work: WorkFolder
  readonly run: string
  readonly url: string
  /** Milliseconds. */
  now_ms = Date.UTC(2026, 10, 1)
  readonly troubles: unknown[] = []
  readonly spent: string[] = []
  private readonly timers = new Set<() => void>()
  private assembled: Assembled | null = null

  private constructor(work: WorkFolder, run: string) {
    this.work = work
    this.run = run
    this.url = `sqlite:${work.folder}/custody.db`
  }

  /** With one run of the example. */
  static async begin(settings: Partial<ServerSettings> = {}): Promise<DemoServer> {
    const work = new WorkFolder({})
    await work.custody('init', 'demo')
    const { json } = await work.custody('run', 'demo/pipeline.yaml', '--json')
    const server = new DemoServer(work, json.run)
    server.assembled = await assemble({ ...server.settings(), ...settings }, PORT)
    return server
  }

  settings(): ServerSettings {
    return {
      url: this.url,
      env: this.work.env,
      explorer: `${this.work.folder}/explorer`,
      version: '0.1.0',
      index: false,
      operator: null,
      oidc: null,
      checks_answers: true,
      clock: {
        now_us: () => this.now_ms * 1000,
        now_s: () => this.now_ms / 1000,
        every: (_ms, work) => {
          this.timers.add(work)
          return () => this.timers.delete(work)
        },
      },
      observer: {
        onTrouble: error => this.troubles.push(error),
        onSpent: () => this.spent.push(this.parts.code() ?? ''),
      },
    }
  }

  get parts(): Assembled {
    if (this.assembled === null) throw new Error('the server has not begun')
    return this.assembled
  }

  get app(): Hono {
    return this.parts.app
  }

  /** As whoever says nothing of themselves. */
  readonly ask: Asking = async (path, { method = 'GET', headers = {}, body } = {}) => {
    const content: { readonly [name: string]: string } =
      body === undefined ? {} : { 'content-type': 'application/json' }
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    // As clients say it on the wire.
    const length = text === undefined ? {} : { 'content-length': `${Buffer.byteLength(text)}` }
    return this.app.request(`${ORIGIN}${path}`, {
      method,
      headers: { host: `127.0.0.1:${PORT}`, ...content, ...length, ...headers },
      ...(text === undefined ? {} : { body: text }),
    })
  }

  readonly withToken: Asking = (path, ask = {}) =>
    this.ask(path, { ...ask, headers: { authorization: `Bearer ${this.parts.token}`, ...ask.headers } })

  /** With the cookie of a session. */
  as(role: Role): Asking {
    const { secret, session } = this.parts.sessions.begin(`some ${role}`, role)
    const headers = { cookie: `custody-${PORT}=${secret}`, origin: ORIGIN, 'x-custody-csrf': session.csrf }
    return (path, ask = {}) => this.ask(path, { ...ask, headers: { ...headers, ...ask.headers } })
  }

  /** What is done again and again is done once. */
  tick(): void {
    for (const work of this.timers) work()
  }

  async close(): Promise<void> {
    await this.assembled?.close()
    this.work.close()
  }
}

/** W1 with a webhook: rows of a CSV file go by a gate into two CSV files, all of them into lines of JSON, and some to a service. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CrashPipeline } from '../crash/pipelines.ts'

const ROWS = 900
const SENT_EACH = 15

/** What it is to take. */
const due = (): string[] =>
  rows().flatMap(({ id, amount }) => (id % SENT_EACH === 0 ? JSON.stringify({ id, amount, half: amount / 2 }) : []))

/** A service that takes each row once, by the key of its request. */
export class Hook {
  readonly #server: Server
  /** Bodies by key. */
  #taken = new Map<string, string>()
  /** Keys that came with another body than before. */
  #changed: string[] = []
  /** Keys that came with the same body as before. */
  repeated = 0
  /** What is done once it has taken so many. */
  #acts: { readonly taken: number; readonly act: () => void | Promise<void> }[] = []

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        const [key, body] = [String(request.headers['idempotency-key']), Buffer.concat(parts).toString()]
        if (this.#taken.has(key)) this.repeated++
        if ((this.#taken.get(key) ?? body) !== body) this.#changed.push(key)
        this.#taken.set(key, body)
        void this.#actions().then(() => response.end('{}'))
      })
    })
  }

  static async open(): Promise<Hook> {
    const hook = new Hook()
    hook.#server.listen(0, '127.0.0.1')
    await once(hook.#server, 'listening')
    return hook
  }

  get url(): string {
    // cast: it listens on TCP.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/rows`
  }

  get port(): number {
    return Number(new URL(this.url).port)
  }

  async #actions(): Promise<void> {
    const begun = this.#acts.filter(({ taken }) => taken <= this.#taken.size)
    this.#acts = this.#acts.filter(each => !begun.includes(each))
    for (const { act } of begun) await act()
  }

  /** `share`: of all that it is to take. The request that comes then is answered when that is done. */
  after(share: number, act: () => void | Promise<void>): void {
    this.#acts.push({ taken: Math.floor(share * due().length), act })
  }

  forget(): void {
    this.#taken = new Map()
    this.#changed = []
    this.repeated = 0
  }

  /** Which rows it has taken, by their ids. */
  get ids(): readonly number[] {
    return [...this.#taken.values()].map(body => Number(JSON.parse(body).id))
  }

  /** What is wrong with what came since it was asked last. */
  problems(): string[] {
    const [taken, changed] = [[...this.#taken.values()].sort(), this.#changed]
    this.forget()
    const all = due()
    const differ =
      JSON.stringify(taken) === JSON.stringify(all.sort())
        ? []
        : [`the service has ${taken.length} rows of ${all.length}: ${taken.join(' ')}`]
    return [...changed.map(key => `${key} came with another body`), ...differ]
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** Ids of all that are sent. */
export const dueIds = (): readonly number[] => rows().flatMap(({ id }) => (id % SENT_EACH === 0 ? [id] : []))

const rows = () => Array.from({ length: ROWS }, (_, i) => ({ id: i + 1, amount: ((i + 1) * 7919) % 9000 }))

/** `more`: options of the webhook, and what else stands in the pipeline. */
export const w1With = (
  { url }: Pick<Hook, 'url'>,
  more = { options: 'idempotent: true', limits: '' },
): CrashPipeline => ({
  name: 'w1',
  asynchronous: true,
  files: {
    'in.csv': ['id,amount', ...rows().map(({ id, amount }) => `${id},${id % 97 === 0 ? 'much' : amount}`), ''].join(
      '\n',
    ),
  },
  yaml: `
name: w1
defaults: { on_error: problems, on_invalid: problems }
sources:
  in: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer, amount: integer } }, to: half }
nodes:
  half: { transform: compute, options: { set: { half: 'double(row.amount) / 2.0' } }, to: copies }
  copies: { fork: { lines: lines, sorted: size, sent: some } }
  size: { gate: row.amount >= 5000, routes: { true: large, false: small } }
  some: { gate: row.id % ${SENT_EACH} == 0, routes: { true: hook, false: discard } }
sinks:
  large: { plugin: csv, options: { path: out/large.csv } }
  small: { plugin: csv, options: { path: out/small.csv } }
  lines: { plugin: jsonl, options: { path: out/lines.jsonl } }
  hook: { plugin: http, options: { url: ${url}, allow: [127.0.0.1], ${more.options} } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
${more.limits}`,
})

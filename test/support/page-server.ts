/** For tests of sources: a service with pages of numbered orders, which fails as it is told to, and remembers what it was asked. */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PageServerSettings {
  readonly orders: number
  readonly per_page: number
  /** Before an answer. */
  readonly latency_ms?: () => number
  /** What befalls a request instead of an answer: `page` from 0, `nth` time that it is asked for, from 1. */
  readonly trouble?: (page: number, nth: number) => Trouble | null
}

/** A status with its headers, or a connection that is cut within the answer. */
export type Trouble = { readonly status: number; readonly headers?: { readonly [name: string]: string } } | 'cut'

export class PageServer {
  /** Pages, from 0, in the order in which they were asked for. */
  readonly asked: number[] = []
  readonly #settings: PageServerSettings
  readonly #server: Server

  private constructor(settings: PageServerSettings) {
    this.#settings = settings
    this.#server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://x')
      void this.#answer(url, response)
    })
  }

  static async start(settings: PageServerSettings): Promise<PageServer> {
    const server = new PageServer(settings)
    await new Promise<void>(resolve => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  /** All that it has, as rows. */
  static rows(from: number, to: number): { readonly id: number; readonly total: number; readonly note: string }[] {
    return Array.from({ length: Math.max(0, to - from) }, (_, i) => {
      const id = from + i + 1
      return { id, total: id * 1.5, note: `order ${id}` }
    })
  }

  /** `/page?page=1`, `/offset?offset=0&limit=5`, `/cursor?after=…`, `/link?n=…`. */
  async #answer({ pathname, searchParams }: URL, response: ServerResponse): Promise<void> {
    const { orders, per_page, latency_ms, trouble } = this.#settings
    const number = (name: string) => Number(searchParams.get(name) ?? 0)
    const page = { '/page': number('page') - 1, '/offset': number('offset') / per_page }[pathname] ?? number('after')
    this.asked.push(page)
    const nth = this.asked.filter(each => each === page).length
    await new Promise(resolve => setTimeout(resolve, latency_ms?.() ?? 0))
    const bad = trouble?.(page, nth) ?? null
    const data = PageServer.rows(page * per_page, Math.min(orders, (page + 1) * per_page))
    const next = (page + 1) * per_page < orders ? page + 1 : null
    const text = JSON.stringify(pathname === '/link' ? data : { data, next })
    if (bad === 'cut') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length })
      response.write(text.slice(0, text.length / 2))
      setTimeout(() => response.destroy(), 1)
      return
    }
    const link = pathname === '/link' && next !== null ? { link: `</link?after=${next}>; rel="next"` } : {}
    response
      .writeHead(bad?.status ?? 200, { 'content-type': 'application/json', ...link, ...bad?.headers })
      .end(bad === null ? text : '{"error":"not now"}')
  }
}

/** What stands between a client and a server, and breaks what passes at random places. */
import { once } from 'node:events'
import { createConnection, createServer, type Server, type Socket } from 'node:net'

export interface Faults {
  /** Of connections: how many are cut, after at most so many bytes of either side. */
  readonly cut: number
  readonly cut_bytes: number
  /** Of connections: how many are answered 503 instead (HTTP only). */
  readonly busy: number
  /** Of connections: how many wait so long before anything passes. */
  readonly slow: number
  readonly slow_ms: number
}

const BUSY = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
const REFUSED = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'

export class FaultyProxy {
  /** Whether everything is refused with 403. */
  forbids = false
  /** Requests that begin so are refused with 403, and nobody hears of them. */
  refuses: RegExp | null = null
  faults: Faults
  broken = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(target: number, faults: Faults, random: () => number) {
    this.faults = faults
    this.#server = createServer(client => this.#connected(client, target, random))
  }

  static async begin(target: number, faults: Faults, random: () => number): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target, faults, random)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    const address = this.#server.address()
    return address === null || typeof address === 'string' ? 0 : address.port
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const each of this.#sockets) each.destroy()
    await closed
  }

  #connected(client: Socket, target: number, random: () => number): void {
    const { cut, cut_bytes, busy, slow, slow_ms } = this.faults
    this.#track(client)
    if (this.forbids || random() < busy) {
      if (!this.forbids) this.broken++
      client.once('data', () => client.end(this.forbids ? REFUSED : BUSY))
      return
    }
    let left = random() < cut ? Math.floor(random() * cut_bytes) : Number.POSITIVE_INFINITY
    const server = createConnection(target, '127.0.0.1')
    this.#track(server)
    const end = () => {
      client.destroy()
      server.destroy()
    }
    const pass = (to: Socket) => (bytes: Buffer) => {
      const piece = bytes.subarray(0, left)
      left -= bytes.length
      to.write(piece)
      if (left > 0) return
      this.broken++
      end()
    }
    const asked = pass(server)
    const join = () => {
      client.on('data', (bytes: Buffer) => {
        if (this.refuses?.test(bytes.toString('latin1', 0, 100)) === true) client.end(REFUSED)
        else asked(bytes)
      })
      server.on('data', pass(client))
    }
    if (random() < slow) setTimeout(join, slow_ms)
    else join()
    for (const each of [client, server]) each.on('end', end).on('close', end)
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    // That connections break is what it is for.
    socket.on('error', () => socket.destroy())
  }
}

/** What stands between a client and a server, and can keep what the client says, also when the client is gone. */
import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net'

interface Held {
  readonly far: Socket
  readonly pieces: Buffer[]
}

export class HoldingProxy {
  readonly port: number
  readonly #server: Server
  readonly #sockets: Set<Socket>
  /** From a piece in which this is on, nothing of its connection passes; null: all does. */
  #text: RegExp | null = null
  #held: Held | null = null
  #holding: (() => void) | null = null

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server
    this.#sockets = sockets
    this.port = (server.address() as AddressInfo).port
  }

  static async begin(target: number): Promise<HoldingProxy> {
    const server = createServer(near => proxy.#passes(near, target))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy: HoldingProxy = new HoldingProxy(server, new Set())
    return proxy
  }

  /** Keeps what one connection says from a piece with `text` on. Resolves when it has said that; others pass. */
  async hold(text: RegExp): Promise<void> {
    const holding = Promise.withResolvers<void>()
    this.#holding = holding.resolve
    this.#text = text
    await holding.promise
  }

  /** Lets go what was kept, once. */
  async release(): Promise<void> {
    const held = this.#held
    this.#held = null
    if (held === null || held.far.destroyed) return
    await new Promise<void>(done => held.far.write(Buffer.concat(held.pieces), () => done()))
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const each of this.#sockets) each.destroy()
    await closed
  }

  #passes(near: Socket, target: number): void {
    const far = createConnection(target, '127.0.0.1')
    let held: Held | null = null
    for (const each of [near, far]) {
      this.#sockets.add(each)
      // That connections break is what it is for.
      each.on('error', () => each.destroy()).on('close', () => this.#sockets.delete(each))
    }
    near.on('data', (piece: Buffer) => {
      if (held === null && this.#text?.test(piece.toString('latin1')) === true) {
        held = { far, pieces: [] }
        this.#held = held
        this.#text = null
        this.#holding?.()
      }
      if (held === null) far.write(piece)
      else held.pieces.push(piece)
    })
    far.on('data', (piece: Buffer) => near.write(piece))
    near.on('close', () => {
      if (held === null) far.destroy()
    })
    far.on('close', () => near.destroy())
  }
}

/** What stands between a client and a server: it lets so much pass of what the server says, and then cuts the connection, or holds all back. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What becomes of a connection. `refuse`: nobody listens any more. */
export type Fate =
  | { readonly kind: 'pass' }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'cut' | 'silence'; readonly after_bytes: number }

export const PASS: Fate = { kind: 'pass' }
export const REFUSE: Fate = { kind: 'refuse' }
export const cutAfter = (after_bytes: number): Fate => ({ kind: 'cut', after_bytes })
export const silentAfter = (after_bytes: number): Fate => ({ kind: 'silence', after_bytes })

export class Gate {
  readonly port: number
  /** Connections so far, and what the server said in all of them. */
  connections = 0
  bytes = 0
  readonly #server
  readonly #open = new Set<Socket>()

  private constructor(server: ReturnType<typeof createServer>, open: Set<Socket>) {
    this.#server = server
    this.#open = open
    this.port = (server.address() as AddressInfo).port
  }

  /** `fateOf`: of the connection of this number, from 1. */
  static async begin(target: number, fateOf: (connection: number) => Fate): Promise<Gate> {
    const open = new Set<Socket>()
    const server = createServer(near => gate.#passes(near, target, fateOf(++gate.connections)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const gate: Gate = new Gate(server, open)
    return gate
  }

  get open(): number {
    return this.#open.size / 2
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const each of this.#open) each.destroy()
    await closed
  }

  #passes(near: Socket, target: number, fate: Fate): void {
    if (fate.kind === 'refuse') return void near.destroy()
    const far = connect(target, '127.0.0.1')
    const end = () => {
      near.destroy()
      far.destroy()
    }
    for (const each of [near, far]) {
      this.#open.add(each)
      // That connections break is what it is for.
      each.on('error', () => undefined)
      each.on('close', () => {
        this.#open.delete(each)
        end()
      })
    }
    near.on('data', chunk => far.write(chunk))
    let left = 'after_bytes' in fate ? fate.after_bytes : Number.POSITIVE_INFINITY
    far.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length
      const piece = chunk.subarray(0, left)
      left -= piece.length
      if (piece.length > 0 && !near.write(piece)) {
        far.pause()
        near.once('drain', () => far.resume())
      }
      if (left === 0 && fate.kind === 'cut') end()
    })
  }
}

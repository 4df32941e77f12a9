/** A way to a server on which things happen: between two bytes, in either direction. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export type Direction = 'to_server' | 'to_client'

export type Trouble =
  /** The connection ends there. */
  | 'cut'
  /** On this connection nothing passes any more, and neither end hears of that. */
  | 'silent'
  /** The same of all of them, and of new ones. */
  | 'all_silent'
  /** The connection's next bytes wait for what is done then. */
  | (() => Promise<unknown>)

const BOTH: readonly Direction[] = ['to_server', 'to_client']

export class Network {
  readonly #listener: Server
  readonly #wires = new Set<Wire>()
  readonly #done: Promise<unknown>[] = []
  /** Where new connections lead. */
  #port: number
  #silent: readonly Direction[] = []
  #delay_ms = 0
  #trouble: { readonly direction: Direction; bytes: number; readonly what: Trouble } | null = null
  /** How much of what was to happen has happened. */
  met = 0
  /** Bytes that came here, for either side. */
  readonly passed: Record<Direction, number> = { to_server: 0, to_client: 0 }

  private constructor(port: number) {
    this.#port = port
    // Whoever ends a connection isn’t answered by a network that is silent.
    this.#listener = createServer({ allowHalfOpen: true }, client => this.#join(client))
  }

  static async to(port: number): Promise<Network> {
    const network = new Network(port)
    network.#listener.listen(0, '127.0.0.1')
    await once(network.#listener, 'listening')
    return network
  }

  get port(): number {
    // cast: it listens on TCP.
    return (this.#listener.address() as AddressInfo).port
  }

  /** A URL of the server, by this way. */
  url(direct: string): string {
    const url = new URL(direct)
    url.port = String(this.port)
    return url.href
  }

  /** So many bytes more pass in this direction, whichever connection they belong to; it happens before the next one. */
  after(direction: Direction, bytes: number, what: Trouble): void {
    this.#trouble = { direction, bytes, what }
  }

  /** From now on, whatever is under way; the other direction may still pass. */
  hush(directions: readonly Direction[] = BOTH): void {
    this.#silent = directions
    for (const wire of this.#wires) wire.hush(directions)
  }

  /** All that passes from now on comes so much later. */
  slow(ms: number): void {
    this.#delay_ms = ms
    for (const wire of this.#wires) wire.delay_ms = ms
  }

  /** All connections end, whatever is under way. */
  cut(): void {
    for (const wire of this.#wires) wire.end()
  }

  /** What was held back arrives, late; connections whose other end is gone are closed then. */
  heal(): void {
    this.#silent = []
    this.#trouble = null
    this.slow(0)
    for (const wire of this.#wires) wire.speak()
  }

  /** Connections that are made from now on lead to another server of this machine. */
  leadTo(port: number): void {
    this.#port = port
  }

  /** Resolves when what was to be done at some byte is done. @throws what it threw. */
  async settled(): Promise<void> {
    await Promise.all(this.#done.splice(0))
  }

  async close(): Promise<void> {
    for (const wire of this.#wires) wire.end()
    this.#listener.close()
    await once(this.#listener, 'close')
  }

  #join(client: Socket): void {
    const wire = new Wire(client, connect(this.#port, '127.0.0.1'), this.#pass, () => this.#wires.delete(wire))
    this.#wires.add(wire)
    wire.delay_ms = this.#delay_ms
    wire.hush(this.#silent)
  }

  readonly #pass = (wire: Wire, direction: Direction, chunk: Buffer): void => {
    this.passed[direction] += chunk.length
    const trouble = this.#trouble
    if (trouble === null || trouble.direction !== direction || wire.is_silent) return wire.send(direction, chunk)
    if (chunk.length <= trouble.bytes) {
      trouble.bytes -= chunk.length
      return wire.send(direction, chunk)
    }
    this.#trouble = null
    this.met++
    const [before, after] = [chunk.subarray(0, trouble.bytes), chunk.subarray(trouble.bytes)]
    // What stands before it arrives.
    if (trouble.what === 'cut') return wire.send(direction, before, () => wire.end())
    wire.send(direction, before)
    if (trouble.what === 'all_silent') this.hush()
    wire.hush(BOTH)
    wire.send(direction, after)
    if (typeof trouble.what !== 'string') this.#done.push(trouble.what().finally(() => wire.speak()))
  }
}

/** One connection: two sockets, and what is on its way between them. */
class Wire {
  delay_ms = 0
  readonly #client: Socket
  readonly #server: Socket
  readonly #silent = new Set<Direction>()
  readonly #held: Array<readonly [Direction, Buffer]> = []
  /** What is on its way, in order, and when it arrives. */
  readonly #delayed: Array<{ readonly due_ms: number; readonly send: () => void }> = []
  readonly #onEnd: () => void
  /** An end is gone of which the other one hasn't heard. */
  #is_ended = false

  constructor(
    client: Socket,
    server: Socket,
    pass: (wire: Wire, direction: Direction, chunk: Buffer) => void,
    onEnd: () => void,
  ) {
    this.#client = client
    this.#server = server
    this.#onEnd = onEnd
    client.on('data', (chunk: Buffer) => pass(this, 'to_server', chunk))
    server.on('data', (chunk: Buffer) => pass(this, 'to_client', chunk))
    for (const socket of [client, server]) socket.on('error', this.#gone).on('end', this.#gone).on('close', this.#gone)
  }

  get is_silent(): boolean {
    return this.#silent.size > 0
  }

  send(direction: Direction, chunk: Buffer, onSent?: () => void): void {
    if (this.delay_ms === 0 && this.#delayed.length === 0) return this.#arrive(direction, chunk, onSent)
    this.#delayed.push({
      due_ms: performance.now() + this.delay_ms,
      send: () => this.#arrive(direction, chunk, onSent),
    })
    if (this.#delayed.length === 1) this.#sendNext()
  }

  #sendNext(): void {
    const [first] = this.#delayed
    if (first === undefined) return
    const send = () => {
      this.#delayed.shift()
      first.send()
      this.#sendNext()
    }
    setTimeout(send, Math.max(0, first.due_ms - performance.now()))
  }

  #arrive(direction: Direction, chunk: Buffer, onSent?: () => void): void {
    if (this.#silent.has(direction)) this.#held.push([direction, chunk])
    else (direction === 'to_server' ? this.#server : this.#client).write(chunk, onSent)
  }

  hush(directions: readonly Direction[]): void {
    for (const each of directions) this.#silent.add(each)
  }

  speak(): void {
    this.#silent.clear()
    for (const [direction, chunk] of this.#held.splice(0)) this.send(direction, chunk)
    if (!this.#is_ended) return
    this.#client.end()
    this.#server.end()
  }

  end(): void {
    for (const socket of [this.#client, this.#server]) socket.destroy()
    this.#onEnd()
  }

  readonly #gone = (): void => {
    this.#is_ended = true
    if (!this.is_silent || (this.#client.destroyed && this.#server.destroyed)) this.end()
  }
}

/** A proxy that cuts connections in the middle of COMMIT. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Between a sink and its server: cuts connections around COMMIT. */
export class Scissors {
  readonly #server
  readonly #open = new Set<Socket>()
  commits = 0
  cuts = 0

  constructor(port: number) {
    this.#server = createServer(near => {
      const far = connect(port, '127.0.0.1')
      for (const each of [near, far]) {
        this.#open.add(each)
        each.on('error', () => undefined)
        each.on('close', () => {
          this.#open.delete(each)
          near.destroy()
          far.destroy()
        })
      }
      far.on('data', chunk => near.write(chunk))
      near.on('data', chunk => {
        if (!/\bCOMMIT\b/.test(chunk.toString('latin1'))) return void far.write(chunk)
        const turn = this.commits++ % 4
        if (turn < 2) return void far.write(chunk)
        this.cuts++
        // Before the server hears of it; or after, so that nobody hears what it did.
        if (turn === 2) near.destroy()
        else far.write(chunk, () => setTimeout(() => near.destroy(), 3))
        if (turn === 3) far.removeAllListeners('data')
      })
    })
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as { port: number }).port
  }

  close(): void {
    for (const each of this.#open) each.destroy()
    this.#server.close()
  }
}

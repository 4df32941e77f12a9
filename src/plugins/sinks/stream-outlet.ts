/** Standard output, a device or a pipe: written, never wound back. */
import { type FileHandle, open } from 'node:fs/promises'
import type { Discarded, Receipt, SinkIntent } from '../../sdk/spec.ts'
import type { Extent, Outlet } from './outlet.ts'
import { asOutputError } from './sink-error.ts'
import { isStandardOutput, placeOf, type Target } from './target.ts'

export class StreamOutlet implements Outlet {
  readonly #target: Target
  #handle: FileHandle | null = null
  #bytes = 0

  constructor(target: Target) {
    this.#target = target
  }

  async open(_intent: SinkIntent, receipt: Receipt | null): Promise<Extent> {
    this.#bytes = receipt?.bytes ?? 0
    if (!isStandardOutput(this.#target)) {
      await this.close()
      try {
        this.#handle = await open(placeOf(this.#target).path, 'a')
      } catch (error) {
        throw asOutputError(error, placeOf(this.#target))
      }
    }
    return this.#extent()
  }

  async write(bytes: Buffer): Promise<Extent> {
    try {
      if (this.#handle === null) await writeStandardOutput(bytes)
      else await this.#handle.writeFile(bytes)
    } catch (error) {
      throw asOutputError(error, placeOf(this.#target))
    }
    this.#bytes += bytes.length
    return this.#extent()
  }

  check(): void {
    // What others do couldn’t be told from what its reader does.
  }

  async publish(): Promise<null> {
    return null
  }

  async discard(): Promise<Discarded> {
    return { kind: 'left', why: `what ${placeOf(this.#target).path} got can’t be taken back` }
  }

  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = null
    await handle?.close()
  }

  #extent(): Extent {
    return { bytes: this.#bytes, sha256: null }
  }
}

function writeStandardOutput(bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = process.stdout
    const done = (error?: Error | null) => {
      stream.off('error', done)
      if (error) reject(error)
      else resolve()
    }
    // A reader that went away is also reported by this event, which would end the process if nobody listened.
    stream.on('error', done)
    stream.write(bytes, done)
  })
}

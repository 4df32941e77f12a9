/**
 * What is awaited of a server. Whatever its library does, it ends: with the answer, when the connection is gone, or when nothing has come for too
 * long. Libraries tell those who ask nothing of a connection that this side has closed, and wait for a silent server as long as it is silent.
 */
import { DatabaseError } from './database-error.ts'

export class Awaited {
  readonly #silence_ms: number
  readonly #drop: () => void
  readonly #waiting = new Set<(error: DatabaseError) => void>()
  #lost: DatabaseError | null = null

  /** `silence_ms`: how long a server may say nothing while it is asked. `drop`: closes the connection. */
  constructor(silence_ms: number, drop: () => void) {
    this.#silence_ms = silence_ms
    this.#drop = drop
  }

  get isLost(): boolean {
    return this.#lost !== null
  }

  /** The connection is gone: nothing can be asked any more, and what is awaited ends. Can be repeated. */
  lose(message: string): void {
    const lost = this.#refuse(new DatabaseError('lost', message))
    // What the library says itself comes first: it may know more.
    setImmediate(() => this.#end(lost))
  }

  #refuse(why: DatabaseError): DatabaseError {
    this.#lost ??= why
    return this.#lost
  }

  #end(lost: DatabaseError): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const end of waiting) end(lost)
  }

  /** What it gives. `silence_ms`: of this answer. @throws DatabaseError of kind `lost`, and what it throws */
  async answer<T>(ask: () => Promise<T>, silence_ms = this.#silence_ms): Promise<T> {
    if (this.#lost !== null) throw this.#lost
    const { promise, reject } = Promise.withResolvers<never>()
    const watch = this.watch(reject, silence_ms)
    watch.begin()
    try {
      return await Promise.race([ask(), promise])
    } finally {
      watch.end()
    }
  }

  /** For what comes in pieces. `end`: is called once with why nothing comes any more. */
  watch(end: (error: DatabaseError) => void, silence_ms = this.#silence_ms): Watch {
    let timer: NodeJS.Timeout | null = null
    const late = () => {
      const message = `nothing has come from the server for ${silence_ms / 1000} s`
      this.#end(this.#refuse(new DatabaseError('lost', message, { hint: SILENT })))
      this.#drop()
    }
    return {
      begin: () => {
        if (this.#lost !== null) return end(this.#lost)
        this.#waiting.add(end)
        timer = setTimeout(late, silence_ms)
      },
      came: () => void timer?.refresh(),
      end: () => {
        this.#waiting.delete(end)
        if (timer !== null) clearTimeout(timer)
        timer = null
      },
    }
  }
}

interface Watch {
  /** From now on something is awaited. */
  begin(): void
  /** Something has come, and more is awaited. */
  came(): void
  /** Nothing is awaited any more. */
  end(): void
}

const SILENT = 'Look what the server does, and whether something in between holds its answers back.'

/** What a command has open, to be closed at its end, whatever happens. */
import type { Terminal } from './terminal.ts'

export class Closing {
  readonly #all: (() => void | Promise<void>)[] = []
  readonly #terminal: Pick<Terminal, 'tell'>

  constructor(terminal: Pick<Terminal, 'tell'>) {
    this.#terminal = terminal
  }

  /** What is opened last is closed first. */
  add<T extends { close(): void | Promise<void> } | null>(each: T): T {
    if (each !== null) this.#all.unshift(() => each.close())
    return each
  }

  /** Closes all. What one of them meets is told: it takes nothing from what the command came to, and hides no error of it. */
  async close(): Promise<void> {
    for (const close of this.#all.splice(0)) {
      try {
        await close()
      } catch (error) {
        this.#terminal.tell(`warning: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
}

/** What is open beside a run, to be closed at its end, whatever happens. */

export class Closing {
  readonly #all: (() => void | Promise<void>)[] = []
  readonly #onFailure: (why: string) => void

  /** `onFailure` takes what fails to close. */
  constructor(onFailure: (why: string) => void) {
    this.#onFailure = onFailure
  }

  /** What is opened last is closed first. */
  add<T extends { close(): void | Promise<void> } | null>(each: T): T {
    if (each !== null) this.#all.unshift(() => each.close())
    return each
  }

  /** Closes all. An error of one of them changes nothing in the run's result, and hides no error of the run. */
  async close(): Promise<void> {
    for (const close of this.#all.splice(0)) {
      try {
        await close()
      } catch (error) {
        this.#onFailure(error instanceof Error ? error.message : String(error))
      }
    }
  }
}

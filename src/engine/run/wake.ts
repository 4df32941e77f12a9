/** Wakes up who waits for news: made before all that may have some. */
export class Wake {
  #resolve: (() => void) | null = null

  /** Something may have changed: a chunk was read, an answer came, the run shall stop. */
  readonly up = (): void => {
    this.#resolve?.()
  }

  /** Until the next `up`. */
  async next(): Promise<void> {
    await new Promise<void>(resolve => {
      this.#resolve = resolve
    })
    this.#resolve = null
  }
}

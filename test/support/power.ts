/** What can fail at once: after so many more durable steps the power goes, and nothing happens any more. */
export class Power {
  #left: number
  readonly #onLoss: () => void

  /** `onLoss` is called when it goes, which may be noticed later. */
  constructor(steps: number, onLoss: () => void = () => undefined) {
    this.#left = steps
    this.#onLoss = onLoss
  }

  get on(): boolean {
    return this.#left > 0
  }

  /** One step that makes something durable. @throws PowerLoss from the last one on. */
  use(): void {
    if (--this.#left === 0) this.#onLoss()
    if (this.#left <= 0) throw new PowerLoss()
  }
}

export class PowerLoss extends Error {
  override readonly name = 'PowerLoss'
}

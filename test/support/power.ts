/** What can fail at once: after so many more durable steps the power goes, and nothing happens any more. */
export class Power {
  #left: number

  constructor(steps: number) {
    this.#left = steps
  }

  get on(): boolean {
    return this.#left > 0
  }

  /** One step that makes something durable. @throws PowerLoss from the last one on. */
  use(): void {
    if (--this.#left <= 0) throw new PowerLoss()
  }
}

export class PowerLoss extends Error {
  override readonly name = 'PowerLoss'
}

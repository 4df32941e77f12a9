/** What a sink has failed of: nothing more is written until it is opened again. */
import { type CustodyError, isCustodyError } from '../../model/error.ts'

export class Failure {
  #error: CustodyError | null = null

  /** @throws CustodyError the one that was kept. */
  check(): void {
    if (this.#error !== null) throw this.#error
  }

  /** To be thrown on; what is no CustodyError is a mistake of the program, and isn’t kept. */
  kept(error: unknown): unknown {
    if (isCustodyError(error)) this.#error = error
    return error
  }

  clear(): void {
    this.#error = null
  }
}

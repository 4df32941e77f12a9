/** What is refused since too much is asked at once, or too often: whoever asks may try again later. */
import { CustodyError } from '../model/error.ts'

/** CUSTODY_TOO_MANY, and when the next try makes sense. */
export class TooManyError extends CustodyError {
  readonly wait_ms: number

  constructor(message: string, wait_ms: number) {
    super('CUSTODY_TOO_MANY', message)
    this.wait_ms = wait_ms
  }
}

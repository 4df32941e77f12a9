/** One-time codes: the printed URL has one in its fragment, and whoever has it gets a session, once. */
import { isSame, newSecret } from './secret.ts'

export class Codes {
  private code: string = newSecret()

  /** The one that is good now. */
  get current(): string {
    return this.code
  }

  /** Whether it was the one; then another takes its place. */
  spend(code: string): boolean {
    if (!isSame(code, this.code)) return false
    this.code = newSecret()
    return true
  }
}

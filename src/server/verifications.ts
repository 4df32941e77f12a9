/**
 * Who has the record verified: a few at once for each who asks, and for all together, as it takes a processor for long.
 *
 * VERIFICATIONS-1. They never take all threads that answer long questions: others don't wait for them.
 */
import { LONG_THREADS } from '../host/answers/ledger-answers.ts'
import { TooManyError } from '../host/too-many.ts'
import type { Who } from './who.ts'

export const MOST_OF_ONE = 2
export const MOST_OF_ALL = LONG_THREADS - 1
const TRY_AGAIN_MS = 10_000

export class Verifications {
  /** By session: how many are under way. */
  private readonly under_way = new Map<string, number>()
  private all = 0

  /** Whether one more may begin. @throws TooManyError */
  refuseOneTooMany(who: Who): void {
    if ((this.under_way.get(sessionOf(who)) ?? 0) >= MOST_OF_ONE)
      throw new TooManyError(`${MOST_OF_ONE} verifications that you asked for are under way`, TRY_AGAIN_MS)
    if (this.all >= MOST_OF_ALL) throw new TooManyError(`${MOST_OF_ALL} verifications are under way`, TRY_AGAIN_MS)
  }

  /** @throws TooManyError; what `verify` throws. */
  async counted<T>(who: Who, verify: () => Promise<T>): Promise<T> {
    this.refuseOneTooMany(who)
    this.add(who, 1)
    try {
      return await verify()
    } finally {
      this.add(who, -1)
    }
  }

  private add(who: Who, one: 1 | -1): void {
    const session = sessionOf(who)
    const count = (this.under_way.get(session) ?? 0) + one
    if (count === 0) this.under_way.delete(session)
    else this.under_way.set(session, count)
    this.all += one
  }
}

/** Each has a word of its own; the token of the process is one for all who have it. */
function sessionOf({ by }: Who): string {
  return by.kind === 'cookie' ? by.csrf : ''
}

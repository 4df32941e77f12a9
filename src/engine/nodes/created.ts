/** Plugins that a run has created so far: none stays open if what comes next fails. */

interface Closable {
  close?(): Promise<void>
}

export class Created {
  readonly #all: Closable[] = []

  add<T extends Closable>(each: T): T {
    this.#all.push(each)
    return each
  }

  /** Does `work`; closes all that was added if it fails. What closing meets says nothing that the failure doesn't. */
  async closedOnFailure<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      await Promise.allSettled([this.close()])
      throw error
    }
  }

  /** Closes all, whatever some of them meet. @throws what the first met that failed. */
  async close(): Promise<void> {
    const closed = await Promise.allSettled(this.#all.map(async each => each.close?.()))
    for (const each of closed) if (each.status === 'rejected') throw each.reason
  }
}

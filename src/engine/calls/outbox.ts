/**
 * Requests that nothing can take back: each is sent only when it is durably on record that it is about to be. They wait here
 * for the next commit.
 */

export interface Letter {
  /** Records that it is about to be sent. */
  intend(): void
  send(): void
  /** It will not be sent, and nothing says that it would. */
  drop(): void
}

export class Outbox {
  #letters: Letter[] = []

  /** How many wait for a commit. */
  get size(): number {
    return this.#letters.length
  }

  add(letter: Letter): void {
    this.#letters.push(letter)
  }

  /**
   * A commit takes what has happened: the intents go with it. What this returns sends them, after `atPoint` if there are any;
   * call it when they are durable.
   */
  intend(atPoint: () => void): () => void {
    const letters = this.#letters
    this.#letters = []
    for (const letter of letters) letter.intend()
    return () => {
      if (letters.length > 0) atPoint()
      for (const letter of letters) letter.send()
    }
  }

  /** Nothing that waits will be sent. */
  clear(): void {
    const letters = this.#letters
    this.#letters = []
    for (const letter of letters) letter.drop()
  }
}

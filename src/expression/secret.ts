/** What an expression may use and never show. */

/** Without a way to show what it holds, even by mistake. */
export class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }

  /** For functions that take secrets. */
  use<T>(how: (value: string) => T): T {
    return how(this.#value)
  }

  toString(): string {
    return 'a secret'
  }
}

/** By the names that expressions call them; without a value where an expression is only checked. */
export type SecretValues = ReadonlyMap<string, string | null>

/**
 * The ledger keys that a process has been given, by their ids. What is encrypted says by which id, so that a ledger may have runs under
 * several keys, and whoever reads needn't know which is whose.
 */
import type { LedgerKey } from './ledger-key.ts'

export class Keychain {
  readonly #keys = new Map<string, LedgerKey>()
  #chosen: LedgerKey | null = null

  constructor(keys: Iterable<LedgerKey> = []) {
    for (const key of keys) this.add(key)
  }

  add(key: LedgerKey): void {
    this.#keys.set(key.id, key)
  }

  /** Whoever begins has what they are given, and nothing of before. */
  clear(): void {
    this.#keys.clear()
    this.#chosen = null
  }

  /** The one that whoever started the process named. */
  choose(key: LedgerKey): void {
    this.add(key)
    this.#chosen = key
  }

  get chosen(): LedgerKey | null {
    return this.#chosen
  }

  get(id: string): LedgerKey | null {
    return this.#keys.get(id) ?? null
  }

  /** For another thread, whose keychain it makes. */
  get all(): readonly LedgerKey[] {
    return [...this.#keys.values()]
  }
}

/** What this thread opens with, wherever a reader is given no other keychain. It is filled before the first one is opened. */
export const ownKeychain = new Keychain()

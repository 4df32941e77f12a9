/**
 * Log 0, the ledger's own: its birth, and each run opened, sealed and taken over. Several processes append to it, so its
 * state is brought up to date before each append, and the store refuses one that came too late (`StaleLog`).
 */
import type { LedgerEntry } from '../model/entry.ts'
import { LEDGER_FORMAT } from '../model/entry.ts'
import { CustodyError } from '../model/error.ts'
import { leafHash } from '../model/hash.ts'
import { Frontier } from '../model/merkle.ts'
import { Appender } from './appender.ts'
import { encodeLedger } from './encode.ts'
import { type Entropy, saltsOf } from './entropy.ts'
import type { LedgerReader } from './read-port.ts'
import type { LedgerPorts, WriteBatch } from './write-port.ts'

export const LOG_ZERO = 0

/** The batch that begins a ledger. `id` names it in all its checkpoints. */
export function birth(id: string, ports: LedgerPorts, entropy: Entropy): WriteBatch {
  const appender = new Appender(id, LOG_ZERO, ports.signer)
  const key = ports.signer.verifier_key
  const entry = encodeLedger({ k: 'birth', format: LEDGER_FORMAT, ledger: id, key, t: ports.now_us() })
  appender.append(entry, saltsOf(entry, entropy))
  return { log: LOG_ZERO, lease: null, ledger: null, ...appender.take() }
}

export class LogZero {
  readonly id: string
  /** The verifier key of the latest `birth` or `key` entry. */
  #key: string
  readonly #frontier = new Frontier()

  private constructor(id: string, key: string) {
    this.id = id
    this.#key = key
  }

  /** @throws CustodyError CUSTODY_LEDGER_FORMAT if the ledger has no birth. */
  static async read(reader: LedgerReader): Promise<LogZero> {
    const first = await reader.entry(LOG_ZERO, 0)
    const born = first === null ? null : (JSON.parse(first.body) as LedgerEntry)
    if (born?.k !== 'birth') throw new CustodyError('CUSTODY_LEDGER_FORMAT', `${reader.url} has no birth entry`)
    const log = new LogZero(born.ledger, born.key)
    await log.refresh(reader)
    return log
  }

  /** Takes in what others have appended. */
  async refresh(reader: LedgerReader): Promise<void> {
    for await (const { body } of reader.entries(LOG_ZERO, this.#frontier.size)) {
      this.#frontier.append(leafHash(body))
      const entry = JSON.parse(body) as LedgerEntry
      if (entry.k === 'key') this.#key = entry.key
    }
  }

  /** What appending `entry` to the log as it was last read comes to. A key that the log doesn't know yet is told first. */
  next(entry: LedgerEntry, ports: LedgerPorts, entropy: Entropy): NonNullable<WriteBatch['ledger']> {
    const appender = new Appender(this.id, LOG_ZERO, ports.signer, { frontier: this.#frontier.state(), subjects: null })
    const key = ports.signer.verifier_key
    const news: LedgerEntry[] = key === this.#key ? [entry] : [{ k: 'key', key, t: entry.t }, entry]
    for (const encoded of news.map(encodeLedger)) appender.append(encoded, saltsOf(encoded, entropy))
    const { entries, head } = appender.take()
    if (head === null) throw new CustodyError('CUSTODY_ENGINE_DEFECT', 'log 0 was appended to without a checkpoint')
    return { entries, head }
  }
}

/**
 * Log 0, the ledger's own: its birth, each run opened, in progress, sealed and taken over, changes of keys. Several processes append to it,
 * so its state is brought up to date before each append, and the store refuses one that came too late (`StaleLog`).
 *
 * LOG-ZERO-1. (I13) It is continued from the tree that the last head signed: stored entries are its size and give its root, a key
 *     signed it that was in force, and it extends the head that this user remembers.
 * LOG-ZERO-2. The user trusts the ledger by its birth's keys, which signed that, or by keys of theirs that were added later, and so signed
 *     all that was before.
 * LOG-ZERO-3. Time never goes back within the log.
 */

import { LEDGER_FORMAT } from '../../format/entry.ts'
import { leafHash } from '../../format/hash.ts'
import type { LedgerEntry } from '../../format/ledger-entry.ts'
import type { Signer } from '../../format/signing-key.ts'
import { Frontier } from '../../format/tree.ts'
import { KEY_TYPE_NAMES, keyLabel, NoteError, type VerifierKey } from '../../format/verifier-key.ts'
import { CustodyError } from '../../model/error.ts'
import { parseJson } from '../../model/json.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { forked } from '../keys/forked.ts'
import { type Birth, type ChangePlace, KeyRing, lackingTypes, problemOf, signedBirth } from '../keys/key-ring.ts'
import { isTrusted, newestOf, type Remembered, type Trust } from '../keys/trust.ts'
import type { LedgerReader } from '../read-port.ts'
import type { LedgerPorts, LogZeroBatch, WriteBatch } from '../write-port.ts'
import { Appender, originOf, signsWith } from './appender.ts'
import { BlockEntries, BlockWriter } from './block.ts'
import { NOTHING_CLOSED } from './closed-subjects.ts'
import { encodeLedger } from './encode.ts'
import type { Entropy } from './entropy.ts'
import { batchOf } from './log-commit.ts'
import { altered, checkSignedHead } from './signed-head.ts'

export const LOG_ZERO = 0

/** The batch that begins a ledger. `id` names it in all its checkpoints. */
export function birth(id: string, ports: LedgerPorts, entropy: Entropy): WriteBatch {
  const appender = new Appender(id, LOG_ZERO, signsWith([ports.signer]))
  const writer = new BlockWriter()
  const { recovery = [], succeeds } = ports.birth ?? {}
  const facts = {
    ...({ k: 'birth', format: LEDGER_FORMAT, ledger: id } as const),
    ...(recovery.length > 0 && { recovery }),
    ...(succeeds !== undefined && { succeeds }),
    t: ports.now_us(),
  }
  encodeLedger(writer, signedBirth(facts, ports.signer), entropy)
  appender.append(writer.take())
  return batchOf({ ...appender.take(), log: LOG_ZERO, lease: null }, null)
}

/** What log 0 says about a run. */
export interface RunOnRecord {
  readonly log: number
  readonly run: string
  /** Root of its log after entry 0. */
  readonly first_root: string
  /** How many logs behind it are its splits'. */
  readonly splits: number
  sealed: { readonly size: number; readonly root: string } | null
  /** How far it was at least: its log begins so. */
  bound: { readonly size: number; readonly root: string }
  /** seq of the entry that opened it. */
  readonly opened_at: number
  /** seq of the entry that last mentioned it. */
  mentioned_at: number
}

export class LogZero {
  readonly id: string
  readonly keys: KeyRing
  /** Time of its last entry. */
  last_us = 0
  /** Runs that aren't sealed, and until `forgetSealed` those that are. */
  readonly runs = new Map<number, RunOnRecord>()
  /** Where it is written; null: where it was born. */
  home: string | null = null
  /** Number of the log that was opened last: they are numbered densely. */
  last_log = 0
  readonly #url: string
  readonly #frontier = new Frontier()
  /** Null if the user never saw it. */
  readonly #remembered: Remembered | null
  /** Keys that have signed the birth, or that they were added. */
  readonly #signers: VerifierKey[]
  /** The head that was checked last. */
  #checked: string | null = null
  #forgets = false
  /** First logs of runs with splits. */
  readonly #split: number[] = []

  private constructor(url: string, id: string, keys: KeyRing, remembered: Remembered | null) {
    this.#url = url
    this.id = id
    this.keys = keys
    this.#remembered = remembered
    this.#signers = [...keys.birth]
  }

  /**
   * @throws CustodyError CUSTODY_LEDGER_FORMAT if the ledger has no birth; CUSTODY_LEDGER_ALTERED, CUSTODY_LEDGER_CUT,
   * CUSTODY_LEDGER_ROLLED_BACK, CUSTODY_LEDGER_MOVED (an original may well be older), CUSTODY_LEDGER_FORKED, CUSTODY_KEY_UNKNOWN.
   */
  static async read(reader: LedgerReader, trust: Trust): Promise<LogZero> {
    const { url } = reader
    const born = entryIn(url, 0, (await reader.entry(LOG_ZERO, 0))?.body ?? null)
    if (born?.k !== 'birth') throw new CustodyError('CUSTODY_LEDGER_FORMAT', `${url} has no birth entry`)
    // Before anything else is read: others may append, and remember that, at any time.
    const remembered = trust.recall(born.ledger)
    if (remembered !== null && remembered.keys.join() !== `${born.keys}`)
      throw otherBirth(url, born.keys, remembered.keys)
    const log = new LogZero(url, born.ledger, ringOf(url, born), remembered)
    await log.refresh(reader)
    if (remembered !== null && newestOf(remembered).size > log.size) {
      log.mustBeAt(await reader.home())
      throw rolledBack(url, log.size, remembered)
    }
    if (remembered?.written !== true && !isTrusted(trust.keys, log.#signers)) throw untrusted(url, log.keys)
    return log
  }

  /** Number of entries. */
  get size(): number {
    return this.#frontier.size
  }

  /** What others have appended is checked and taken in. @throws as `read`. */
  async refresh(reader: LedgerReader): Promise<void> {
    for (;;) {
      const note = await reader.head(LOG_ZERO)
      // Nothing was appended since.
      if (note !== null && note === this.#checked && (await reader.size(LOG_ZERO)) === this.size) return
      for await (const { body } of reader.entries(LOG_ZERO, this.size)) this.#take(body)
      // Else another process appended meanwhile.
      if (note !== (await reader.head(LOG_ZERO))) continue
      const origin = originOf(this.id, LOG_ZERO)
      const { size } = this
      const extent = { ...this.#place, origin, size, root: this.#frontier.root(), note }
      checkSignedHead(extent, of => this.keys.goodFor(of))
      this.#checked = note
      return
    }
  }

  /** Forgets what it knows of runs that are sealed, from now on. */
  forgetSealed(): void {
    this.#forgets = true
    for (const { log, sealed } of this.runs.values()) if (sealed !== null) this.runs.delete(log)
  }

  /** What appending entries to the log as it was last read takes, with its head, signed by all of `signers`. */
  next(appended: readonly LedgerEntry[], signers: readonly Signer[], entropy: Entropy): LogZeroBatch {
    const state = { frontier: this.#frontier.state(), closed: NOTHING_CLOSED }
    const appender = new Appender(this.id, LOG_ZERO, signsWith(signers), state)
    const writer = new BlockWriter()
    for (const entry of appended) {
      const problem = this.#misfit(entry)
      if (problem !== null)
        throw new CustodyError('CUSTODY_ENGINE_DEFECT', `an entry for the ledger’s own log doesn’t fit: ${problem}`)
    }
    for (const entry of appended) encodeLedger(writer, { ...entry, t: Math.max(this.last_us, entry.t) }, entropy)
    appender.append(writer.take())
    const { blocks, first, tiles, head } = appender.take()
    if (head === null) throw new CustodyError('CUSTODY_ENGINE_DEFECT', 'log 0 was appended to without a checkpoint')
    return { entries: new BlockEntries(blocks, first), tiles, head }
  }

  /** Whoever signs with this key may append. @throws CustodyError CUSTODY_KEY_UNKNOWN. */
  mustBeInForce({ name, verifier_keys }: Signer): void {
    const { in_force } = this.keys
    const own = in_force.filter(({ text }) => verifier_keys.includes(text))
    const [lacking] = lackingTypes(in_force, own)
    if (lacking === undefined) return
    const hint =
      'Name the key file that is in force with $CUSTODY_KEY; if you had it before the one that you have now, `custody key rotate` puts yours in its place; if it is that of another machine, `custody key request` asks to add yours.'
    const names = [...new Set(in_force.map(each => each.name))].join(', ')
    throw new CustodyError(
      'CUSTODY_KEY_UNKNOWN',
      own.length === 0
        ? `your signing key ${name} isn’t in force in ${this.#url}: ${names} ${names.includes(',') ? 'are' : 'is'}`
        : `your signing key ${name} has no ${KEY_TYPE_NAMES[lacking]} key, and ${this.#url} demands one`,
      { hint },
    )
  }

  /** Whoever writes to a store with this home. @throws CustodyError CUSTODY_LEDGER_MOVED. */
  mustBeAt(home: string | null): void {
    if (home === this.home) return
    const message = `${this.#url} isn’t where this ledger is written: it was moved away, or this is a copy to read`
    throw new CustodyError('CUSTODY_LEDGER_MOVED', message)
  }

  root(): string {
    return this.#frontier.root()
  }

  /** Where the next entry stands: what a change of keys is signed over. */
  place(): ChangePlace {
    return { ledger: this.id, index: this.size, root: this.root() }
  }

  #take(body: string): void {
    const seq = this.size
    const entry = entryIn(this.#url, seq, body)
    if (entry === null) throw altered(this.#place, `has an entry ${seq} that can’t be read`)
    const problem = this.#fold(seq, entry)
    if (problem !== null) throw altered(this.#place, `has an entry ${seq} that doesn’t fit: ${problem}`)
    this.last_us = Math.max(this.last_us, entry.t)
    this.#frontier.append(leafHash(body))
    const seen = this.#remembered?.heads.find(each => each.size === this.size)
    if (seen !== undefined && this.#remembered !== null && this.#frontier.root() !== seen.root)
      throw forked(this.#url, seen.size, this.#remembered)
  }

  #fold(seq: number, entry: LedgerEntry): string | null {
    switch (entry.k) {
      case 'birth':
        return seq === 0 ? null : 'it is another birth'
      case 'key': {
        const problem = problemOf(() => this.keys.take(entry, this.place()))
        // Who signed that a key of theirs is added has signed all that was before.
        if (problem === null && entry.change === 'add')
          this.#signers.push(...this.keys.goodFor(seq + 1).filter(({ text }) => entry.keys.includes(text)))
        return problem
      }
      case 'moved':
        this.home = entry.home
        return null
      case 'opened': {
        const { log, run, root, splits = 0 } = entry
        if (log !== this.last_log + 1) return `log ${log} is opened, where ${this.last_log + 1} comes next`
        this.last_log = log + splits
        const opened = { log, run, first_root: root, splits, opened_at: seq, mentioned_at: seq }
        this.runs.set(log, { ...opened, sealed: null, bound: { size: 1, root } })
        if (splits > 0) this.#split.push(log)
        return null
      }
      case 'sealed':
      case 'progress':
      case 'taken_over': {
        const problem = this.#misfit(entry)
        const run = this.runs.get(entry.log)
        if (problem !== null || run === undefined) return problem
        run.mentioned_at = seq
        if (entry.k === 'progress') run.bound = { size: entry.size, root: entry.root }
        if (entry.k === 'sealed') run.sealed = { size: entry.size, root: entry.root }
        if (entry.k === 'sealed' && this.#forgets) this.runs.delete(entry.log)
        return null
      }
      case 'erase': {
        const is_sealed = entry.log >= 1 && entry.log <= this.last_log && this.runOf(entry.log)?.sealed !== null
        return is_sealed ? null : `values of log ${entry.log} are erased, and it isn’t sealed`
      }
      default:
        return 'it is of no kind that is known'
    }
  }

  /** What is wrong with an entry of a run that was opened before; null: nothing. */
  #misfit(entry: LedgerEntry): string | null {
    if (entry.k !== 'sealed' && entry.k !== 'progress' && entry.k !== 'taken_over') return null
    const run = this.runs.get(entry.log)
    if (run === undefined || run.run !== entry.run || run.sealed !== null)
      return `run ${entry.run} isn’t open as log ${entry.log}`
    if (entry.k !== 'taken_over' && entry.size <= run.bound.size)
      return `run ${entry.run} has ${entry.size} entries, after ${run.bound.size}`
    return null
  }

  /** The run that has a log, be it that of a split; null of one that isn't known, or is forgotten. */
  runOf(log: number): RunOnRecord | null {
    const own = this.runs.get(log)
    if (own !== undefined) return own
    for (const first of this.#split) {
      const run = this.runs.get(first)
      if (run !== undefined && log > first && log <= first + run.splits) return run
    }
    return null
  }

  get #place() {
    return { url: this.#url, log: LOG_ZERO, run: null }
  }
}

/** null if the text isn't an entry. */
function entryIn(url: string, seq: number, body: string | null): LedgerEntry | null {
  if (body === null) return null
  try {
    const entry = parseJson(body) as LedgerEntry | null
    return typeof entry === 'object' ? entry : null
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw altered({ url, log: LOG_ZERO, run: null }, `has an entry ${seq} that isn’t JSON`)
  }
}

function ringOf(url: string, born: Birth): KeyRing {
  try {
    return new KeyRing(born)
  } catch (cause) {
    if (!(cause instanceof NoteError)) throw cause
    throw altered({ url, log: LOG_ZERO, run: null }, `has a birth that doesn’t fit: ${cause.message}`)
  }
}

function otherBirth(url: string, born: readonly string[], remembered: readonly string[]): CustodyError {
  return new CustodyError(
    'CUSTODY_KEY_UNKNOWN',
    `${url} was born with ${namesOf(born)}, and when you first saw it that was ${namesOf(remembered)}`,
    { hint: 'Another ledger stands in its place: put the true one back, or begin one of your own with --ledger.' },
  )
}

function untrusted(url: string, keys: KeyRing): CustodyError {
  return new CustodyError(
    'CUSTODY_KEY_UNKNOWN',
    `${url} was born with ${namesOf(keys.birth.map(each => each.text))}, which is neither yours nor what you trust`,
  )
}

/** `name+hash` of each. */
function namesOf(keys: readonly string[]): string {
  return `key ${keys.map(keyLabel).join(' and ')}`
}

function rolledBack(url: string, size: number, remembered: Remembered): CustodyError {
  return new CustodyError(
    'CUSTODY_LEDGER_ROLLED_BACK',
    `${url} has ${counted(size, 'entry', 'entries')} in its own log, and had ${grouped(newestOf(remembered).size)} when you last saw it`,
    {
      hint: `Put the newest copy back. If it is lost: ${
        url.startsWith('sqlite:')
          ? `\`custody run FILE --accept-rollback ${size}\` keeps this copy aside, and begins a new ledger that names it`
          : `\`custody ledger init --ledger NEW --succeeds THIS --accept-rollback ${size}\` begins a new ledger that names it`
      }.`,
    },
  )
}

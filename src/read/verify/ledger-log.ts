/**
 * Log 0, the ledger's own: its birth, and each run opened, in progress, taken over and sealed, and what was erased of it. Against it the runs that
 * are there are checked, so that a whole run can't vanish or appear unnoticed, nor any value of one.
 */
import type { LedgerEntry } from '../../format/ledger-entry.ts'
import type { SoundHead, TreeHead } from '../../format/standing.ts'
import { NoteError, parseVerifierKey, type VerifierKey } from '../../format/verifier-key.ts'
import { counted, grouped } from '../../model/number-text.ts'
import type { Hash } from '../../model/sha256.ts'
import { DecodeError, decodeLedgerEntry } from '../decode.ts'
import { Erasures } from '../erasures.ts'
import { type Check, entryName } from './check.ts'
import { type HeadKeys, KeysInForce } from './keys.ts'
import { type LogWalk, short } from './log.ts'
import type { Said } from './progress.ts'
import type { WalkedRun } from './walked-run.ts'

export interface Registered {
  readonly log: number
  readonly run: string
  readonly opened_at: number
  /** Root of the run's log after its first entry. */
  readonly first_root: string
  /** How many logs behind it are its splits'. */
  readonly splits: number
  sealed: { readonly seq: number; readonly size: number; readonly root: string } | null
  /** Of the process that took the run over last; 1 for the one that opened it. */
  epoch: number
  /** seq of the entry that last changed any of this. */
  changed_at: number
  readonly opened_us: number
  /** By epoch; most runs are never taken over. */
  taken_over_us: Map<number, number> | null
  /** How far it was meanwhile, with ascending sizes; most runs are over before that is said. */
  progress: Said[] | null
  sealed_us: number
  /** seqs of entries that say what was erased of it; of most runs nothing is. */
  erased_at: number[] | null
}

/** What was seen of a ledger before. */
export interface KnownLedger {
  /** Verifier keys of its birth. */
  readonly keys: readonly string[]
  /** These keys are trusted in it. */
  readonly written: boolean
  /** Of log 0, with ascending sizes. */
  readonly heads: readonly TreeHead[]
  /** Absent: nobody has looked at all of it. */
  readonly sound?: SoundHead | undefined
}

/** What the verifier brings along. */
export interface Trusted {
  /** 'any': for readers who say whose word it is that they pass on. */
  readonly keys: readonly VerifierKey[] | 'any'
  readonly remembered: KnownLedger | null
  /** Roots of so many first entries are wanted; absent: of none. */
  readonly sizes?: ReadonlySet<number>
}

/** Of a run's log, what log 0 speaks of. */
export type RunAsFound = Pick<
  WalkedRun,
  'run' | 'log' | 'entries' | 'root' | 'first_root' | 'sealed' | 'resumed' | 'earliest' | 'sealed_us' | 'registered'
>

export class LedgerLog {
  /** The ledger's id; empty if its birth can't be read. */
  id = ''
  entries = 0
  /** Root of its tree. */
  root = ''
  /** Verifier keys of the ledger's birth. */
  born: readonly string[] = []
  /** Time of its last entry. */
  last_us = 0
  readonly erasures = new Erasures()
  /** Of those first entries that were asked for. */
  readonly roots = new Map<number, Hash>()
  readonly #check: Check
  readonly #logs = new Map<number, Registered>()
  readonly #keys: KeysInForce
  readonly #runs = new Set<string>()
  /** seqs of entries that change keys. */
  readonly #changes: number[] = []
  /** Runs with splits. */
  readonly #split: Registered[] = []
  #last_log = 0
  /** Of logs up to this one that aren't known nothing was read. */
  #passed_over = 0

  readonly #remembered: KnownLedger | null

  constructor(check: Check, { keys, remembered }: Trusted) {
    this.#check = check
    this.#remembered = remembered
    this.#keys = new KeysInForce(keys === 'any' ? keys : [...keys, ...rememberedKeys(remembered)])
  }

  /** Name of a log in its checkpoints. */
  origin(log: number): string {
    return `custody/${this.id}/${log}`
  }

  /** Keys that the head of a log may be signed with; of log 0, one with so many entries. */
  keysOf(log: number, size: number): HeadKeys {
    if (log === 0) return this.#keys.ofLogZero(size)
    const known = this.ofLog(log)
    const { changed_at = this.entries, opened_at = changed_at, sealed = null } = known ?? {}
    return this.#keys.ofRun(changed_at, sealed !== null, this.#logs.has(log) ? changed_at : opened_at)
  }

  /** Of all that was read. */
  get sound(): SoundHead {
    return { size: this.entries, root: this.root, changes: [...this.#changes], logs: this.#last_log }
  }

  /** Verifier keys that are in force after its last entry. */
  get in_force(): readonly string[] {
    return this.#keys.ofLogZero(Number.MAX_SAFE_INTEGER).good.map(each => each.text)
  }

  /** What it says of a run's way, with ascending sizes. */
  progressOf(log: number): readonly Said[] {
    return this.#logs.get(log)?.progress ?? []
  }

  /** What it says of a log. */
  known(log: number): Registered | null {
    return this.#logs.get(log) ?? null
  }

  /** The run that a log belongs to, be it that of a split. */
  ofLog(log: number): Registered | undefined {
    return this.#logs.get(log) ?? this.#split.find(each => log > each.log && log <= each.log + each.splits)
  }

  /** Those that are and were in force. */
  get keys(): KeysInForce {
    return this.#keys
  }

  get registered(): Iterable<Registered> {
    return this.#logs.values()
  }

  /** What log 0 says of a run is what its log has. */
  checkRun(walked: RunAsFound): void {
    const check = walked.registered
    const known = this.#logs.get(walked.log)
    if (known === undefined || known.run !== walked.run) {
      check.add(`log 0 doesn't say that run ${walked.run} was opened as log ${walked.log}`)
      return
    }
    if (known.first_root !== walked.first_root) {
      check.add(
        `the run was opened with root ${short(known.first_root)}, and its entry 0 gives ${short(walked.first_root)}`,
      )
    }
    if (known.sealed === null) {
      if (walked.sealed) check.add('the run has a seal, and log 0 does not say that it was sealed')
    } else if (!walked.sealed) check.add('log 0 says that the run was sealed, and its last entry is no seal')
    if (known.sealed !== null && (known.sealed.size !== walked.entries || known.sealed.root !== walked.root)) {
      const { size, root } = known.sealed
      check.add(
        `the run was sealed with ${counted(size, 'entry', 'entries')} and root ${short(root)}, and it has ${grouped(walked.entries)} and ${short(walked.root)}`,
      )
    }
    for (const { epoch, t } of walked.resumed) {
      if (epoch > known.epoch) check.add(`the run was resumed with epoch ${epoch}, and log 0 knows of ${known.epoch}`)
      else if (t < (known.taken_over_us?.get(epoch) ?? 0))
        check.add(`the run was resumed with epoch ${epoch} before log 0 says that it was taken over`)
    }
    const { earliest } = walked
    if (earliest !== null && earliest.t < known.opened_us)
      check.add(`${entryName(earliest.seq)} tells of a time before the run was opened`)
    if (known.sealed !== null && walked.sealed_us > known.sealed_us)
      check.add('the seal tells of a time after that at which log 0 says that the run was sealed')
  }

  /** The next entry, whose leaf `walk` has taken. */
  take(seq: number, body: string, walk: LogWalk): void {
    this.entries = walk.tree.size
    const seen = this.#remembered?.heads.find(each => each.size === this.entries)
    if (seen !== undefined && walk.tree.root() !== seen.root)
      this.#check
        .about('log 0')
        .add(
          `its first ${counted(seen.size, 'entry isn’t', 'entries aren’t')} those that you saw: this is another history (CUSTODY_LEDGER_FORKED)`,
        )
    this.#take(seq, body, walk.root_before)
  }

  /** One of the entries that are read, where not all are. `root_before`: of the tree before it; needed of those that change keys. */
  takeOne(seq: number, body: string, root_before: Hash): void {
    this.#take(seq, body, root_before)
  }

  /** The next entry that is read comes behind others, after which `logs` had been opened. */
  passTo(logs: number): void {
    this.#last_log = logs
    this.#passed_over = logs
  }

  /** Nothing more is read of it. `last_us`: time of its last entry. */
  finish({ size, root }: TreeHead, last_us: number): void {
    this.entries = size
    this.root = root
    this.last_us = last_us
  }

  #take(seq: number, body: string, root_before: Hash): void {
    let entry: LedgerEntry
    try {
      entry = decodeLedgerEntry(seq, body)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#check.about('log 0').add(`${entryName(seq)}: ${error.message}`)
      return
    }
    const problem = this.#fold(seq, entry, root_before)
    if (problem !== null) this.#check.about('log 0').add(`${entryName(seq)}: ${problem}`)
    if (entry.t < this.last_us)
      this.#check.about('log 0').add(`${entryName(seq)}: its time lies before that of the entry before it`)
    this.last_us = entry.t
  }

  #open(seq: number, entry: Extract<LedgerEntry, { k: 'opened' }>): string | null {
    const { log, run, root, splits = 0 } = entry
    if (this.#logs.has(log)) return `log ${log} is opened a second time`
    if (log !== this.#last_log + 1) return `log ${log} is opened, where ${this.#last_log + 1} comes next`
    if (this.#runs.has(run)) return `run ${run} is opened a second time`
    this.#runs.add(run)
    this.#last_log = log + splits
    const initial = {
      splits,
      sealed: null,
      epoch: 1,
      changed_at: seq,
      opened_us: entry.t,
      taken_over_us: null,
      progress: null,
      sealed_us: 0,
      erased_at: null,
    }
    const opened = { log, run, opened_at: seq, first_root: root, ...initial }
    this.#logs.set(log, opened)
    if (splits > 0) this.#split.push(opened)
    return null
  }

  #fold(seq: number, entry: LedgerEntry, root_before: Hash): string | null {
    if ((entry.k === 'birth') !== (seq === 0)) return 'the birth of the ledger is entry 0, and no other'
    switch (entry.k) {
      case 'birth':
        this.id = entry.ledger
        this.born = entry.keys
        return this.#keys.birth(entry)
      case 'key':
        this.#changes.push(seq)
        return this.#keys.change(this.id, seq, root_before, entry)
      case 'moved':
        return null
      case 'opened':
        return this.#open(seq, entry)
      case 'erase': {
        const known = this.ofLog(entry.log)
        if (known === undefined && entry.log <= this.#passed_over) return null
        if (known === undefined || known.run !== entry.run)
          return `run ${entry.run} was never opened as log ${entry.log}`
        if (known.sealed === null) return `values of run ${entry.run} are erased, and it wasn’t sealed`
        known.erased_at ??= []
        known.erased_at.push(seq)
        // How many entries a split has is found out where that is read.
        const entries = known.log === entry.log ? known.sealed.size : Number.MAX_SAFE_INTEGER
        return this.erasures.add(entry.log, entry.values, entries)
      }
      case 'sealed':
      case 'progress':
      case 'taken_over': {
        const known = this.#logs.get(entry.log)
        if (known === undefined && entry.log <= this.#passed_over) return null
        if (known === undefined || known.run !== entry.run)
          return `run ${entry.run} was never opened as log ${entry.log}`
        if (known.sealed !== null) return `run ${entry.run} was sealed before`
        known.changed_at = seq
        if (entry.k !== 'taken_over' && entry.size <= (known.progress?.at(-1)?.size ?? 1))
          return `run ${entry.run} is said to have ${counted(entry.size, 'entry', 'entries')}, and had as many before`
        if (entry.k === 'progress') {
          known.progress ??= []
          known.progress.push({ seq, size: entry.size, root: entry.root, t: entry.t })
        } else if (entry.k === 'sealed') {
          known.sealed = { seq, size: entry.size, root: entry.root }
          known.sealed_us = entry.t
        } else if (entry.epoch !== known.epoch + 1)
          return `run ${entry.run} is taken over with epoch ${entry.epoch}, after ${known.epoch}`
        else {
          known.epoch = entry.epoch
          known.taken_over_us ??= new Map()
          known.taken_over_us.set(entry.epoch, entry.t)
        }
        return null
      }
    }
  }
}

function rememberedKeys(remembered: KnownLedger | null): VerifierKey[] {
  return (remembered?.written === true ? remembered.keys : []).flatMap(text => {
    try {
      return parseVerifierKey(text)
    } catch (error) {
      if (error instanceof NoteError) return []
      throw error
    }
  })
}

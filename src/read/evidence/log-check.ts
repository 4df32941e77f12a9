/**
 * Whether what is stored of a log is what was signed: all its entries give the root of its signed head, and log 0 knows it so.
 * Whose signature that is isn't asked here: it is that of the key which the ledger was born with, or of one that followed it; whether
 * the user trusts it is reported alongside. What a reader then finds in the log, in the same snapshot, is what was committed (log-tree.ts).
 */

import { headIn } from '../../format/checkpoint.ts'
import { leafHash } from '../../format/hash.ts'
import type { TiledTree } from '../../format/tiled-tree.ts'
import type { LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import { counted } from '../../model/number-text.ts'
import { DecodeError, decodeRunEntry } from '../decode.ts'
import { type Bound, boundOf, seqsFor } from '../verify/bound.ts'
import { Check, entryName, noting } from '../verify/check.ts'
import type { KnownLedger, LedgerLog } from '../verify/ledger-log.ts'
import { checkHead } from '../verify/log.ts'
import { readLedgerLog } from '../verify/read-ledger-log.ts'
import { partOfLedger } from './ledger-part.ts'
import { logTree, strayOf } from './log-tree.ts'
import { checkSplit, type SplitsOnRecord, splitBegunBy, splitsOnRecord } from './split-log.ts'
import { UnsoundRecord } from './unsound.ts'

export interface CheckedLog {
  /** The tree that was signed. */
  readonly tree: TiledTree
  /** @throws UnsoundRecord if one of the entries isn't in the tree that was signed. */
  mustHave(entries: readonly StoredEntry[]): Promise<void>
  /** @throws UnsoundRecord if one of its entries is missing, wherever: to be known by who reads entries without knowing how many there are. */
  mustBeWhole(): Promise<void>
  /** Whether it is on record that a value was erased; `place`: from 1, among the values of the entry. */
  isErased(seq: number, place: number): boolean
  /** seqs of the entries of log 0 that a proof of something in it has: of keys, and of its opening, its seal, and erasures. */
  readonly logged: readonly number[]
  /** How many entries of this log log 0 binds, and since when; null of a run that is sealed, of a split, or of log 0. */
  readonly bound: Bound | null
  /** Those of a run with all of its splits; of the log of a split its own. */
  boundInAll(): Promise<Bound | null>
}

export interface CheckOptions {
  /** What the user knows of the ledger from before. */
  readonly remembered: KnownLedger | null
  /**
   * Whether nothing is asked but entries by their numbers, and the stories of rows and batches, each of which is looked at for whether it is
   * whole (subject-check.ts). Then the entries of a log aren't counted, which takes longer than all else, before somebody asks for those that he doesn't know.
   */
  readonly of_stories?: boolean
  /** Called now and then while the entries of a long log are looked at. */
  readonly onProgress?: (entries: number) => void
}

/** Log 0 as it was read, or what of it speaks of one log. */
interface LogZero {
  readonly log: LedgerLog
  readonly check: Check
}

export class LogChecks {
  readonly #reader: LedgerReader
  readonly #options: CheckOptions
  readonly #logs = new Map<number, Promise<CheckedLog>>()
  /** By the log of their coordinator. */
  readonly #splits = new Map<number, Promise<SplitsOnRecord>>()
  #tree_of_zero: Promise<TiledTree | null> | null = null
  #whole_zero: Promise<LogZero> | null = null

  constructor(reader: LedgerReader, options: CheckOptions) {
    this.#reader = reader
    this.#options = options
  }

  /** Looks at a log once. @throws UnsoundRecord */
  of(log: number): Promise<CheckedLog> {
    let checked = this.#logs.get(log)
    if (checked === undefined) {
      checked = this.#check(log)
      this.#logs.set(log, checked)
    }
    return checked
  }

  async #check(log: number): Promise<CheckedLog> {
    const zero = (await this.#partOfZero(log)) ?? (await this.#wholeZero())
    const check = new Check('record')
    const trees: TiledTree[] = []
    await noting(check, async () => {
      trees.push(await this.#look(log, zero.log, check))
    })
    const wrong = [...zero.check.result().problems, ...check.result().problems]
    const [tree] = trees
    if (tree === undefined || wrong.length > 0) throw new UnsoundRecord(wrong)
    const leaves = (from: number, most: number) => this.#reader.leaves(log, from, most)
    let whole: Promise<void> | null = null
    return {
      tree,
      mustBeWhole: () => {
        whole ??= this.#countedWhole(log, tree)
        return whole
      },
      async mustHave(entries) {
        const stray = await strayOf(entries, tree, leaves)
        if (stray !== null)
          throw new UnsoundRecord([
            `${entryName(stray)} isn’t in the tree that was signed: it was changed after it was committed`,
          ])
      },
      isErased: (seq, place) => zero.log.erasures.has(log, seq, place),
      logged: seqsFor(zero.log, log),
      bound: boundOf(zero.log.known(log)),
      boundInAll: () => this.#boundInAll(log),
    }
  }

  async #boundInAll(log: number): Promise<Bound | null> {
    const part = log === 0 ? null : splitBegunBy(await this.#reader.entry(log, 0))
    const coordinator = log - (part ?? 0)
    const { bound } = await this.of(coordinator)
    if (bound === null) return null
    const splits = (await this.#splitsOf(coordinator)).bound
    const entries = part === null ? splits.values().reduce((sum, each) => sum + each, bound.entries) : splits.get(part)
    return { ...bound, entries: entries ?? 0 }
  }

  async #countedWhole(log: number, tree: TiledTree): Promise<void> {
    const missing = await this.#missing(log, tree)
    if (missing !== null) throw new UnsoundRecord([missing])
  }

  async #missing(log: number, tree: TiledTree): Promise<string | null> {
    const entries = await this.#reader.count(log, 'entries')
    const size = await this.#reader.size(log)
    return entries < size ? `${entryName(tree.size)}, or one before it, is missing` : null
  }

  /** Null: it isn't known well enough from before. */
  async #partOfZero(log: number): Promise<LogZero | null> {
    const { remembered } = this.#options
    // Where all of it was read, that is at hand: of a split's log nothing else says enough, and there may be very many of these.
    if (remembered?.sound === undefined || this.#whole_zero !== null) return null
    this.#tree_of_zero ??= this.#signedTreeOfZero()
    const tree = await this.#tree_of_zero
    const part = tree === null ? null : await partOfLedger(this.#reader, tree, log === 0 ? null : log, remembered)
    return part === null ? null : { log: part, check: new Check('ledger') }
  }

  async #signedTreeOfZero(): Promise<TiledTree | null> {
    const signed = headIn((await this.#reader.head(0)) ?? '')
    if (signed === null) return null
    const tree = await logTree(this.#reader, 0, { signed: signed.root })
    return tree.root === signed.root && tree.size === signed.size ? tree : null
  }

  /** Of the coordinator with this log. @throws UnsoundRecord if its log isn't what was signed. */
  #splitsOf(log: number): Promise<SplitsOnRecord> {
    let known = this.#splits.get(log)
    if (known === undefined) {
      known = this.of(log).then(checked => splitsOnRecord(this.#reader, log, checked))
      this.#splits.set(log, known)
    }
    return known
  }

  #wholeZero(): Promise<LogZero> {
    this.#whole_zero ??= this.#readZero()
    return this.#whole_zero
  }

  async #readZero(): Promise<LogZero> {
    const check = new Check('ledger')
    const { remembered } = this.#options
    return { log: await readLedgerLog(this.#reader, { keys: 'any', remembered }, check), check }
  }

  async #look(log: number, zero: LedgerLog, check: Check): Promise<TiledTree> {
    const reader = this.#reader
    const origin = zero.origin(log)
    const signed = headIn((await reader.head(log)) ?? '')?.root ?? ''
    const tree = await logTree(reader, log, { ...this.#options, signed })
    if (this.#options.of_stories !== true) {
      const missing = await this.#missing(log, tree)
      if (missing !== null) check.add(missing)
    }
    await checkHead(reader, { log, origin }, tree, size => zero.keysOf(log, size), check)
    if (log === 0) return tree
    const [first, last] = [await reader.entry(log, 0), await reader.entry(log, tree.size - 1)]
    for (const entry of [first, last])
      if (entry !== null && !(await tree.has(entry.seq, leafHash(entry.body))))
        check.add(`${entryName(entry.seq)} was changed`)
    const part = splitBegunBy(first)
    if (part !== null && part >= log) check.add(`it begins split ${part} of a run that isn’t there`)
    else if (part !== null) {
      await checkSplit({ first, last }, part, await this.#splitsOf(log - part), tree, check)
    }
    if (part !== null) return tree
    const said = zero.progressOf(log).at(-1)
    if (said !== undefined && (await tree.rootOf(said.size)) !== said.root)
      check.add(
        `its log doesn’t begin with the ${counted(said.size, 'entry', 'entries')} that ${entryName(said.seq)} of log 0 has of it`,
      )
    zero.checkRun({
      log,
      run: runIn(first?.body ?? ''),
      entries: tree.size,
      root: tree.root,
      // Of a tree with one leaf the root is the leaf.
      first_root: leafHash(first?.body ?? ''),
      sealed: last?.body.includes('"k":"seal"') === true,
      // Of times, and of who took it over, `verify` tells.
      resumed: [],
      earliest: null,
      sealed_us: 0,
      registered: check,
    })
    return tree
  }
}

/** The run that an opening entry says it opens. */
function runIn(body: string): string {
  try {
    const { facts } = decodeRunEntry(0, body)
    return facts.k === 'open' ? facts.run : ''
  } catch (error) {
    if (error instanceof DecodeError) return ''
    throw error
  }
}

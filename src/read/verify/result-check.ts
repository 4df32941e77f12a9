/**
 * The result digest of a run with splits, made once more from its rows, batches and files, and held against the values that say it. Where one
 * of these values is gone nobody can say it, and nothing is wrong with that.
 */
import { type FileDigest, resultDigest } from '../../format/result-digest.ts'
import type { Topology } from '../../format/topology.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { Hash } from '../../model/sha256.ts'
import { publishedIn } from '../runs/published-values.ts'
import { closingOf, openingOf } from '../runs/run-log.ts'
import { ValuesOnRecord } from '../runs/values-on-record.ts'
import { Check, noting } from './check.ts'
import { short } from './log.ts'
import { digestOfSplit } from './result-lines.ts'
import type { WalkedRun } from './walked-run.ts'

const UNAVAILABLE = 'it is unavailable, since values are erased, or can’t be read'

export class ResultCheck {
  readonly check = new Check('result')
  readonly #reader: LedgerReader
  /** The coordinator's. */
  readonly #log: number
  #topology: Topology | null = null
  /** Of the splits so far; null if one has none. */
  #splits: Hash[] | null = []
  /** Whether there is anything to be looked at. */
  #any = false
  /** Whether something that would be looked at can't be. */
  #lacks = false

  constructor(reader: LedgerReader, log: number) {
    this.#reader = reader
    this.#log = log
  }

  /** What was found of the next one. */
  async split(part: number, found: WalkedRun | null): Promise<void> {
    const end = found?.end ?? null
    if (found === null || end?.k !== 'close' || end.digest === undefined) {
      this.#splits = null
      return
    }
    this.#any = true
    if (!isSound(found)) return this.check.leave()
    await noting(this.check, async () => {
      const log = this.#log + part
      this.#topology ??= (await openingOf(this.#reader, this.#log)).topology
      const said = await new ValuesOnRecord(this.#reader, log).get(found.entries - 1, end, 'digest')
      const { totals } = end
      const batches = totals.batches.reduce((sum, [, count]) => sum + count, 0)
      const extent = { log, rows: totals.rows.read, batches }
      const made = said === null ? null : await digestOfSplit(this.#reader, extent, this.#topology)
      if (said === null || made === null) this.#lacks = true
      else {
        this.#splits?.push(made)
        if (made !== said)
          this.check.add(`what split ${part} came to has the digest ${short(made)}, and ${short(said)} is on record`)
      }
    })
  }

  /** When all splits were looked at. `null`: the run has no such digest. */
  async finish(found: WalkedRun): Promise<Check | null> {
    const { end } = found
    if (end?.k === 'seal' && end.digest !== undefined) {
      this.#any = true
      if (!isSound(found)) this.check.leave()
      else if (this.#splits === null) this.check.add('the seal has one, and not all of its splits have')
      else await noting(this.check, () => this.#finish(found, end))
    }
    if (this.#lacks) this.check.pass(UNAVAILABLE)
    return this.#any ? this.check : null
  }

  async #finish({ entries }: WalkedRun, end: Extract<WalkedRun['end'], { readonly k: 'seal' }>): Promise<void> {
    const [reader, log] = [this.#reader, this.#log]
    const said = await new ValuesOnRecord(reader, log).get(entries - 1, end, 'digest')
    const { publish } = await closingOf(reader, log)
    const { topology } = await openingOf(reader, log)
    const files = new Map<string, readonly FileDigest[]>()
    for (const [sink, { contents }] of await publishedIn(reader, log, publish, topology)) {
      const fact = publish?.entry.artifacts.find(each => topology.nodes[each.sink - 1]?.name === sink)
      if (contents !== null)
        files.set(
          sink,
          contents.map(each => [each.rows, each.bytes, each.sha256]),
        )
      else if (fact?.contents !== undefined) this.#lacks = true
    }
    if (said === null) this.#lacks = true
    if (said === null || this.#lacks || this.#splits === null) return
    const made = resultDigest(this.#splits, files)
    if (made !== said)
      this.check.add(`what the run came to has the digest ${short(made)}, and ${short(said)} is on record`)
  }
}

/** What doesn't hold isn't worth being added up. */
function isSound({ checks, complete }: WalkedRun): boolean {
  return complete && checks.every(({ ok }) => ok)
}

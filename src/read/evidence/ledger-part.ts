/**
 * What log 0 says of one log, and of keys, where all of it was looked at before: of what was there then only the entries that are needed are
 * read, and all that came since.
 *
 * LEDGER-PART-1. No entry that changes keys, or that binds a run, is missed, whatever a table or an index says. Changes of keys are those that
 *     are remembered, and any among what came since; of a run that is found sealed nothing comes later but erasures; of any other all is read
 *     from its opening on.
 * LEDGER-PART-2. An index says where a log is spoken of. It can hide an opening, or a seal: then the run isn't taken for one that holds
 *     by that. It can hide that values were erased: then a reader finds them missing.
 * LEDGER-PART-3. It finds that all holds, or nothing: what is wrong is for who reads all.
 */
import { leafHash } from '../../format/hash.ts'
import type { LedgerEntry } from '../../format/ledger-entry.ts'
import type { SoundHead } from '../../format/standing.ts'
import type { TiledTree } from '../../format/tiled-tree.ts'
import type { LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import { DecodeError, decodeLedgerEntry } from '../decode.ts'
import { Check, noting } from '../verify/check.ts'
import { type KnownLedger, LedgerLog } from '../verify/ledger-log.ts'
import { checkHead } from '../verify/log.ts'

/** Something isn't as it must be. */
class Unfit extends Error {}

/**
 * `tree`: that of log 0 as it is stored, whose root is that of its head. `log`: null for keys alone. Null: nothing is known from before, or it
 * isn't what is there now; then all must be read. To be called within a snapshot.
 */
export async function partOfLedger(
  reader: LedgerReader,
  tree: TiledTree,
  log: number | null,
  { sound, heads }: Pick<KnownLedger, 'sound' | 'heads'>,
): Promise<LedgerLog | null> {
  const newest = heads.at(-1)
  if (sound === undefined || newest === undefined || newest.size > tree.size) return null
  for (const each of [sound, newest]) if ((await tree.rootOf(each.size)) !== each.root) return null
  const check = new Check('ledger')
  const found = new LedgerLog(check, { keys: 'any', remembered: null })
  try {
    await noting(check, () => new PartReader(reader, tree, found, check).read(log, sound))
  } catch (error) {
    if (error instanceof Unfit || error instanceof DecodeError) return null
    throw error
  }
  // Where an index hides it, all entries tell of it.
  const is_known = log === null || found.known(log) !== null
  return check.ok && is_known ? found : null
}

interface Spoken {
  readonly stored: StoredEntry
  readonly entry: LedgerEntry
}

class PartReader {
  readonly #reader: LedgerReader
  readonly #tree: TiledTree
  readonly #found: LedgerLog
  readonly #check: Check

  constructor(reader: LedgerReader, tree: TiledTree, found: LedgerLog, check: Check) {
    this.#reader = reader
    this.#tree = tree
    this.#found = found
    this.#check = check
  }

  async read(log: number | null, sound: SoundHead): Promise<void> {
    const about = log === null ? [] : await this.#about(log, sound.size)
    const [opened] = about
    const is_sealed = about.some(({ entry }) => entry.k === 'sealed')
    // Of a run that isn't sealed, as far as is found, nothing may be missed.
    const from = opened === undefined || is_sealed ? sound.size : opened.stored.seq
    await this.#before(
      from,
      [0, ...sound.changes],
      about.map(({ stored }) => stored.seq),
    )
    this.#found.passTo(from < sound.size ? opensBefore(opened) : sound.logs)
    await this.#since(from)
  }

  /** Of the entries before `from` those that were found. */
  async #before(from: number, changes: readonly number[], about: readonly number[]): Promise<void> {
    const seqs = [...changes, ...about].filter(seq => seq < from)
    for (const seq of seqs.toSorted((a, b) => a - b)) {
      const stored = await this.#checked(await this.#reader.entry(0, seq), seq)
      const entry = decodeLedgerEntry(seq, stored.body)
      if (entry.k === 'opened') this.#found.passTo(entry.log - 1)
      await this.#take(stored)
    }
  }

  /** All entries from `from` on, and the head. */
  async #since(from: number): Promise<void> {
    const reader = this.#reader
    const { size, root } = this.#tree
    let next = from
    for await (const stored of reader.entries(0, from)) await this.#take(await this.#checked(stored, next++))
    if (next !== size || (await reader.count(0, 'payloads')) > 0) throw new Unfit()
    const last = await this.#checked(await reader.entry(0, size - 1), size - 1)
    const found = this.#found
    found.finish({ size, root }, decodeLedgerEntry(last.seq, last.body).t)
    const origin = found.origin(0)
    await checkHead(reader, { log: 0, origin }, { size, root }, of => found.keysOf(0, of), this.#check)
  }

  /** Entries that speak of a log, among those before `end`: nothing, or its opening and others behind it. */
  async #about(log: number, end: number): Promise<readonly Spoken[]> {
    const about: Spoken[] = []
    for (const stored of await this.#reader.entriesAbout(log)) {
      if (stored.seq >= end) break
      const { body } = await this.#checked(stored, stored.seq)
      const entry = decodeLedgerEntry(stored.seq, body)
      if (!('log' in entry) || entry.log !== log || (entry.k === 'opened') !== (about.length === 0)) throw new Unfit()
      about.push({ stored, entry })
    }
    return about
  }

  async #take({ seq, body }: StoredEntry): Promise<void> {
    const root_before = body.includes('"k":"key"') ? await this.#tree.rootOf(seq) : ''
    this.#found.takeOne(seq, body, root_before ?? '')
  }

  /** One of those that were signed, and listed as it is. */
  async #checked(stored: StoredEntry | null, seq: number): Promise<StoredEntry> {
    if (stored === null || stored.seq !== seq || stored.row !== null || stored.batch !== null) throw new Unfit()
    if (!(await this.#tree.has(seq, leafHash(stored.body)))) throw new Unfit()
    return stored
  }
}

/** How many logs had been opened before this one. */
function opensBefore(opened: Spoken | undefined): number {
  return opened?.entry.k === 'opened' ? opened.entry.log - 1 : 0
}

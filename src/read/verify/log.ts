/**
 * One log as stored: its entries in order with their payloads, the root of its tree, and its signed head.
 * The tree is built from the stored texts; nothing that the ledger says of hashes is believed.
 */
import { type Checkpoint, parseCheckpoint } from '../../format/checkpoint.ts'
import { type OpenedNote, openNote } from '../../format/note.ts'
import { TILE_WIDTH, type Tile } from '../../format/tree.ts'
import { NoteError } from '../../format/verifier-key.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { counted, grouped } from '../../model/number-text.ts'
import type { Hash } from '../../model/sha256.ts'
import { entryName, type Report } from './check.ts'
import { type HeadKeys, missing } from './keys.ts'
import type { Looked } from './look.ts'
import type { Page } from './page.ts'
import type { ProgressCheck } from './progress.ts'
import { TiledFrontier } from './tiled-frontier.ts'

/** Takes a log's entries, in order, and builds its tree. */
export class LogWalk {
  readonly tree = new TiledFrontier(tile => this.#takeTile(tile))
  /** Its full tiles, in order of level and place. */
  readonly #tiles: Tile[][] = []
  /** Root of the tree after the first entry. */
  first_root = ''
  /** Leaf of the last entry of a page. */
  last_leaf: Hash = ''
  /** Root of the tree before the latest entry that changes keys. */
  root_before = ''
  /** Whether an entry is missing. */
  gaps = false
  /** Of its entries. */
  payloads = 0
  #next = 0
  readonly #entries: Report
  readonly #progress: ProgressCheck | null

  /** `progress` gets the roots that it wants. */
  constructor(checks: { readonly entries: Report }, progress: ProgressCheck | null = null) {
    this.#progress = progress
    this.#entries = checks.entries
  }

  /** Size and root of the tree of what was read. */
  head(): { readonly size: number; readonly root: Hash } {
    return { size: this.tree.size, root: this.tree.root() }
  }

  tiles(): readonly Tile[] {
    return this.#tiles.flat()
  }

  #takeTile(tile: Tile): void {
    const of_level = this.#tiles[tile.level]
    if (of_level === undefined) this.#tiles[tile.level] = [tile]
    else of_level.push(tile)
  }

  /** The next entry, which isn't of a page. */
  take(looked: Looked): void {
    this.see(looked)
    this.takeText(looked.entry.body, looked.leaf)
  }

  /** The same where entries have no numbers but their places. */
  takeText(body: string, leaf: Hash): void {
    if (body.includes('"k":"key"')) this.root_before = this.tree.root()
    this.#append(leaf)
  }

  /** All leaves of a page. */
  append({ leaves, tiles }: Pick<Page, 'leaves' | 'tiles'>): void {
    if (this.tree.size === 0) this.first_root = leaves[0] ?? ''
    this.last_leaf = leaves.at(-1) ?? this.last_leaf
    let at = 0
    for (const root of this.tree.between_tiles ? tiles : []) {
      const end = at + TILE_WIDTH
      if (this.#wanted < this.tree.size + TILE_WIDTH) while (at < end) this.#add(leaves[at++] ?? '')
      else {
        this.tree.appendTile(root)
        this.#reached()
        at = end
      }
    }
    while (at < leaves.length) this.#add(leaves[at++] ?? '')
  }

  #add(leaf: Hash): void {
    this.tree.append(leaf)
    this.#reached()
  }

  #reached(): void {
    if (this.tree.size === this.#wanted) this.#progress?.reached(this.tree.root())
  }

  get #wanted(): number {
    return this.#progress?.next ?? Number.POSITIVE_INFINITY
  }

  #append(leaf: Hash): void {
    this.tree.append(leaf)
    if (this.tree.size === 1) this.first_root = leaf
  }

  /** Entries of a page in their order: whether one is missing. */
  see({ entry, payload, has_values }: Looked): void {
    this.seeAll(entry.seq, 1, payload !== null || has_values ? 1 : 0)
  }

  /** The same of `count` that follow each other. */
  seeAll(first: number, count: number, payloads: number): void {
    if (first !== this.#next) this.#gap(this.#next, first)
    this.#next = first + count
    this.payloads += payloads
  }

  /** Whether an entry would be the next one. */
  isNext(seq: number): boolean {
    return seq === this.#next && !this.gaps
  }

  #gap(from: number, to: number): void {
    this.gaps = true
    const missing = to - from
    if (missing < 1) this.#entries.add(`${entryName(to)} is there, where entry ${grouped(from)} comes next`)
    else if (missing === 1) this.#entries.add(`${entryName(from)} is missing`)
    else this.#entries.add(`entries ${grouped(from)} to ${grouped(to - 1)} are missing`)
  }
}

/** All entries were taken: there may be no other payloads than theirs. */
export async function checkPayloads(
  reader: Pick<LedgerReader, 'count' | 'strayPayloads'>,
  log: number,
  { payloads }: Pick<LogWalk, 'payloads'>,
  values: Report,
): Promise<void> {
  if (payloads === (await reader.count(log, 'payloads'))) return
  for (const seq of await reader.strayPayloads(log))
    values.add(`there is a payload of entry ${grouped(seq)}, and no such entry, or it has another one`)
}

/** Checks a log's signed head against its stored entries. Gives the head if it can be trusted. */
export async function checkHead(
  reader: LedgerReader,
  log: { readonly log: number; readonly origin: string },
  tree: { readonly size: number; readonly root: Hash },
  keys: (size: number) => HeadKeys,
  check: Report,
): Promise<Checkpoint | null> {
  const note = await reader.head(log.log)
  if (note === null) {
    check.add(`the log has no signed checkpoint`)
    return null
  }
  const head = readHead(textOf(note), check)
  if (head === null) return null
  const { good, others } = keys(head.size)
  const opened = openNote(note, good)
  if (!opened.ok) check.add(`its checkpoint can't be trusted: ${distrust(note, opened, others)}`)
  const lacking = opened.ok ? missing(good, opened.signed_by) : []
  if (lacking.length > 0)
    check.add(`its checkpoint can't be trusted: no ${lacking.join(' and no ')} key that is in force has signed it`)
  if (head.origin !== log.origin) check.add(`its checkpoint is that of ${head.origin}, not of ${log.origin}`)
  if (head.size !== tree.size) {
    const what = head.size > tree.size ? 'entries were left out' : 'entries were added'
    check.add(
      `its checkpoint covers ${counted(head.size, 'entry', 'entries')}, and ${grouped(tree.size)} are stored: ${what} after it was signed`,
    )
  } else if (head.root !== tree.root) {
    check.add(
      `the ${counted(tree.size, 'stored entry gives', 'stored entries give')} root ${short(tree.root)}, and ${short(head.root)} was signed: at least one was changed after it was committed`,
    )
  }
  return opened.ok && lacking.length === 0 ? head : null
}

function distrust(
  note: string,
  { problem, message }: Extract<OpenedNote, { ok: false }>,
  others: HeadKeys['others'],
): string {
  if (problem !== 'unknown_key') return message
  const other = others.find(({ key }) => openNote(note, [key]).ok)
  if (other !== undefined) return `it is signed by ${other.why}, and so not when this was signed`
  return `${message} (get it from whoever keeps the ledger, and name it with --key, or trust it for good with \`custody key trust FILE\`)`
}

function readHead(text: string, check: Report): Checkpoint | null {
  try {
    return parseCheckpoint(text)
  } catch (error) {
    if (!(error instanceof NoteError)) throw error
    check.add(`its checkpoint is ${error.message}`)
    return null
  }
}

/** The text of a note, whoever signed it: what it says is worth a comparison. */
function textOf(note: string): string {
  return note.slice(0, note.lastIndexOf('\n\n') + 1)
}

/** `8f3a…03c2` */
export function short(hash: string): string {
  return `${hash.slice(0, 4)}…${hash.slice(-4)}`
}

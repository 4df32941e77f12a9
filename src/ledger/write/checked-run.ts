/**
 * A run's log as it must be for somebody to resume it: its tree is what its last head signed, it has all of its entries, the table of
 * open tokens is what the last commit says of it, and what is read of it is in that tree (I13). It reads only what is used: the
 * tree by its tiles, the run's own entries, and the rows and batches that are asked for. Anything else that was changed goes into no new head:
 * that signs what was signed before, and `verify` names the rest.
 */

import type { RunEntry } from '../../format/entry.ts'
import { leafHash } from '../../format/hash.ts'
import type { TiledTree } from '../../format/tiled-tree.ts'
import { type SubjectTile, TREES } from '../../format/trees.ts'
import { CustodyError } from '../../model/error.ts'
import { parseJson } from '../../model/json.ts'
import { grouped } from '../../model/number-text.ts'
import type { FullEntry, LedgerReader, StoredEntry } from '../read-port.ts'
import type { RunReader } from '../write-port.ts'
import { type AppenderState, originOf } from './appender.ts'
import type { ClosedLeavesState, ClosedSubjectsState } from './closed-subjects.ts'
import type { LogZero } from './log-zero.ts'
import { OpenTokens } from './open-tokens.ts'
import { type LogReader, shortLog } from './short-log.ts'
import { altered, checkBound, checkSignedHead } from './signed-head.ts'
import { treeOf } from './stored-tree.ts'

export interface CheckedRun {
  readonly state: AppenderState
  /** The head that it was checked against. */
  readonly note: string
  readonly open: OpenTokens
  readonly tree: Pick<TiledTree, 'size' | 'has' | 'rootOf'>
  /** Gives nothing that isn't in the tree. */
  readonly reader: RunReader
}

export interface CheckRequest {
  readonly log: number
  readonly run: string
  /** A log with at most so many entries is checked in full. */
  readonly whole_to_entries: number
  /** Of the log of a split: how far its coordinator has it at least. */
  readonly split?: { readonly size: number; readonly root: string } | undefined
}

/** Logs with at most so many entries are checked in full: that is as quick, and refuses whatever was changed. */
export const WHOLE_TO_ENTRIES = 20_000

/**
 * To be called within a snapshot, in which `reader` of what comes back is used, too. `log_zero` is as it was last brought up to date.
 * @throws CustodyError CUSTODY_LEDGER_ALTERED, CUSTODY_LEDGER_CUT, CUSTODY_OPEN_TOKENS_ALTERED, CUSTODY_KEY_UNKNOWN.
 */
export async function checkedRun(
  ledger: LedgerReader,
  log_zero: LogZero,
  { log, run, whole_to_entries, split }: CheckRequest,
): Promise<CheckedRun> {
  const place = { url: ledger.url, log, run }
  const reader = (await shortLog(ledger, log)) ?? ledger
  const opened = log_zero.runOf(log)
  if (opened?.run !== run) throw altered(place, 'is listed, and log 0 has it sealed or never opened it')
  const known = { ...opened, ...(split === undefined ? {} : { bound: split }) }
  const note = await reader.head(log)
  const tree = await treeOf(reader, log)
  const extent = { ...place, origin: originOf(log_zero.id, log), size: tree.size, root: tree.root, note }
  const since = split === undefined ? known.mentioned_at : known.opened_at
  checkSignedHead(extent, () => log_zero.keys.goodForRun(known.mentioned_at, false, since))
  checkBound(extent, known.bound)
  if (known.bound.size > 0 && (await tree.rootOf(known.bound.size)) !== known.bound.root)
    throw altered(
      place,
      `doesn’t begin with the ${grouped(known.bound.size)} entries that the ledger’s own log has of it`,
    )
  const entries = await reader.count(log, 'entries')
  if (entries !== tree.size)
    throw new CustodyError(
      'CUSTODY_LEDGER_CUT',
      `run ${run} has ${grouped(entries)} of its ${grouped(tree.size)} entries`,
      {
        where: { path: `${ledger.url}, log ${log}` },
      },
    )
  const checked = new TreeReader(reader, tree, place)
  if (tree.size <= whole_to_entries) for await (const entry of reader.entries(log)) await checked.check(entry)
  const { commit, tiles } = await lastCommit(checked, log)
  const open = await OpenTokens.read(reader.openTokens(log))
  checkOpen(place, open, commit)
  return {
    // A coordinator's commits count rows of its splits, and it has none itself.
    state: {
      frontier: tree.frontier(),
      closed: closedBefore(opened.log === log && opened.splits > 0 ? null : commit, tiles),
    },
    note: note as string,
    open,
    tree,
    reader: checked,
  }
}

type Commit = Extract<RunEntry, { readonly k: 'commit' }>

async function lastCommit(
  reader: RunReader,
  log: number,
): Promise<{ readonly commit: Commit | null; readonly tiles: readonly SubjectTile[] }> {
  let commit: Commit | null = null
  const tiles: SubjectTile[] = []
  for await (const { body } of reader.entriesOfRun(log)) {
    if (!body.includes('"k":"commit"')) continue
    commit = parseJson(body) as Commit
    tiles.push(...(commit.tiles ?? []))
  }
  return { commit, tiles }
}

function closedBefore(commit: Commit | null, tiles: readonly SubjectTile[]): ClosedSubjectsState {
  const of = (tree: number, last: number): ClosedLeavesState => ({
    ...{ last, before: last, parts: new Map(), unfollowed: [] },
    tiles: new Map(tiles.flatMap(([each, index, root]) => (each === tree ? [[index, root] as const] : []))),
  })
  const { rows, batches } = commit?.totals ?? { rows: { read: 0 }, batches: [] }
  const last = batches.reduce((sum, [, count]) => sum + count, 0)
  return { rows: of(TREES.rows, rows.read), batches: of(TREES.batches, last) }
}

/** Each entry that it gives is in the tree, and where its row or batch is looked for. */
class TreeReader implements RunReader {
  readonly #reader: LogReader
  readonly #tree: TiledTree
  readonly #place: { readonly url: string; readonly log: number; readonly run: string }

  constructor(reader: LogReader, tree: TiledTree, place: { url: string; log: number; run: string }) {
    this.#reader = reader
    this.#tree = tree
    this.#place = place
  }

  async entry(log: number, seq: number): Promise<StoredEntry | null> {
    const entry = await this.#reader.entry(log, seq)
    if (entry !== null) await this.check(entry)
    return entry
  }

  async *entriesOfRun(log: number): AsyncIterable<StoredEntry> {
    for await (const entry of this.#reader.entriesOfRun(log)) {
      await this.check(entry)
      yield entry
    }
  }

  async entriesOfBatch(log: number, batch: number): Promise<readonly StoredEntry[]> {
    const entries = await this.#reader.entriesOfBatch(log, batch)
    for (const entry of entries) await this.check(entry)
    return entries
  }

  async entriesOfRow(log: number, row: number): Promise<readonly StoredEntry[]> {
    const entries = await this.#reader.entriesOfRow(log, row)
    for (const entry of entries) await this.check(entry)
    return entries
  }

  async entriesOfRows(log: number, first: number, last: number): Promise<readonly FullEntry[]> {
    const entries = await this.#reader.entriesOfRows(log, first, last)
    for (const entry of entries) await this.check(entry)
    return entries
  }

  openTokens(log: number) {
    return this.#reader.openTokens(log)
  }

  /** Whoever uses what it says of a token looks whether the token's entries say so. */
  endings(log: number) {
    return this.#reader.endings(log)
  }

  /** Whoever uses its values checks them against the entry's commitments. */
  payload(log: number, seq: number) {
    return this.#reader.payload(log, seq)
  }

  async check({ seq, row, batch, body }: StoredEntry): Promise<void> {
    if (!(await this.#tree.has(seq, leafHash(body))))
      throw altered(this.#place, `has an entry ${seq} that isn’t the one that was signed`)
    const { r, b } = parseJson(body) as { readonly r?: number; readonly b?: number }
    if ((r ?? null) !== row || (b ?? null) !== batch)
      throw altered(this.#place, `has an entry ${seq} that is listed as one of another row or batch`)
  }
}

/** Without a commit nothing is open. */
function checkOpen(
  { url, log, run }: { readonly url: string; readonly log: number; readonly run: string },
  open: OpenTokens,
  commit: Commit | null,
): void {
  const expected = commit === null ? new OpenTokens().fact() : commit.open
  const { count, hash } = open.fact()
  if (count === expected.count && hash === expected.hash) return
  const what = count === expected.count ? 'others than' : `${count}, and not`
  throw new CustodyError(
    'CUSTODY_OPEN_TOKENS_ALTERED',
    `the table of open rows has ${what} the ${expected.count} that run ${run} had at its last commit`,
    { where: { path: `${url}, table open_tokens, log ${log}` } },
  )
}

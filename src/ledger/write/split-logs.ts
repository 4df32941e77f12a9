/** The logs of a run's splits: how one is taken, and what they must be for their coordinator to use what they say (I13). */

import { headIn } from '../../format/checkpoint.ts'
import type { RunEntry } from '../../format/entry.ts'
import { leafHash } from '../../format/hash.ts'
import type { PartHead } from '../../format/split-entry.ts'
import { Frontier } from '../../format/tree.ts'
import type { TreeHead } from '../../format/trees.ts'
import { CustodyError } from '../../model/error.ts'
import { parseJson } from '../../model/json.ts'
import type { Hash } from '../../model/sha256.ts'
import type { LedgerReader, StoredEntry, StoredLease } from '../read-port.ts'
import type { LeaseChange, RunDraft, RunReader, Split, SplitHead, SplitReader } from '../write-port.ts'
import { type Appender, type AppenderState, originOf } from './appender.ts'
import { BlockWriter } from './block.ts'
import { type CheckedRun, checkedRun } from './checked-run.ts'
import { runEntryOf } from './decode.ts'
import { encodeRun } from './encode.ts'
import type { Entropy } from './entropy.ts'
import { NO_ENTRIES, type WriteCommit } from './log-commit.ts'
import type { LogZero, RunOnRecord } from './log-zero.ts'
import { OpenTokens } from './open-tokens.ts'
import { altered, checkSignedHead } from './signed-head.ts'
import { treeOf } from './stored-tree.ts'

/** What taking a split needs. */
export interface SplitTaking {
  readonly reader: LedgerReader
  readonly write: WriteCommit
  /** As it was last brought up to date. */
  readonly log_zero: LogZero
  readonly entropy: Entropy
  /** The lease that it has, which nobody holds. */
  readonly from: StoredLease
  readonly bounds: SplitBounds
  readonly whole_to_entries: number
  /** One for its log. */
  readonly appender: (state?: AppenderState) => Appender
  readonly holder: string
  readonly expires_us: number
  readonly now_us: number
}

export interface TakenSplit<Seen> {
  readonly epoch: number
  readonly began_us: number
  readonly state: AppenderState
  readonly open: OpenTokens
  /** Null: it has just begun. */
  readonly seen: Seen | null
}

/**
 * `first`: the coordinator's log.
 * @throws StaleLog if its former holder woke up once more meanwhile; CustodyError as `checkedRun`.
 */
export async function takeSplit<Seen>(
  taking: SplitTaking,
  { run, part, begin, first }: Split & { readonly first: number },
  look: (reader: RunReader, log: number) => Promise<Seen>,
): Promise<TakenSplit<Seen>> {
  const { reader, write, log_zero, whole_to_entries, from, bounds } = taking
  const log = first + part
  const taken = { epoch: from.epoch + 1, began_us: taking.now_us }
  // Needs no snapshot: with the lease it is written that the log has no entry, or nothing is.
  const [size, bound] = await Promise.all([reader.size(log), bounds.of(reader, first, part)])
  if (size === 0 && bound.size === 0)
    return { ...taken, ...(await beginSplit(taking, log, begin)), open: new OpenTokens(), seen: null }
  const { state, open, seen } = await reader.snapshot(async () => {
    const split = await bounds.of(reader, first, part)
    const checked = await checkedRun(reader, log_zero, { log, run, whole_to_entries, split })
    return { ...checked, seen: await look(checked.reader, log) }
  })
  const head = taking.appender(state).signedHead()
  const lease = leaseOf(taking, state.frontier.size)
  await write({ ...NO_ENTRIES, log, lease, head }, null)
  return { ...taken, state, open, seen }
}

async function beginSplit(
  taking: SplitTaking,
  log: number,
  { entry, ...draft }: RunDraft,
): Promise<Pick<TakenSplit<never>, 'state'>> {
  const appender = taking.appender()
  const writer = new BlockWriter()
  encodeRun(writer, { ...draft, entry: { ...entry, t: Math.max(entry.t, taking.now_us) } }, taking.entropy)
  appender.append(writer.take())
  await taking.write({ ...appender.take(), log, lease: leaseOf(taking, 0) }, null)
  appender.accept()
  return { state: appender.state() }
}

/** Whoever has it with so many entries. */
function leaseOf({ from, holder, expires_us }: SplitTaking, size: number): LeaseChange {
  return { kind: 'take', size, from_epoch: from.epoch, epoch: from.epoch + 1, holder, expires_us }
}

/** What one process knows of a run's splits, so that it needn't find it out anew for each. */
export class KnownSplits {
  readonly bounds = new SplitBounds()
  readonly closed = new ClosedInOrder()
  /** The coordinator's; null: nobody has asked. */
  first_log: number | null = null
}

/** Of a run that is under way. */
export function splitsOf({
  reader,
  log_zero,
  run,
  whole_to_entries,
  splits: { bounds, closed },
}: Pick<SplitTaking, 'reader' | 'log_zero' | 'whole_to_entries'> & {
  readonly run: string
  readonly splits: KnownSplits
}): SplitReader {
  const onRecord = () => {
    for (const each of log_zero.runs.values()) if (each.run === run) return each
    return null
  }
  const known = () => {
    const found = onRecord()
    if (found !== null) return found
    throw new CustodyError('CUSTODY_RUN_UNKNOWN', `${reader.url} has no run ${run} under way`)
  }
  return {
    opening: async () => (await reader.entry(known().log, 0))?.body ?? '',
    heads: (past = NOTHING_SAID) => reader.snapshot(() => splitHeads(reader, known(), past)),
    closed: () => reader.snapshot(() => closedParts(reader, known())),
    async isSealed() {
      const found = onRecord()
      return found === null || found.sealed !== null || (await reader.lease(found.log)) === null
    },
    snapshot: work => reader.snapshot(work),
    see: (part, look) =>
      reader.snapshot(async () => {
        const first = known().log
        const log = first + part
        const split = part === 0 ? undefined : await bounds.of(reader, first, part)
        const checked = await checkedRun(reader, log_zero, { log, run, split, whole_to_entries })
        if (part > 0) closed.saw(part, await closingLeaf({ url: reader.url, log, run }, checked))
        return look(checked.reader, log)
      }),
  }
}

const NOTHING_SAID: ReadonlyMap<number, number> = new Map()

type Bound = Pick<PartHead, 'size' | 'root'>

/** How far the splits of one run are at least: what their coordinator last said of each; nothing, if it never did. */
class SplitBounds {
  readonly #said = new Map<number, Bound>()
  /** Of its log, what wasn't looked at. */
  #next = 0

  /** `log`: the coordinator's. */
  async of(coordinator: Pick<LedgerReader, 'size' | 'entries'>, log: number, part: number): Promise<Bound> {
    if ((await coordinator.size(log)) > this.#next) await this.#readOn(coordinator, log)
    return this.#said.get(part) ?? { size: 0, root: '' }
  }

  async #readOn(coordinator: Pick<LedgerReader, 'entries'>, log: number): Promise<void> {
    for await (const { seq, body } of coordinator.entries(log, this.#next)) {
      this.#next = seq + 1
      if (!body.includes('"k":"parts"')) continue
      const { heads } = parseJson(body) as Extract<RunEntry, { readonly k: 'parts' }>
      for (const { part, size, root } of heads) this.#said.set(part, { size, root })
    }
  }
}

/** The tree of the last entries of splits that were looked at in their order: nothing changes in one that is closed. */
class ClosedInOrder {
  #tree = new Frontier()

  /** `leaf`: null if it isn't closed. */
  saw(part: number, leaf: Hash | null): void {
    if (part === 1) this.#tree = new Frontier()
    if (leaf !== null && part === this.#tree.size + 1) this.#tree.append(leaf)
  }

  /** Null unless these are all splits of the run. */
  rootOf(splits: number): Hash | null {
    return this.#tree.size === splits ? this.#tree.root() : null
  }
}

/** As many at once: each is some 200 bytes. */
const HEADS_AT_ONCE = 1_024

/**
 * The heads that are stored of a run's splits, in order, of those that have gone further than `past` says; whose they are is looked at where they are
 * used.
 */
async function splitHeads(
  reader: LedgerReader,
  { log: first, splits }: RunOnRecord,
  past: ReadonlyMap<number, number>,
): Promise<readonly SplitHead[]> {
  const found: SplitHead[] = []
  for (let from = 1; from <= splits; from += HEADS_AT_ONCE) {
    const to = Math.min(splits, from + HEADS_AT_ONCE - 1)
    for (const { log, note } of await reader.heads({ from: first + from, to: first + to })) {
      const head = headIn(note)
      if (head === null || head.size <= (past.get(log - first) ?? 0)) continue
      const { size, root } = head
      found.push({ part: log - first, size, root, t: timeOf(await reader.entry(log, size - 1)) })
    }
  }
  return found
}

/** Of the last entry of a transaction, which is one of the run. */
function timeOf(entry: Pick<StoredEntry, 'body'> | null): number {
  return entry === null ? 0 : runEntryOf(entry.body).entry.t
}

/** Numbers of the splits that are closed: their leases are gone. */
async function closedParts(reader: LedgerReader, { log: first, splits }: RunOnRecord): Promise<readonly number[]> {
  const open = new Set((await reader.leases()).map(({ log }) => log))
  const parts = Array.from({ length: splits }, (_, i) => i + 1)
  return parts.filter(part => !open.has(first + part))
}

/**
 * The tree of the last entries of all splits, each of which is closed, and is what was signed. To be called within a snapshot.
 * @throws CustodyError CUSTODY_LEDGER_ALTERED, CUSTODY_LEDGER_CUT, CUSTODY_KEY_UNKNOWN.
 */
export async function closedSplits(
  reader: LedgerReader,
  log_zero: LogZero,
  run: RunOnRecord,
  { closed }: KnownSplits,
): Promise<TreeHead> {
  const root = closed.rootOf(run.splits)
  if (root !== null) return { size: run.splits, root }
  const tree = new Frontier()
  for (let part = 1; part <= run.splits; part++) tree.append(await lastLeaf(reader, log_zero, run, run.log + part))
  return { size: run.splits, root: tree.root() }
}

async function lastLeaf(reader: LedgerReader, log_zero: LogZero, run: RunOnRecord, log: number): Promise<string> {
  const place = { url: reader.url, log, run: run.run }
  const tree = await treeOf(reader, log)
  const { size, root } = tree
  const extent = { ...place, origin: originOf(log_zero.id, log), size, root, note: await reader.head(log) }
  checkSignedHead(extent, () => log_zero.keys.goodForRun(run.mentioned_at, false, run.opened_at))
  const leaf = await closingLeaf(place, { tree, reader })
  if (leaf === null) throw altered(place, 'has a split that isn’t closed')
  return leaf
}

/** Of a split's last entry; null if that doesn't close it. `tree`: what was signed. @throws CustodyError CUSTODY_LEDGER_ALTERED. */
async function closingLeaf(
  place: { readonly url: string; readonly log: number; readonly run: string },
  { tree, reader }: { readonly tree: CheckedRun['tree']; readonly reader: Pick<RunReader, 'entry'> },
): Promise<Hash | null> {
  const { size } = tree
  const last = await reader.entry(place.log, size - 1)
  const closed = last === null ? null : (parseJson(last.body) as Partial<Extract<RunEntry, { readonly k: 'close' }>>)
  if (closed?.k !== 'close') return null
  const leaf = leafHash(last?.body ?? '')
  if (!(await tree.has(size - 1, leaf))) throw altered(place, 'has a split that isn’t closed')
  if (closed.size !== size - 1 || (await tree.rootOf(size - 1)) !== closed.root)
    throw altered(place, 'has a split that was closed as another one')
  return leaf
}

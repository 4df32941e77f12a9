/**
 * Resumes a run that stopped or crashed: rebuilds its state from the ledger, takes its lease, winds sources and sinks
 * to the last commit, and drives it on (I5, I6). The ledger proves first that the log is what its last checkpoint
 * signed; nothing is folded before, and no value is used that doesn't fit its commitment (I13). So what doesn't hold leaves no trace.
 */
import type { CursorFact, ReceiptFact } from '../../format/entry.ts'
import { type CodeChange, codeChanges } from '../../format/plugin-code.ts'
import type { SinkIntents } from '../../format/run-values.ts'
import type { StoredLease } from '../../ledger/read-port.ts'
import type { Ledger, RunReader } from '../../ledger/write-port.ts'
import { CustodyError } from '../../model/error.ts'
import type { Json } from '../../model/row.ts'
import type { Plan, SourceNode } from '../../plan/plan.ts'
import type { Receipt } from '../../sdk/spec.ts'
import { Created } from '../nodes/created.ts'
import { Pools } from '../nodes/pool.ts'
import { addFilesRead, FilesInUse } from '../nodes/sink/files-in-use.ts'
import { restoreSinks, type SinkSet } from '../nodes/sink/sink-set.ts'
import { createSources, originalNames, prepareSource } from '../nodes/source/open-sources.ts'
import { NO_CALLS } from '../nodes/source/source-calls.ts'
import { type Cursor, type OpenSource, type ReadSoFar, SourceReader } from '../nodes/source/source-reader.ts'
import { notOnRecord, onRecord } from '../record/on-record.ts'
import { differences } from '../resume/plan-differences.ts'
import { type History, type OpeningRecord, readHistory, readOpening } from '../resume/run-fold.ts'
import { restoreState } from '../resume/state.ts'
import { awaitAwakening } from './awakening.ts'
import { filesRead, refuseOtherFiles } from './files-read.ts'
import { codeIn } from './plugin-code.ts'
import { teller } from './progress.ts'
import { driveSession, holdingsOf, type RunResult, type SessionRequest } from './session.ts'

export interface ResumeRequest extends SessionRequest {
  readonly ledger: Ledger
  /** The same ledger's read side. */
  readonly reader: Pick<RunReader, 'entry' | 'payload'> & {
    logOf(run: string): Promise<number | null>
    lease(log: number): Promise<Pick<StoredLease, 'holder' | 'expires_us'> | null>
  }
  /** Finishes what was ingested, and reads no source again. */
  readonly from_ledger_only: boolean
  /** Resumes nothing: what is open ends as FAILED / abandoned, and the run is sealed. */
  readonly abandon: boolean
  /** Files that no sink may write to, beside those that the plan reads. */
  readonly in_use?: FilesInUse | undefined
  /** Called once, before the first row. */
  readonly onRestored?: ((restored: Restored) => void) | undefined
}

export interface Restored {
  /** Rows that the run had read. */
  readonly rows_read: number
  /** No source gives another row. */
  readonly all_read: boolean
  /** Tokens that wait for something. */
  readonly open: number
  readonly sinks: number
  /** Sources whose rest isn't read. `once`: because it can't be; else because that was asked for. */
  readonly cut: ReadonlyArray<{ readonly name: string; readonly once: boolean }>
  /** Plugins whose code isn't what the run had before: rows from here on are made by the new one, and the ledger records that. */
  readonly code_changes: readonly CodeChange[]
}

/**
 * @throws CustodyError CUSTODY_RUN_UNKNOWN, CUSTODY_RUN_HELD, CUSTODY_PLAN_CHANGED, CUSTODY_FILE_CHANGED; CUSTODY_LEDGER_ALTERED,
 * CUSTODY_LEDGER_CUT, CUSTODY_KEY_UNKNOWN, CUSTODY_OPEN_TOKENS_ALTERED, CUSTODY_VALUE_ALTERED, if it isn't what was signed; and those of sources and
 * plugins. Nothing is changed then, but for those of sources, outputs and plugins: the run was taken over, and is given up again.
 */
export async function resumeRun(request: ResumeRequest): Promise<RunResult> {
  const { plan, run, reader, clock } = request
  const log = await reader.logOf(run)
  if (log === null) throw new CustodyError('CUSTODY_RUN_UNKNOWN', `the ledger has no run ${run}`)
  await refuseOthers(request, await readOpening(reader, log))
  await awaitAwakening(await reader.lease(log), request.ledger, clock, teller('A notice', request.onNotice))
  // Who died holding the lease may have been at work until just now: also when it had run out, where its machine slept before.
  const gave_up = ((await reader.lease(log))?.expires_us ?? 0) === 0
  const created = new Created()
  const { ledger, epoch, seen } = await created.closedOnFailure(() =>
    request.ledger.takeOver(run, signed => foldOf(request, created, signed, log)),
  )
  try {
    request.atPoint?.('after_take_over')
    const { opened, history, state, held } = seen
    const repeats = request.repeats ?? null
    const sources = await createSources(plan, repeats, created, opened.files)
    const cut_off = request.from_ledger_only || request.abandon
    const begun = sources.map(source => ({
      ...source,
      from: readSoFar(source, history, cut_off, repeats !== null),
    }))
    for (const source of begun) if (!source.from.done) await prepareSource(source)
    const sinks = created.add(await restoreOutputs(request, opened.intents, history, sources))
    const pools = created.add(await Pools.open(plan, () => request.started_us ?? opened.opening.t, request.strays))
    const cut = begun.filter(({ from }) => from.cut).map(({ node }) => node)
    const read = state.progressed.totals?.rows.read ?? 0
    const left = Math.max(0, (opened.plan.limit ?? Number.POSITIVE_INFINITY) - read)
    const code_changes = codeChanges(history.plugins, codeIn(plan, request.codeOf))
    const tellRestored = teller('What was restored', request.onRestored)
    tellRestored({
      rows_read: read,
      all_read: left === 0 || begun.every(({ from }) => from.done),
      open: state.progressed.totals?.tokens.open ?? 0,
      sinks: sinks.all.length,
      cut: cut.map(({ name, plugin }) => ({ name, once: !plugin.spec.rereadable(plugin.options) })),
      code_changes,
    })
    return await driveSession({
      request,
      limit: left,
      ledger,
      epoch,
      sinks,
      pools,
      readers: ports => begun.map(({ from, ...source }) => new SourceReader(source, from, ports, repeats !== null)),
      opening_values: 0,
      held,
      from: {
        ...state,
        last_us: history.last_us,
        stood: history.stood,
        lost_nusd: atRiskOf(history),
        down_since_us: gave_up ? history.last_us : Math.max(history.last_us, ledger.now_us()),
        published: history.published,
        abandon: request.abandon,
      },
      prologue: committer =>
        committer.resume(
          epoch,
          cut.map(({ number }) => number),
          code_changes.map(each => each.new),
        ),
    })
  } catch (thrown) {
    // Whatever keeps the lease from being given up, it runs out by itself; what is wrong is thrown.
    await Promise.allSettled([created.close(), ledger.release()])
    throw thrown
  }
}

/** All that is on record of a run and needed to continue it. */
async function foldOf(request: ResumeRequest, created: Created, reader: RunReader, log: number) {
  const { plan } = request
  // It may have been looked at before.
  await created.close()
  const opened = await readOpening(reader, log)
  refuseOtherPlan(plan, opened)
  const history = await readHistory(reader, log)
  const held = created.add(holdingsOf(request))
  return { opened, history, held, state: await restoreState(plan, history, reader, log, held) }
}

/** Neither with another plan nor with other files does a run go on; one that is given up takes no row any further. */
export async function refuseOthers(
  { plan, contentOf, abandon }: Pick<ResumeRequest, 'plan' | 'contentOf' | 'abandon'>,
  opened: OpeningRecord,
): Promise<void> {
  refuseOtherPlan(plan, opened)
  if (contentOf !== undefined && !abandon) refuseOtherFiles(plan, opened.reads, await filesRead(plan, contentOf))
}

/** The run must have begun with what `plan` would begin with. */
export function refuseOtherPlan(plan: Plan, { opening, plan: value }: OpeningRecord): void {
  if (opening.plan_hash === plan.hash) return
  const before = { topology: opening.topology, value, splits: opening.splits ?? null }
  const changed = differences(before, { ...plan, splits: plan.splits?.count ?? null })
  throw new CustodyError(
    'CUSTODY_PLAN_CHANGED',
    `the pipeline isn't the one that the run began with: ${changed.join('; ')}`,
  )
}

/** How far a source was read; a source that can't be read twice has nothing more to give. */
export function readSoFar(
  { node }: OpenSource,
  { commit, files, calls }: History,
  cut_off: boolean,
  repeats: boolean,
): ReadSoFar {
  const { records, done, position, sha256 } = commit === null ? NOTHING_READ : cursorOf(node, commit)
  const rereadable = repeats || node.plugin.spec.rereadable(node.plugin.options)
  // A source that nothing was read of yet can begin, even if it can't be read twice.
  const cut = !done && (cut_off || (!rereadable && commit !== null))
  const on_record = calls.get(node.number) ?? NO_CALLS
  return { records, position, sha256, done: done || cut, cut, files: files.get(node.number) ?? [], calls: on_record }
}

const NOTHING_READ: Cursor = { records: 0, position: null, sha256: null, done: false }

/** Where the latest commit left a source: each commit has all sources. */
function cursorOf({ number, name }: SourceNode, { entry, values }: NonNullable<History['commit']>): Cursor {
  const what = `cursor of source ${name} in its latest commit`
  const cursor = onRecord(
    entry.cursors.find(each => each.source === number),
    what,
  )
  const { records, done } = cursor
  const position = cursor.position === undefined ? null : onRecord(values.get(cursor.position), what)
  return { records, done, position, sha256: hashOf(cursor, values, what) }
}

/** Of what a source was read or a sink has written; null if it has none. */
function hashOf({ hash }: CursorFact | ReceiptFact, values: ReadonlyMap<number, Json>, what: string): string | null {
  const value = hash === undefined ? null : onRecord(values.get(hash), what)
  return value === null || typeof value === 'string' ? value : notOnRecord(`hash, in the ${what}`)
}

/** What calls may have cost of which nothing is on record, in nano-dollars. */
export function atRiskOf({ commit }: History): number {
  const number = commit?.entry.at_risk
  const value = number === undefined ? 0 : commit?.values.get(number)
  return typeof value === 'number' ? value : notOnRecord('cost of calls under way')
}

async function restoreOutputs(
  { plan, run, in_use = new FilesInUse() }: ResumeRequest,
  intents: SinkIntents,
  { commit }: History,
  sources: readonly OpenSource[],
): Promise<SinkSet> {
  const receipts = receiptsOf(plan, commit)
  const placed = { folder: plan.folder, placed: null, in_use: addFilesRead(plan, in_use) }
  return restoreSinks(plan, { run, originalNames: () => originalNames(sources), ...placed }, intents, receipts)
}

/** By sink, what it had durably at the latest commit. */
export function receiptsOf(plan: Plan, commit: History['commit']): ReadonlyMap<string, Receipt> {
  const receipts = new Map<string, Receipt>()
  for (const { kind, name, number } of plan.nodes) {
    if (kind !== 'sink' || commit === null) continue
    const what = `receipt of sink ${name} in its latest commit`
    const receipt = onRecord(
      commit.entry.receipts.find(each => each.sink === number),
      what,
    )
    const { rows, bytes } = receipt
    const state = receipt.state === undefined ? null : onRecord(commit.values.get(receipt.state), what)
    receipts.set(name, { rows, bytes, sha256: hashOf(receipt, commit.values, what), state })
  }
  return receipts
}

/** Works on one split, from where it was left: a session like that of a run, on a part of the input, whose sinks keep pieces, or send. */
import type { FileNames } from '../../format/run-values.ts'
import type { RunReader, SplittingLedger } from '../../ledger/write-port.ts'
import { Created } from '../nodes/created.ts'
import { Pools } from '../nodes/pool.ts'
import { createSources, prepareSource } from '../nodes/source/open-sources.ts'
import { type OpenSource, type ReadSoFar, SourceReader } from '../nodes/source/source-reader.ts'
import type { Pieces } from '../ports/pieces.ts'
import { type History, readHistory } from '../resume/run-fold.ts'
import { type RestoredState, restoreState } from '../resume/state.ts'
import { atRiskOf, readSoFar, receiptsOf } from '../run/resume.ts'
import { driveSession, holdingsOf, type RunResult, type SessionParts, type SessionRequest } from '../run/session.ts'
import type { ForWorkers } from './coordinator.ts'
import { type Share, type SourceCut, shareOf } from './cuts.ts'
import { splitOfRow } from './deal-key.ts'
import { SplitDigest } from './split-digest.ts'
import { splitSinks } from './split-sinks.ts'
import { dealtIndex, SpoolSource } from './spool.ts'

export interface SplitRequest extends SessionRequest {
  readonly ledger: SplittingLedger
  readonly part: number
  /** Leaf hash of the coordinator's entry 0, and its time, in µs since the epoch. */
  readonly opening: { readonly leaf: string; readonly t: number }
  readonly cuts: readonly SourceCut[]
  /** Names of the files that sources read. */
  readonly files: FileNames | null
  readonly pieces: Pieces
  /** What sinks know of the whole run, so that they take and refuse rows as one that writes all of them. */
  readonly known: ForWorkers['known']
  /** Reads nothing more: what is open ends, and the split is closed. */
  readonly abandon: boolean
  readonly staging?: string | undefined
  /** Gives what it shares with splits that are worked on at the same time, where the nodes call services; `epoch`: of its lease. */
  readonly sharing?: ((epoch: number) => Pick<SessionRequest, 'shared' | 'elsewhere'>) | undefined
}

interface Found {
  readonly history: History
  readonly state: RestoredState
  readonly held: ReturnType<typeof holdingsOf>
}

/** @throws CustodyError as `resumeRun`; nothing was changed then but for the lease. */
export async function runSplit(request: SplitRequest): Promise<RunResult> {
  const { plan, run, part, opening, recordings, courses } = request
  const created = new Created()
  const take = () =>
    created.closedOnFailure(async () =>
      request.ledger.takeSplit({ run, part, begin: await beginningOf(request) }, (reader, log) =>
        foldOf(request, created, reader, log),
      ),
    )
  let taken = await take()
  if (request.abandon && taken.seen === null) {
    // Nobody had begun it; only who takes it up again can say that it isn't read any further.
    await taken.ledger.release()
    taken = await take()
  }
  const { ledger, epoch, seen } = taken
  try {
    const sources = await sourcesOf(request, created)
    const begun = sources.map(({ share, ...source }) => ({ ...source, from: fromOf(source, share, request, seen) }))
    for (const source of begun) if (source.from?.done !== true) await prepareSource(source)
    const receipts = receiptsOf(plan, seen?.history.commit ?? null)
    const sinks = created.add(await splitSinks(request, epoch, receipts))
    const pools = created.add(await Pools.open(plan, () => request.started_us ?? opening.t, request.strays))
    const cut = begun.filter(({ from }) => from?.cut === true).map(({ node }) => node.number)
    const result = await driveSession({
      request: {
        ...{ ...request, recordings: recordings?.inPart(part), courses: courses?.inPart(part) },
        ...request.sharing?.(epoch),
      },
      ...{ limit: Number.POSITIVE_INFINITY, ledger, epoch, sinks, pools },
      part,
      ...keysOf(request),
      readers: ports => begun.map(({ from, ...source }) => new SourceReader(source, from, ports)),
      opening_values: 0,
      held: seen?.held ?? holdingsOf(request),
      from: seen === null ? null : resumed(seen, request),
      ...(request.abandon ? {} : { digest: digestOf(request, seen) }),
      ...(seen === null ? {} : { prologue: committer => committer.resume(epoch, cut, []) }),
    })
    for (const text of result.warnings) request.onNotice?.({ kind: 'warning', text })
    return result
  } catch (thrown) {
    await Promise.allSettled([created.close(), ledger.release()])
    throw thrown
  }

  function resumed({ history, state }: Found, { abandon }: SplitRequest) {
    return {
      ...state,
      ...{ last_us: history.last_us, stood: history.stood, lost_nusd: atRiskOf(history), published: false, abandon },
      down_since_us: Math.max(history.last_us, ledger.now_us()),
    }
  }
}

function digestOf({ plan, run, part, ledger }: SplitRequest, seen: Found | null): SplitDigest {
  const { rows, batches } = seen?.history.commit?.entry.totals ?? { rows: { read: 0 }, batches: [] }
  const before = { rows: rows.read, batches: batches.reduce((sum, [, count]) => sum + count, 0) }
  return new SplitDigest(plan.topology, before, look => ledger.splitsOf(run).see(part, look))
}

async function beginningOf({ run, part, opening, ledger }: SplitRequest) {
  const entry = { k: 'part', run, part, opening: opening.leaf, t: await ledger.time_us() } as const
  return { entry, first_value: 0, values: [] }
}

async function foldOf(request: SplitRequest, created: Created, reader: RunReader, log: number): Promise<Found> {
  // It may have been looked at before.
  await created.close()
  const history = await readHistory(reader, log)
  const held = created.add(holdingsOf(request))
  return { history, held, state: await restoreState(request.plan, history, reader, log, held) }
}

async function sourcesOf({ plan, cuts, files, part, pieces }: SplitRequest, created: Created) {
  const sources = await createSources(plan, null, created, files)
  return sources.map(source => {
    const { name, number } = source.node
    const share = shareOf(cuts, number, part)
    if (typeof share !== 'object') return { ...source, share }
    const dealt = cuts.find(each => each.source === number)?.dealt
    if (dealt !== undefined) {
      const { range } = share
      const spool = { part, epoch: dealt.epoch, sink: number }
      const dealt_source = new SpoolSource(pieces, spool, { node: name, range, source: source.source })
      return { ...source, source: dealt_source, files: null, listed: null, range, share, indexAt: dealtIndex }
    }
    source.source.select?.(share.range)
    return { ...source, ...share, share }
  })
}

/** Null: it is read from where it begins. */
function fromOf(source: OpenSource, share: Share, { abandon }: SplitRequest, seen: Found | null): ReadSoFar | null {
  if (share === 'nothing') return NOTHING_TO_READ
  if (seen === null) return isNothing(share) ? NOTHING_TO_READ : null
  // What was dealt can be read again, whatever it came from.
  return readSoFar(source, seen.history, abandon, source.indexAt !== undefined)
}

/**
 * Of a source that is cut into more splits than it has records, most read nothing, and needn't open it. The first range may have a header, and in one
 * without bytes a file may end, which is on record then.
 */
function isNothing(share: Share): boolean {
  if (typeof share !== 'object') return false
  const { from, records, bytes, files = [] } = share.range
  return from !== null && records === 0 && bytes === 0 && files.length === 0
}

function keysOf({ plan: { splits }, part }: SplitRequest): Pick<SessionParts, 'hasKeyOf'> {
  if (splits?.by === undefined) return {}
  const { by, count } = splits
  return { hasKeyOf: row => splitOfRow(row, by, count) === part }
}

const NOTHING_TO_READ: ReadSoFar = { records: 0, position: null, sha256: null, done: true, cut: false, files: [] }

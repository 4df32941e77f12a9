/** Begins a run with splits: finds out what it will touch, makes its first entry durable, and has it coordinated. */
import { leafHash } from '../../format/hash.ts'
import { FIRST_EPOCH, type SplittingLedger } from '../../ledger/write-port.ts'
import { CustodyError } from '../../model/error.ts'
import { Created } from '../nodes/created.ts'
import { Pools } from '../nodes/pool.ts'
import { listedFiles } from '../nodes/source/open-sources.ts'
import type { Pieces } from '../ports/pieces.ts'
import type { Workers } from '../ports/workers.ts'
import type { RunResult } from '../run/session.ts'
import { openingOf, prepareRun, type RunRequest } from '../run/start.ts'
import { refuseApart } from './apart.ts'
import { coordinate, type ForWorkers } from './coordinator.ts'
import { ServiceNews } from './service-news.ts'
import type { SplitRequest } from './split-session.ts'

export interface SplitRunRequest extends Omit<RunRequest, 'ledger'> {
  readonly ledger: SplittingLedger
  readonly pieces: Pieces
  /** Makes who works on the splits. */
  readonly workers: (of: Omit<SplitRequest, 'part'>) => Workers
}

/** @throws CustodyError if the run couldn't even begin: nothing was recorded or written then. */
export async function runSplits(request: SplitRunRequest): Promise<RunResult> {
  const created = new Created()
  return created.closedOnFailure(() => begin(request, created))
}

async function begin(request: SplitRunRequest, created: Created): Promise<RunResult> {
  const { plan, run, limit } = request
  const splits = plan.splits?.count ?? 0
  const { sources, sinks } = await prepareRun(request, created)
  await refuseApart(sources, sinks, limit, plan.splits?.by !== undefined)
  // What can't be made here can't be made where splits are worked on.
  await (await Pools.open(plan, notBegun, request.strays)).close()
  request.atPoint?.('before_open')
  const { values, entryAt } = await openingOf(request, { sources, sinks })
  const draft = { entry: entryAt(await request.ledger.time_us()), first_value: values.first, values: values.drafts }
  const log = await request.ledger.openRun(run, draft, splits)
  request.atPoint?.('after_open')
  const leaf = await request.ledger.splitsOf(run).opening()
  return coordinate({
    request: splitsRequest(request, listedFiles(sources)?.names ?? null, false),
    ...{ splits, limit, log, epoch: FIRST_EPOCH, sinks, sources, code_changes: [], abandon: false },
    opening: { leaf: leafHash(leaf), t: log.began_us },
    from: {
      values: { count: values.drafts.length, named: new Map() },
      ...{ commits: 0, said: new Map(), cuts: null, published: null, resumed: null },
    },
  })
}

/** What the coordinator is given. */
export function splitsRequest(
  request: Omit<SplitRunRequest, 'limit' | 'custody' | 'dry_run'>,
  files: SplitRequest['files'],
  abandon: boolean,
) {
  const news = new ServiceNews(state => request.onService?.(state))
  const own = { ...request, onNotice: onceEach(request.onNotice), onService: news.hear.bind(news) }
  return {
    ...own,
    workers: ({ leaf, t, ...of }: ForWorkers) => own.workers({ ...own, ...of, files, abandon, opening: { leaf, t } }),
  }
}

/** Each split would say it again. */
function onceEach(tell: SplitRunRequest['onNotice']): SplitRunRequest['onNotice'] {
  const said = new Set<string>()
  return notice => {
    if (said.has(notice.text)) return
    said.add(notice.text)
    tell?.(notice)
  }
}

function notBegun(): never {
  throw new CustodyError('CUSTODY_ENGINE_DEFECT', 'a plugin asks when the run started before it has')
}

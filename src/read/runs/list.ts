/** The runs of a ledger. Reads a few entries of each run: its opening, and its end. */
import type { RowCounts, RunStatus, TokenCounts } from '../../format/entry.ts'
import type { LedgerReader, StoredLease } from '../../ledger/read-port.ts'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import { counted } from '../../model/number-text.ts'
import { formatTime } from '../../model/time.ts'
import { RunEnds } from './run-ends.ts'
import { closingOf, durationMs, failedRows, openingOf, statusOf } from './run-log.ts'
import { type StagedOutput, stagedOf } from './staged.ts'

export interface RunLine {
  readonly run: string
  readonly name: string
  readonly status: RunStatus
  /** ISO 8601. */
  readonly started_at: string
  /** null while it isn't over. */
  readonly ended_at: string | null
  readonly rows: RowCounts
  readonly tokens: TokenCounts
  /** Rows with an ending of class failure, rejected records among them. */
  readonly failed_rows: number
  /** Of the calls of language models. */
  readonly cost_usd: number
  /** Until its end, or until its last commit. */
  readonly duration_ms: number
  /** The run whose rows it repeats, and the one whose recorded answers it is given; absent if there is none. */
  readonly reruns?: string
  readonly replays?: string
  /** Absent if nothing is staged. */
  readonly staged?: readonly StagedOutput[]
}

/** Whether a lease is held by a process that lives; the check is the caller's, as it looks outside the ledger. */
export type IsHeld = (lease: StoredLease) => boolean

/** A run whose opening or end can't be read, or isn't what was recorded. */
export interface UnreadableRun {
  readonly run: string
  readonly problem: string
}

export interface RunList {
  /** Newest first. */
  readonly runs: readonly RunLine[]
  readonly unreadable: readonly UnreadableRun[]
  /** Older ones that were not looked at. */
  readonly left_out: number
}

/**
 * The runs that were opened last, at most so many. Of what stands here the ends of each run are compared with what log 0 says of them
 * (run-ends.ts); signatures, and all else, are for `verify`.
 */
export async function listRuns(
  reader: LedgerReader,
  isHeld: IsHeld,
  most = Number.POSITIVE_INFINITY,
): Promise<RunList> {
  const ends = new RunEnds()
  const runs: RunLine[] = []
  const unreadable: UnreadableRun[] = []
  let left_out = 0
  for await (const { log, run } of reader.newestLogs()) {
    if (run === null) continue
    if (runs.length + unreadable.length >= most) {
      left_out++
      continue
    }
    try {
      runs.push(await runLine(reader, { log, run, ends }, isHeld))
    } catch (error) {
      if (!isCustodyError(error)) throw error
      unreadable.push({ run, problem: error.message })
    }
  }
  runs.sort((a, b) => (a.started_at === b.started_at ? (a.run < b.run ? 1 : -1) : a.started_at < b.started_at ? 1 : -1))
  return { runs, unreadable, left_out }
}

interface Listed {
  readonly log: number
  readonly run: string
  readonly ends: RunEnds
}

/** @throws CustodyError CUSTODY_VERIFY_FAILED if it can't be read, or isn't the one that log 0 knows. */
async function runLine(reader: LedgerReader, { log, run, ends }: Listed, isHeld: IsHeld): Promise<RunLine> {
  await ends.refuseChanged(reader, log, run)
  const opening = await openingOf(reader, log)
  const closing = await closingOf(reader, log)
  const staged = await stagedOf(reader, log, closing)
  return {
    run,
    name: opening.name,
    status: statusOf(closing, (await reader.lease(log)) ?? undefined, isHeld),
    started_at: formatTime(opening.t),
    ended_at: closing.ended_us === null ? null : formatTime(closing.ended_us),
    rows: closing.totals.rows,
    tokens: closing.totals.tokens,
    failed_rows: failedRows(closing),
    cost_usd: (closing.totals.calls?.cost_nusd ?? 0) / 1e9,
    duration_ms: durationMs(opening, closing),
    ...(opening.reruns === undefined ? {} : { reruns: opening.reruns.run }),
    ...(opening.replays === undefined ? {} : { replays: opening.replays }),
    ...(staged.length === 0 ? {} : { staged }),
  }
}

export interface RunsWanted {
  /** Runs with lower numbers of logs; null: from the newest on. */
  readonly below: number | null
  readonly most: number
  /** Of the pipeline; null: any. */
  readonly name: string | null
  readonly status: RunStatus | null
}

export interface PageOfRuns {
  /** Newest first: in the order in which they were opened. */
  readonly runs: ReadonlyArray<RunLine | UnreadableRun>
  /** For the next page; null: there are no more. */
  readonly below: number | null
}

/** So many runs are looked at for one page, whether they are wanted or not: some tenths of a second. */
const LOOKED_AT = 2_000

/** A page of the runs that are wanted, checked as in `listRuns`. It may have fewer than `most` and not be the last. */
export async function pageOfRuns(
  reader: LedgerReader,
  isHeld: IsHeld,
  wanted: RunsWanted,
  ends = new RunEnds(),
): Promise<PageOfRuns> {
  const { below, most, name, status } = wanted
  const runs: Array<RunLine | UnreadableRun> = []
  let looked = 0
  let last: number | null = null
  for await (const { log, run } of reader.newestLogs()) {
    if (run === null || (below !== null && log >= below)) continue
    if (runs.length >= most || looked >= LOOKED_AT) return { runs, below: last }
    looked++
    last = log
    try {
      if (name !== null && (await openingOf(reader, log)).name !== name) continue
      const line = await runLine(reader, { log, run, ends }, isHeld)
      if (status === null || line.status === status) runs.push(line)
    } catch (error) {
      if (!isCustodyError(error)) throw error
      runs.push({ run, problem: error.message })
    }
  }
  return { runs, below: null }
}

/**
 * The log of the run that `name` means: an id, a unique beginning of one, `latest` (the one that was opened last), or
 * `latest~2` (the second before it). With `replays: false` these pass over runs that replay another.
 * @throws CustodyError CUSTODY_RUN_UNKNOWN, CUSTODY_RUN_AMBIGUOUS.
 */
export async function findRun(
  reader: LedgerReader,
  name: string,
  { replays = true }: { readonly replays?: boolean } = {},
): Promise<{ readonly log: number; readonly run: string }> {
  const [latest, before = '0'] = /^latest(?:~(\d{1,9}))?$/.exec(name) ?? []
  let known = 0
  if (latest !== undefined) {
    let left = Number(before)
    for await (const { log, run } of reader.newestLogs()) {
      if (run === null) continue
      if (!replays && (await openingOf(reader, log)).replays !== undefined) continue
      if (left-- === 0) return { log, run }
      known++
    }
    if (known > 0)
      throw new CustodyError(
        'CUSTODY_RUN_UNKNOWN',
        `the ledger ${reader.url} has ${counted(known, 'run')}${replays ? '' : known === 1 ? ' that is no replay' : ' that are no replays'}, so there is no ${name}`,
      )
  }
  const wanted = name.toLowerCase().replace(/…$/, '')
  const found = wanted === '' ? [] : await runsBeginning(reader, wanted)
  const exact = found.find(({ run }) => run === wanted) ?? (found.length === 1 ? found[0] : undefined)
  if (exact !== undefined) return exact
  if (found.length > 1)
    throw new CustodyError('CUSTODY_RUN_AMBIGUOUS', `${many(found.length)} runs begin with ${JSON.stringify(name)}`, {
      hint: `Write more of it: ${found
        .slice(0, 3)
        .map(({ run }) => run)
        .join(', ')}${found.length > 3 ? ', …' : ''}`,
    })
  for await (const _ of reader.newestLogs())
    throw new CustodyError('CUSTODY_RUN_UNKNOWN', `no run of ${reader.url} begins with ${JSON.stringify(name)}`)
  throw new CustodyError('CUSTODY_RUN_UNKNOWN', `the ledger ${reader.url} has no run yet`, {
    hint: 'Run a pipeline first.',
  })
}

/** As many as it takes to say that there are more. */
const MOST_FOUND = 100

function many(count: number): string {
  return count < MOST_FOUND ? `${count}` : `${MOST_FOUND} or more`
}

async function runsBeginning(reader: LedgerReader, prefix: string) {
  const found = await reader.logsBeginning(prefix, MOST_FOUND)
  return found.flatMap(({ log, run }) => (run === null ? [] : [{ log, run }]))
}

/** The runs of a ledger. Reads a few entries of each run: its opening, and its end. */
import type { LedgerReader, StoredLease } from '../../ledger/read-port.ts'
import type { RowCounts, RunStatus, TokenCounts } from '../../model/entry.ts'
import { CustodyError } from '../../model/error.ts'
import { formatTime } from '../../model/time.ts'
import { closingOf, openingOf, statusOf } from './run-log.ts'
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
  /** Absent if nothing is staged. */
  readonly staged?: readonly StagedOutput[]
}

/** Whether a lease is held by a process that lives; the check is the caller's, as it looks outside the ledger. */
export type IsHeld = (lease: StoredLease) => boolean

/** All runs, newest first. */
export async function listRuns(reader: LedgerReader, isHeld: IsHeld): Promise<RunLine[]> {
  const leases = await reader.leases()
  const lines: RunLine[] = []
  for (const { log, run } of await reader.logs()) {
    if (run === null) continue
    const opening = await openingOf(reader, log)
    const closing = await closingOf(reader, log)
    const staged = await stagedOf(reader, log, closing)
    lines.push({
      run,
      name: opening.name,
      status: statusOf(
        closing,
        leases.find(lease => lease.log === log),
        isHeld,
      ),
      started_at: formatTime(opening.t),
      ended_at: closing.ended_us === null ? null : formatTime(closing.ended_us),
      rows: closing.totals.rows,
      tokens: closing.totals.tokens,
      ...(staged.length === 0 ? {} : { staged }),
    })
  }
  return lines.sort((a, b) =>
    a.started_at === b.started_at ? (a.run < b.run ? 1 : -1) : a.started_at < b.started_at ? 1 : -1,
  )
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
  const runs: Array<{ log: number; run: string }> = []
  for (const { log, run } of await reader.logs()) if (run !== null) runs.push({ log, run })
  if (runs.length === 0)
    throw new CustodyError('CUSTODY_RUN_UNKNOWN', `the ledger ${reader.url} has no run yet`, {
      hint: 'Run a pipeline first.',
    })
  const [latest, before = '0'] = /^latest(?:~(\d{1,9}))?$/.exec(name) ?? []
  if (latest !== undefined) {
    let left = Number(before)
    let counted = 0
    for (const found of runs.toSorted((a, b) => b.log - a.log)) {
      if (!replays && (await openingOf(reader, found.log)).replays !== undefined) continue
      if (left-- === 0) return found
      counted++
    }
    throw new CustodyError(
      'CUSTODY_RUN_UNKNOWN',
      `the ledger ${reader.url} has ${counted} runs${replays ? '' : ' that are no replays'}, so there is no ${name}`,
    )
  }
  const wanted = name.toLowerCase().replace(/…$/, '')
  const found = wanted === '' ? [] : runs.filter(({ run }) => run.startsWith(wanted))
  const exact = found.find(({ run }) => run === wanted) ?? (found.length === 1 ? found[0] : undefined)
  if (exact !== undefined) return exact
  if (found.length > 1)
    throw new CustodyError('CUSTODY_RUN_AMBIGUOUS', `${found.length} runs begin with ${JSON.stringify(name)}`, {
      hint: `Write more of it: ${found
        .slice(0, 3)
        .map(({ run }) => run)
        .join(', ')}${found.length > 3 ? ', …' : ''}`,
    })
  throw new CustodyError('CUSTODY_RUN_UNKNOWN', `no run of ${reader.url} begins with ${JSON.stringify(name)}`)
}

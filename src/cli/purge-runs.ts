/** Erases the values of old runs, and reports which. */
import { purgeRuns } from '../host/erase.ts'
import { ledgerUrl } from '../host/ledger.ts'
import { giveToNamed } from '../host/witnessing/witnessing.ts'
import { parseDuration } from '../model/duration.ts'
import { CustodyError } from '../model/error.ts'
import { formatTime } from '../model/time.ts'
import type { PurgePlan } from '../read/erase/purge.ts'
import type { Context } from './context.ts'
import {
  certificateText,
  erasePorts,
  pendingError,
  refuseCertificatePlace,
  reportPending,
  writeCertificate,
} from './erasing.ts'
import type { LedgerOptions } from './ledger-access.ts'
import { counted, shortRun } from './render/text.ts'

/** A hundred years, as in `retention`. */
const MOST_MS = 36_525 * 86_400_000

export interface PurgeOptions extends LedgerOptions {
  readonly olderThan?: string
  readonly out?: string
  readonly json?: boolean
}

/** Returns the exit code: 1 where something that is due couldn't be purged, or is pending. @throws CustodyError. */
export async function purgeOldRuns(context: Context, options: PurgeOptions): Promise<0 | 1> {
  const { terminal } = context
  const older_than_us = options.olderThan === undefined ? null : ageOf(options.olderThan) * 1000
  refuseCertificatePlace(context, options)
  const url = ledgerUrl(context, options)
  const { plan, certified, pending } = await purgeRuns(url, { older_than_us }, erasePorts(context))
  await giveToNamed(context.env, url, why => terminal.report(`warning: ${why}`))
  const certificate = certified === null ? null : writeCertificate(context, certified, 'purge', options.out)
  if (options.json === true) {
    const purged = plan.purged.map(({ run, rows, sealed_us }) => ({ run, rows, sealed_at: formatTime(sealed_us) }))
    const answer = { purged, kept: plan.kept, certificate }
    terminal.answerJson(pending === null ? answer : { ...answer, pending: pendingError(pending) })
  } else {
    terminal.report(purgedText(plan, options.olderThan))
    if (certified !== null && certificate !== null) terminal.report(certificateText(context, certificate, certified))
    if (pending !== null) reportPending(context, pending)
  }
  return pending === null && plan.kept.length === 0 ? 0 : 1
}

/** In milliseconds. @throws CustodyError CUSTODY_ARGUMENT. */
function ageOf(text: string): number {
  const ms = parseDuration(text, MOST_MS)
  if (ms !== null) return ms
  throw new CustodyError('CUSTODY_ARGUMENT', `--older-than ${text} is no duration`, { hint: 'As in 90d, or 12h.' })
}

function purgedText({ purged, kept }: PurgePlan, age: string | undefined): string {
  const lines = purged.map(
    ({ run, rows, sealed_us }) =>
      `run ${shortRun(run)}…, sealed ${formatTime(sealed_us)}: all values of ${counted(rows, 'row')} erased`,
  )
  for (const { run, needed_by } of kept)
    lines.push(`run ${shortRun(run)}… is kept: run ${shortRun(needed_by)}… isn’t finished, and has rows of it`)
  if (lines.length > 0) return lines.join('\n')
  return age === undefined
    ? 'nothing is due: no run has values left of which its pipeline’s `retention` says that they go'
    : `nothing is due: no run that was sealed ${age} ago or before has values left`
}

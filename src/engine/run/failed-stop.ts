/**
 * How a session ends that can't continue: everything is left so that `resume` can. If even that fails, the ledger stands at its last commit, which is
 * as good: the run then shows as interrupted.
 *
 * FAILED-STOP-1. What was written to outputs stays there only where receipts that are on record may speak of it.
 * FAILED-STOP-2. That this machine doesn't see the folder for pieces says nothing of the split: nothing is recorded, and others may have it at once.
 */
import { CustodyError, isCustodyError } from '../../model/error.ts'
import type { Sinks } from '../nodes/sink/sinks.ts'
import type { Committer, Stop } from './committer.ts'
import type { Scheduler } from './scheduler.ts'

interface Stopping {
  readonly committer: Committer
  readonly scheduler: Scheduler
  /** Null: none was opened yet, and no fact is there that isn't durable. */
  readonly outputs: Sinks | null
}

/** What can't be done is said with the error. Never throws. */
export async function stopAfter(error: CustodyError, { committer, scheduler, outputs }: Stopping): Promise<void> {
  const isDone = async (work: Promise<void>): Promise<boolean> => {
    try {
      await work
      return true
    } catch (thrown) {
      error.also.push(asCustodyError(thrown))
      return false
    }
  }
  const stop: Stop = { status: 'failed', reason: reasonOf(error), error }
  const sound = outputs === null || (await isDone(committer.settled()))
  if (error.code === 'CUSTODY_PIECES_UNSEEN') return void (await isDone(committer.leave()))
  // These leave sinks and facts intact: what happened up to then is kept, answers that were paid for above all.
  if (outputs !== null && sound && LEAVE_INTACT.has(stop.reason))
    await isDone(
      scheduler
        .hearOut(thrown => error.also.push(asCustodyError(thrown)))
        .then(() => committer.commit())
        .then(() => committer.settled()),
    )
  else if (outputs !== null && ![error, ...error.also].some(({ code }) => MAY_HAVE_RECEIPTS.has(code)))
    await isDone(outputs.rewind())
  // Sinks that aren't wound back now are by whoever resumes the run.
  await isDone(committer.stop(stop))
}

const LEAVE_INTACT: ReadonlySet<string> = new Set(['plugin', 'source', 'limiter', 'service', 'guard', 'strict'])

/** Later receipts of the outputs than this process knows of may be on record, and what these speak of must stay. */
const MAY_HAVE_RECEIPTS: ReadonlySet<string> = new Set(['CUSTODY_RUN_LOST', 'CUSTODY_LEDGER_IN_DOUBT'])

export function reasonOf(error: CustodyError): string {
  switch (error.code) {
    case 'CUSTODY_PLUGIN_DEFECT':
      return 'plugin'
    case 'CUSTODY_LIMITER':
      return 'limiter'
    case 'CUSTODY_SERVICE_AUTH':
    case 'CUSTODY_SERVICE_QUOTA':
    case 'CUSTODY_SERVICE_MODEL':
    case 'CUSTODY_SERVICE_STATUS':
    case 'CUSTODY_SERVICE_DOWN':
    case 'CUSTODY_SERVICE_BUSY':
      return 'service'
    case 'CUSTODY_GUARD':
      return 'guard'
    case 'CUSTODY_STRICT':
      return 'strict'
    case 'CUSTODY_SOURCE':
    case 'CUSTODY_SOURCE_CHANGED':
    case 'CUSTODY_PAGE_LOOP':
    case 'CUSTODY_REPLAY_MISS':
    case 'CUSTODY_HEADER':
    case 'CUSTODY_INPUT_FORMAT':
    case 'CUSTODY_UNCLOSED_QUOTE':
    case 'CUSTODY_FILE_NOT_FOUND':
    case 'CUSTODY_FILE_UNREADABLE':
      return 'source'
    case 'CUSTODY_SINK':
    case 'CUSTODY_SINK_FULL':
    case 'CUSTODY_TARGET_EXISTS':
    case 'CUSTODY_SAME_OUTPUT':
    case 'CUSTODY_OUTPUT_HELD':
    case 'CUSTODY_OUTPUT_CHANGED':
    case 'CUSTODY_PIECES_UNSEEN':
      return 'sink'
    case 'CUSTODY_LEDGER_WRITE':
    case 'CUSTODY_LEDGER_BUSY':
    case 'CUSTODY_LEDGER_IN_DOUBT':
    case 'CUSTODY_RUN_LOST':
    case 'CUSTODY_SPILL':
      return 'ledger'
    default:
      return 'internal'
  }
}

export function asCustodyError(thrown: unknown): CustodyError {
  if (isCustodyError(thrown)) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new CustodyError('CUSTODY_ENGINE_DEFECT', message, { cause: thrown })
}

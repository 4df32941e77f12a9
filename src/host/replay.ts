/** Runs a plan on the answers that another run has on record, or asks again and compares. */
import { openLedgerReader } from '../ledger/open-reader.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { type Drift, driftOf } from '../read/recorded/drift.ts'
import { findRun } from '../read/runs/list.ts'
import { openingOf } from '../read/runs/run-log.ts'
import { checkedRun } from './checked-run.ts'
import { mustHaveKeyOf } from './key-place.ts'
import type { HostPorts } from './ports.ts'
import { type OnRecord, onRecord } from './recorded.ts'
import { type Started, type StartObserver, type StartRequest, startRun } from './start.ts'

export interface ReplayRequest extends StartRequest {
  /** The run whose answers are given: its id, a unique beginning of one, or `latest`: the latest that is no replay itself. */
  readonly from: string
  /** Asks the services again. */
  readonly live: boolean
}

export interface ReplayedRun extends Started {
  /** How the answers differ from those on record; null where none was asked for again. */
  readonly drift: Drift | null
}

/**
 * @throws CustodyError CUSTODY_RUN_UNKNOWN, CUSTODY_RUN_AMBIGUOUS; UnsoundRecord; else if the run couldn't begin.
 */
export async function replayRun(
  request: ReplayRequest,
  ports: HostPorts,
  observer: StartObserver,
): Promise<ReplayedRun> {
  const { url, from, live } = request
  const inner = await openLedgerReader(url)
  try {
    // A replay of a changed pipeline lacks answers that the run itself has.
    const found = await findRun(inner, from, { replays: false })
    const { reader, run, log } = await checkedRun(ports.env, inner, found.run, observer)
    await mustHaveKeyOf(inner, log, run)
    const on_record = await onRecord(reader, run, live ? null : request.plan)
    const started = await startRun(
      { ...request, encrypted_like: await inner.encryptedWith(log) },
      { kind: 'replay', run, live, ...on_record },
      ports,
      observer,
    )
    return { ...started, drift: live ? await drift(inner, started.run, on_record) : null }
  } finally {
    await inner.close()
  }
}

/** How the answers differ, for a run that this process wrote a moment ago. */
async function drift(inner: LedgerReader, run: string, { recordings }: OnRecord): Promise<Drift> {
  const { log } = await findRun(inner, run)
  return driftOf(inner, log, (await openingOf(inner, log)).topology, recordings)
}

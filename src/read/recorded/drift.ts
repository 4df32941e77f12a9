/** How the answers of one run differ from those that another recorded for the same requests. */
import type { Recordings } from '../../format/recording.ts'
import type { Topology } from '../../format/topology.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { canonicalize } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'
import { isSameJson } from '../../model/same-json.ts'
import { type LocatedCall, locatedCalls } from './calls.ts'

export interface Drift {
  /** Calls that were answered as on record. */
  readonly same: number
  /** Calls that the record has no answer for. */
  readonly unknown: number
  readonly differing: readonly DifferingAnswer[]
}

export interface DifferingAnswer {
  /** null for a batch. */
  readonly row: number | null
  readonly batch: number | null
  readonly node: string
  readonly service: string
  readonly call: number
  readonly recorded: Json
  readonly now: Json
}

/** Compares the calls of a run with what `recordings` have. Reads the run once. */
export async function driftOf(
  reader: LedgerReader,
  log: number,
  topology: Topology,
  recordings: Recordings,
): Promise<Drift> {
  let same = 0
  let unknown = 0
  const differing: DifferingAnswer[] = []
  for await (const call of locatedCalls(reader, log, topology)) {
    // An error says nothing of what the answer would be: attempts follow it, or the row failed.
    if (call.kind !== 'answer') continue
    const [request, now] = [await call.request(), await call.response()]
    if (request === undefined || now === undefined) continue
    const recorded = await recordings.take({ ...call, request: canonicalize(request) }, 'answer')
    if (recorded === null) unknown++
    else if (isSameJson(recorded.response, now)) same++
    else differing.push({ ...whose(call), recorded: recorded.response, now })
  }
  return { same, unknown, differing }
}

function whose({ row, batch, place, service, call }: LocatedCall): Omit<DifferingAnswer, 'recorded' | 'now'> {
  return { row, batch, node: place.node, service, call }
}

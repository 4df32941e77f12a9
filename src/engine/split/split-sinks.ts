/**
 * The sinks of a split.
 *
 * SPLIT-SINKS-1. Whatever writes files keeps pieces, which the coordinator puts together; whatever sends does so itself, while the split is worked on.
 */
import type { Plan, SinkNode } from '../../plan/plan.ts'
import type { Receipt, SinkContext } from '../../sdk/spec.ts'
import { Created } from '../nodes/created.ts'
import { PIECE_INTENT, PieceSink, textsOf } from '../nodes/sink/piece-sink.ts'
import {
  contextOf,
  type Outbound,
  type Output,
  outboundOf,
  SENT,
  type SinkSet,
  sentRows,
} from '../nodes/sink/sink-set.ts'
import type { Pieces } from '../ports/pieces.ts'
import type { ForWorkers } from './coordinator.ts'

export interface SplitSinksRequest {
  readonly plan: Plan
  readonly run: string
  readonly part: number
  readonly pieces: Pieces
  readonly known: ForWorkers['known']
  readonly staging?: string | undefined
}

/** `epoch`: of the lease by which this process holds the split. `receipts`: by sink, what it had at the split's latest commit. */
export async function splitSinks(
  request: SplitSinksRequest,
  epoch: number,
  receipts: ReadonlyMap<string, Receipt>,
): Promise<SinkSet> {
  const { plan, run, part, known, staging } = request
  const { originalNames, inUse, sends } = known
  const created = new Created()
  const outbound = new Map<number, Outbound>()
  return created.closedOnFailure(async () => {
    const all: Output[] = []
    for (const node of plan.nodes) {
      if (node.kind !== 'sink') continue
      const context = {
        ...contextOf(node, { run, part, folder: plan.folder, placed: null, staging, originalNames }),
        inUse,
      }
      const { spec, options } = node.plugin
      const isSent = sends && spec.delivery === 'outbound'
      if (isSent) outbound.set(node.number, await opened(spec, options, context, created))
      const sink = created.add(isSent ? sentRows() : pieceOf(request, epoch, node, context))
      const receipt = receipts.get(node.name) ?? null
      const nothing = { artifacts: null, opened: false, left: null, discarded: null }
      all.push({ node, sink, intent: isSent ? SENT : PIECE_INTENT, receipt, ...nothing })
    }
    return { all, outbound, inUse, close: () => created.close() }
  })
}

async function opened(...[spec, options, context, created]: [...Parameters<typeof outboundOf>, Created]) {
  const sends = await outboundOf(spec, options, context)
  created.add(sends.sink)
  return sends
}

function pieceOf({ pieces, part }: SplitSinksRequest, epoch: number, node: SinkNode, context: SinkContext): PieceSink {
  const { spec, options } = node.plugin
  const rehearsal = spec.rehearse?.(options, context) ?? null
  const kept = { node: node.name, texts: textsOf(node, context), rehearsal }
  return new PieceSink(pieces, { part, epoch, sink: node.number }, kept)
}

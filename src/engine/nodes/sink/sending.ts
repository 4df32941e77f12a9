/**
 * What a sink that sends makes of a row, and tells of a request: the only place that calls such plugins. What they throw, and
 * what nothing can be made of, is a defect of theirs.
 */
import { IN_DOUBT } from '../../../model/outcome.ts'
import type { Row } from '../../../model/row.ts'
import type { SinkNode } from '../../../plan/plan.ts'
import type { CallFailure } from '../../../sdk/call.ts'
import type { Accepted, OutboundSink, Outgoing, RowError, SendTry } from '../../../sdk/spec.ts'
import type { KeyedRows } from '../../calls/contexts.ts'
import type { Performed } from '../../calls/open-call.ts'
import { checkCode, defect, describe } from '../../ports/plugin-defect.ts'
import { checkedError } from '../plugin-call.ts'

/** @throws CUSTODY_PLUGIN_DEFECT, nothing else. */
export function outgoingOf(node: SinkNode, sink: OutboundSink, row: Row): Outgoing | RowError {
  let made: Outgoing | RowError
  try {
    made = sink.request(row)
  } catch (thrown) {
    throw defect(node.name, `threw ${describe(thrown)}`, thrown)
  }
  switch (made?.kind) {
    case 'outgoing':
      return made
    case 'error':
      return checkedError(node.name, node.plugin.spec.errors, made)
  }
  throw defect(node.name, `returned ${describe(made)}, which is no request`)
}

/** Sends a request with these rows, once. Rejects with whatever the plugin throws. */
export async function sent(node: SinkNode, sink: OutboundSink, rows: KeyedRows, attempt: SendTry): Promise<Performed> {
  const came = await sink.send(rows, attempt)
  switch (came?.kind) {
    case 'accepted':
      return { kind: 'answer', response: came.response, refused: refusedIn(node, came, rows.length) }
    case 'rejected':
      checkCode(node.name, node.plugin.spec.errors, came.code)
      return { ...came, kind: 'failure' }
    case 'in_doubt':
      return { ...came, kind: 'failure', code: IN_DOUBT, retryable: came.outage === 'surely' && isIdempotent(node) }
  }
  throw defect(node.name, `returned ${describe(came)}, which doesn’t say how the request ended`)
}

function refusedIn(node: SinkNode, { refused = new Map() }: Accepted, rows: number): ReadonlyMap<number, CallFailure> {
  return new Map(
    Array.from(refused, ([place, { code, message, response }]) => {
      checkCode(node.name, node.plugin.spec.errors, code)
      if (!Number.isInteger(place) || place < 0 || place >= rows)
        throw defect(node.name, `refuses row ${String(place)} of a request with ${rows}, counted from 0`)
      const more = response === undefined ? {} : { response }
      return [place, { kind: 'failure', code, message, retryable: false, ...more }]
    }),
  )
}

function isIdempotent({ plugin: { spec, options } }: SinkNode): boolean {
  return spec.delivery === 'outbound' && spec.idempotent(options)
}

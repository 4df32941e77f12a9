/** When each way to end happens, and why it is an ending of its own: for docs/outcomes.md alone. */
import type { Fate } from '../../src/model/outcome.ts'

type Name<F = Fate> = F extends Fate ? `${F['outcome']} / ${F['cause']}` : never

/** One that is missing doesn't compile. */
export const WHEN: { readonly [name in Name]: string } = {
  'COMPLETED / flow': 'It reached a sink by an ordinary edge.',
  'ROUTED / gate': 'The edge into the sink left a gate, so the gate decided the end.',
  'ROUTED / error': 'A node met an error that a retry would not help, and its `on_error` names the sink.',
  'DISCARDED / gate': 'A gate chose a way that leads to `discard`.',
  'DISCARDED / filter': 'A transform returned nothing for it, or its way on is `discard`.',
  'QUARANTINED / source_invalid':
    'The source could not read the record, or the record does not fit the declared schema. `on_invalid` says where it goes: to a sink, or nowhere.',
  'QUARANTINED / error': 'A node met an error that a retry would not help, and its `on_error` is `discard`.',
  'FAILED / retries_exhausted': 'Each attempt that `retry` allows met an error that a retry could have helped.',
  'FAILED / batch_failed': 'The aggregate could not process the batch: all its members fail together.',
  'FAILED / sink_rejected':
    'The sink could not take the row. The ending names the sink that `on_error` gave it to, if any.',
  'FAILED / late_arrival':
    'It reached a coalesce after its group had merged, or had failed by timeout. The ending names the sink that `on_error` gave it to, if any.',
  'FAILED / branch_lost':
    'Policy `require_all`, and a branch of its group can no longer arrive. The ending names the sink that `on_error` gave it to, if any.',
  'FAILED / quorum_not_met':
    'Policy `quorum`, and the quorum has become impossible, or the timeout passed before it was met. The ending names the sink that `on_error` gave it to, if any.',
  'FAILED / timeout':
    'Policy `require_all`, and the timeout passed before every branch had arrived. The ending names the sink that `on_error` gave it to, if any.',
  'FAILED / merge_conflict':
    'Two branches wrote different values to one field, and `on_conflict` is `fail`. The ending names the sink that `on_error` gave it to, if any.',
  'FAILED / select_missing':
    '`merge: select`, and the selected branch is not among those that arrived. The ending names the sink that `on_error` gave it to, if any.',
  'FAILED / in_doubt': 'A sink was about to send it, and no answer says whether the far side took it.',
  'FAILED / replay_miss': 'A replay met a request for which nothing is recorded.',
  'FAILED / abandoned': '`custody abandon` ended it while it was still open.',
  'FORKED / fork': 'A fork made one child for each branch.',
  'EXPANDED / expand': 'A transform returned several rows for it.',
  'COALESCED / merge': 'A coalesce merged it with others of its group into a new token.',
  'CONSUMED_IN_BATCH / batch': 'An aggregate closed the batch it was a member of.',
  'CONSUMED_IN_BATCH / join':
    'A join made new tokens of it and of what matches it on the other side. The ending names the first group that it was a member of.',
}

export function whenText({ outcome, cause }: Fate): string {
  // cast: of one fate both are known to belong together.
  return WHEN[`${outcome} / ${cause}` as Name]
}

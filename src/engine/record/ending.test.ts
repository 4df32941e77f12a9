import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Ending, type ErrorFact, fateOf } from '../../model/outcome.ts'
import type { ErrorCause, Passage } from '../token/passage.ts'
import { abandoned, endAtDiscard, endAtSink, failedAtCoalesce, filtered, passedOn } from './ending.ts'

const ERROR: ErrorFact = { code: 'BAD', value: 3 }
const [TOKEN, NODE, SINK, GROUP] = [7, 2, 5, 9]

const textOf = ({ fate }: Ending) => `${fateOf(fate)?.outcome}/${fateOf(fate)?.cause}`

/** What the outcome table says against it. */
function problems(ending: Ending): string[] {
  const fate = fateOf(ending.fate)
  if (fate === undefined) return [`there is no fate ${ending.fate}`]
  const found: string[] = []
  const check = (what: string, presence: 'required' | 'optional' | 'forbidden', there: boolean) => {
    if (presence === 'required' && !there) found.push(`${what} is missing`)
    if (presence === 'forbidden' && there) found.push(`${what} may not be there`)
  }
  check('sink', fate.sink, ending.sink !== 0)
  check('group', fate.group, ending.group !== 0)
  check('error', fate.error, ending.error !== null)
  if (ending.node === 0) found.push('node is missing')
  return found
}

const failed = (cause: ErrorCause): Passage => ({ kind: 'error', node: NODE, cause, error: ERROR })

test.each<[string, Passage, string, string]>([
  ['flow', { kind: 'flow', node: NODE }, 'COMPLETED/flow', 'DISCARDED/filter'],
  ['gate', { kind: 'gate', node: NODE }, 'ROUTED/gate', 'DISCARDED/gate'],
  [
    'invalid',
    { kind: 'invalid', node: NODE, error: ERROR },
    'QUARANTINED/source_invalid',
    'QUARANTINED/source_invalid',
  ],
  ['error', failed({ kind: 'error' }), 'ROUTED/error', 'QUARANTINED/error'],
  ['retries_exhausted', failed({ kind: 'retries_exhausted' }), 'FAILED/retries_exhausted', 'FAILED/retries_exhausted'],
  ['sink_rejected', failed({ kind: 'sink_rejected' }), 'FAILED/sink_rejected', 'FAILED/sink_rejected'],
  ['batch_failed', failed({ kind: 'batch_failed', group: GROUP }), 'FAILED/batch_failed', 'FAILED/batch_failed'],
])('%s: at a sink, and at discard', (_name, passage, at_sink, at_discard) => {
  expect(textOf(endAtSink(TOKEN, passage, SINK))).toBe(at_sink)
  expect(endAtSink(TOKEN, passage, SINK).sink).toBe(SINK)
  expect(textOf(endAtDiscard(TOKEN, passage))).toBe(at_discard)
  expect(endAtDiscard(TOKEN, passage).sink).toBe(0)
})

test('an ending names the node that decided it: the gate, the failed node, the source; else the sink itself', () => {
  expect(endAtSink(TOKEN, { kind: 'flow', node: NODE }, SINK).node).toBe(SINK)
  expect(endAtSink(TOKEN, { kind: 'gate', node: NODE }, SINK).node).toBe(NODE)
  expect(endAtSink(TOKEN, { kind: 'invalid', node: NODE, error: ERROR }, SINK).node).toBe(NODE)
  expect(endAtSink(TOKEN, failed({ kind: 'error' }), SINK).node).toBe(NODE)
})

test.each([
  ['fork', 'FORKED/fork'],
  ['expand', 'EXPANDED/expand'],
  ['merge', 'COALESCED/merge'],
  ['batch', 'CONSUMED_IN_BATCH/batch'],
] as const)('passed on by %s', (how, expected) => {
  expect(textOf(passedOn(TOKEN, NODE, how, GROUP))).toBe(expected)
})

test.each(['branch_lost', 'quorum_not_met', 'timeout', 'merge_conflict', 'select_missing', 'late_arrival'] as const)(
  'failed at a coalesce: %s',
  cause => {
    expect(textOf(failedAtCoalesce(TOKEN, NODE, cause, GROUP, ERROR))).toBe(`FAILED/${cause}`)
  },
)

test('filtered, abandoned', () => {
  expect(textOf(filtered(TOKEN, NODE))).toBe('DISCARDED/filter')
  expect(textOf(abandoned(TOKEN, NODE, ERROR))).toBe('FAILED/abandoned')
})

describe('the outcome table allows', () => {
  const number = fc.integer({ min: 1, max: 1000 })
  const error = fc.record({ code: fc.constantFrom('BAD', 'E_1'), value: number })
  const cause: fc.Arbitrary<ErrorCause> = fc.oneof(
    fc.record({ kind: fc.constantFrom('error' as const, 'retries_exhausted' as const, 'sink_rejected' as const) }),
    fc.record({ kind: fc.constant('batch_failed' as const), group: number }),
  )
  const passage: fc.Arbitrary<Passage> = fc.oneof(
    fc.record({ kind: fc.constantFrom('flow' as const, 'gate' as const), node: number }),
    fc.record({ kind: fc.constant('invalid' as const), node: number, error }),
    fc.record({ kind: fc.constant('error' as const), node: number, cause, error }),
  )

  test('every ending of every passage', () => {
    fc.assert(
      fc.property(passage, number, number, (way, token, sink) => {
        expect(problems(endAtSink(token, way, sink))).toEqual([])
        expect(problems(endAtDiscard(token, way))).toEqual([])
      }),
    )
  })

  test('every other ending', () => {
    const coalesce = fc.constantFrom(
      'branch_lost' as const,
      'quorum_not_met' as const,
      'timeout' as const,
      'merge_conflict' as const,
      'select_missing' as const,
      'late_arrival' as const,
    )
    const passing = fc.constantFrom('fork' as const, 'expand' as const, 'merge' as const, 'batch' as const)
    fc.assert(
      fc.property(number, number, number, error, coalesce, passing, (token, node, group, fact, why, how) => {
        expect(problems(failedAtCoalesce(token, node, why, group, fact))).toEqual([])
        expect(problems(passedOn(token, node, how, group))).toEqual([])
        expect(problems(filtered(token, node))).toEqual([])
        expect(problems(abandoned(token, node, fact))).toEqual([])
      }),
    )
  })
})

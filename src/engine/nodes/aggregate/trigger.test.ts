import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AggregateNode } from '../../../plan/plan.ts'
import type { BatchResult } from '../../../sdk/spec.ts'
import { type BatchState, refusal, type Trigger, triggerOf, triggerOnRecord } from './trigger.ts'

type Triggers = AggregateNode['trigger']
const NEVER: Triggers = { count: null, max_age_ms: null, when: null }
const open = (state: Partial<BatchState>): BatchState => ({
  count: 1,
  age_us: 0,
  latched: false,
  input_ended: false,
  ...state,
})

describe('triggers', () => {
  test.each<[string, Partial<Triggers>, Partial<BatchState>, Trigger | null]>([
    ['none holds', {}, { count: 1000, age_us: 1e12 }, null],
    ['one member short', { count: 3 }, { count: 2 }, null],
    ['count', { count: 3 }, { count: 3 }, 'count'],
    ['count of one', { count: 1 }, { count: 1 }, 'count'],
    ['a microsecond short', { max_age_ms: 10 }, { age_us: 9_999 }, null],
    ['max_age', { max_age_ms: 10 }, { age_us: 10_000 }, 'max_age'],
    ['when held', {}, { latched: true }, 'when'],
    ['end of input', {}, { input_ended: true }, 'end_of_input'],
    ['count before when', { count: 3 }, { count: 3, latched: true }, 'count'],
    ['when before max_age', { max_age_ms: 10 }, { age_us: 10_000, latched: true }, 'when'],
    ['max_age before end of input', { max_age_ms: 10 }, { age_us: 10_000, input_ended: true }, 'max_age'],
    [
      'nothing closes an empty batch',
      { count: 1, max_age_ms: 0 },
      { count: 0, latched: true, input_ended: true },
      null,
    ],
  ])('%s', (_name, trigger, state, expected) => {
    expect(triggerOf({ ...NEVER, ...trigger }, open(state))).toBe(expected)
  })

  test('more members, more age and the end of input never open a batch that would close', () => {
    const anyState = fc.record({
      count: fc.nat({ max: 6 }),
      age_us: fc.nat({ max: 20_000 }),
      latched: fc.boolean(),
      input_ended: fc.boolean(),
    })
    const anyTrigger = fc.record({
      count: fc.option(fc.integer({ min: 1, max: 5 }), { nil: null }),
      max_age_ms: fc.option(fc.nat({ max: 15 }), { nil: null }),
      when: fc.constant(null),
    })
    fc.assert(
      fc.property(anyTrigger, anyState, anyState, (trigger, state, more) => {
        const later = {
          count: state.count + more.count,
          age_us: state.age_us + more.age_us,
          latched: state.latched || more.latched,
          input_ended: state.input_ended || more.input_ended,
        }
        if (triggerOf(trigger, state) !== null) expect(triggerOf(trigger, later)).not.toBeNull()
      }),
    )
  })
})

describe('what a plugin may return', () => {
  const node = (output: AggregateNode['output'], output_rows: number | null = null) =>
    ({ output, output_rows }) as AggregateNode
  const rows = (n: number): BatchResult => ({ kind: 'rows', rows: Array.from({ length: n }, () => ({})) })
  const members = (n: number, dropped = 0): BatchResult => ({
    kind: 'members',
    rows: Array.from({ length: n }, (_, i) => (i < dropped ? null : {})),
  })

  test.each<[string, AggregateNode, BatchResult, number, boolean]>([
    ['transform: rows', node('transform'), rows(2), 5, true],
    ['transform: none', node('transform'), rows(0), 5, true],
    ['transform: members', node('transform'), members(5), 5, false],
    ['passthrough: as many as there are', node('passthrough'), members(5), 5, true],
    ['passthrough: some dropped', node('passthrough'), members(5, 2), 5, true],
    ['passthrough: one too few', node('passthrough'), members(4), 5, false],
    ['passthrough: one too many', node('passthrough'), members(6), 5, false],
    ['passthrough: rows', node('passthrough'), rows(5), 5, false],
    ['output_rows: kept', node('transform', 2), rows(2), 5, true],
    ['output_rows: not kept', node('transform', 2), rows(3), 5, false],
    ['output_rows: rows that are dropped do not count', node('passthrough', 3), members(5, 2), 5, true],
    ['output_rows: all of passthrough', node('passthrough', 3), members(5), 5, false],
  ])('%s', (_name, aggregate, result, size, allowed) => {
    const error = refusal(aggregate, result, size)
    if (allowed) expect(error).toBeNull()
    else expect(error).toMatchObject({ kind: 'error', code: 'BATCH_OUTPUT', retryable: false })
  })

  test('its own error is the batch’s', () => {
    const error = { kind: 'error', code: 'BUSY', message: 'busy', retryable: true } as const
    expect(refusal(node('transform', 2), error, 5)).toBe(error)
  })
})

describe('triggers in a replay', () => {
  const AGED = { max_age_ms: 10, when: null, count: 4 }
  const OLD = { age_us: 1e9, latched: true }

  test.each<[string, Partial<BatchState>, string, number, Trigger | null | 'no record']>([
    // state; on record: trigger, size
    ['waits for as many as it had, however old', { ...OLD, count: 2 }, 'max_age', 3, null],
    ['is closed by age at that many, however young', { count: 3 }, 'max_age', 3, 'max_age'],
    ['is closed by `when` at that many', { count: 3 }, 'when', 3, 'when'],
    ['is not closed by time that did not close it', { ...OLD, count: 3 }, 'end_of_input', 3, null],
    ['is closed at the end of input', { ...OLD, count: 2, input_ended: true }, 'max_age', 3, 'end_of_input'],
    ['is closed by count', { ...OLD, count: 4 }, 'end_of_input', 4, 'count'],
    ['has more members than on record', { count: 3 }, 'max_age', 2, 'no record'],
  ])('a batch %s', (_name, state, trigger, size, expected) => {
    const on_record = triggerOnRecord(AGED, open(state), { trigger, size })
    expect(on_record === null ? 'no record' : on_record.fires).toBe(expected)
  })
})

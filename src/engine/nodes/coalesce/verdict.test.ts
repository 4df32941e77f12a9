import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CoalesceNode } from '../../../plan/plan.ts'
import { mayMerge } from '../../token/group-verdict.ts'
import { causeOf, type GroupState, type Verdict, verdictOn, verdictOnRecord } from './verdict.ts'

type Policy = CoalesceNode['policy']

const ALL: Policy = { kind: 'require_all', timeout_ms: null }
const FIRST: Policy = { kind: 'first' }
const BEST: Policy = { kind: 'best_effort', timeout_ms: 1000 }
const complete = (n: number): Policy => ({ kind: 'quorum', quorum: n, timeout_ms: 1000, decide: 'complete' })
const quorum = (n: number): Policy => ({ kind: 'quorum', quorum: n, timeout_ms: null, decide: 'early' })

/** `wait`, `merge`, `close` or the verdict of failure. */
function nameOf(verdict: Verdict): string {
  return verdict.kind === 'fail' ? verdict.verdict : verdict.kind
}

describe('verdicts', () => {
  test.each<[string, Policy, number, number, number, boolean, string]>([
    // policy, expected, arrived, lost, timed out
    ['require_all waits', ALL, 3, 2, 0, false, 'wait'],
    ['require_all is complete', ALL, 3, 3, 0, false, 'merge'],
    ['require_all loses a branch before any arrives', ALL, 3, 0, 1, false, 'branch_lost'],
    ['require_all loses a branch', ALL, 3, 2, 1, false, 'branch_lost'],
    ['require_all has waited too long', ALL, 3, 2, 0, true, 'timeout'],
    ['require_all: a loss is the verdict rather than the timeout', ALL, 3, 1, 1, true, 'branch_lost'],
    ['require_all: the last arrives in time', ALL, 3, 3, 0, true, 'merge'],
    ['require_all: all are lost', ALL, 3, 0, 3, false, 'close'],
    ['quorum waits', quorum(2), 3, 1, 0, false, 'wait'],
    ['a quorum that is to be complete waits for the rest', complete(2), 3, 2, 0, false, 'wait'],
    ['a quorum that is to be complete waits, though it can’t be met', complete(2), 3, 0, 2, false, 'wait'],
    ['a quorum that is to be complete has all', complete(2), 3, 3, 0, false, 'merge'],
    ['a quorum that is to be complete has enough, the rest is lost', complete(2), 3, 2, 1, false, 'merge'],
    ['a quorum that is to be complete has too few', complete(2), 3, 1, 2, false, 'quorum_not_met'],
    ['a quorum that is to be complete has enough in time', complete(2), 3, 2, 0, true, 'merge'],
    ['a quorum that is to be complete can’t be met, and its time is up', complete(3), 3, 1, 1, true, 'timeout'],
    ['a quorum that is to be complete has too few in time', complete(2), 3, 1, 0, true, 'timeout'],
    ['quorum waits with one lost', quorum(2), 3, 1, 1, false, 'wait'],
    ['quorum is met', quorum(2), 3, 2, 0, false, 'merge'],
    ['quorum is met by the last that can', quorum(2), 3, 2, 1, false, 'merge'],
    ['quorum has become impossible', quorum(2), 3, 1, 2, false, 'quorum_not_met'],
    ['quorum has become impossible before any arrives', quorum(2), 3, 0, 2, false, 'quorum_not_met'],
    ['quorum has waited too long', quorum(2), 3, 1, 0, true, 'timeout'],
    ['quorum has waited too long for the last that can', quorum(2), 3, 1, 1, true, 'timeout'],
    ['quorum of all', quorum(3), 3, 2, 1, false, 'quorum_not_met'],
    ['quorum of one', quorum(1), 3, 1, 0, false, 'merge'],
    ['quorum: all are lost', quorum(1), 3, 0, 3, false, 'close'],
    ['best_effort waits', BEST, 3, 2, 0, false, 'wait'],
    ['best_effort waits while none has come', BEST, 3, 0, 2, false, 'wait'],
    ['best_effort: all are accounted for', BEST, 3, 1, 2, false, 'merge'],
    ['best_effort: complete', BEST, 3, 3, 0, false, 'merge'],
    ['best_effort merges what came in time', BEST, 3, 1, 0, true, 'merge'],
    ['best_effort: all are lost', BEST, 3, 0, 3, false, 'close'],
    ['first waits', FIRST, 3, 0, 2, false, 'wait'],
    ['first merges', FIRST, 3, 1, 0, false, 'merge'],
    ['first: all are lost', FIRST, 3, 0, 3, false, 'close'],
  ])('%s', (_name, policy, expected, arrived, lost, timed_out, verdict) => {
    expect(nameOf(verdictOn(policy, { expected, arrived, lost, timed_out }))).toBe(verdict)
  })
})

test('members of a group that failed end with its verdict, but those of a quorum whose time was up (VERDICT-3)', () => {
  const verdicts = ['branch_lost', 'quorum_not_met', 'timeout', 'merge_conflict', 'select_missing'] as const
  expect(verdicts.map(each => causeOf(ALL, each))).toEqual(verdicts)
  expect(verdicts.map(each => causeOf(quorum(2), each))).toEqual(verdicts.with(2, 'quorum_not_met'))
})

const anyPolicy = (expected: number): fc.Arbitrary<Policy> =>
  fc.oneof(fc.constant(ALL), fc.constant(FIRST), fc.constant(BEST), fc.integer({ min: 1, max: expected }).map(quorum))

/** A group, and the story of its branches: each arrives or is lost, at most once, and the time comes at most once. */
const anyStory = fc.integer({ min: 1, max: 5 }).chain(expected =>
  fc.record({
    policy: anyPolicy(expected),
    expected: fc.constant(expected),
    events: fc
      .record({
        branches: fc.array(fc.constantFrom('arrive' as const, 'lose' as const), { maxLength: expected }),
        time_at: fc.option(fc.integer({ min: 0, max: expected }), { nil: null }),
      })
      .map(({ branches, time_at }) =>
        time_at === null ? branches : branches.toSpliced(time_at, 0, 'time' as 'arrive'),
      ) as fc.Arbitrary<('arrive' | 'lose' | 'time')[]>,
  }),
)

/** The group's state after each event. The timeout runs from the first arrival: before it no time passes. */
function states(expected: number, events: readonly ('arrive' | 'lose' | 'time')[]): GroupState[] {
  let state: GroupState = { expected, arrived: 0, lost: 0, timed_out: false }
  return events.map(event => {
    if (event === 'arrive') state = { ...state, arrived: state.arrived + 1 }
    else if (event === 'lose') state = { ...state, lost: state.lost + 1 }
    else if (state.arrived > 0) state = { ...state, timed_out: true }
    return state
  })
}

describe('properties', () => {
  test('VERDICT-1: what was decided without the clock stays decided, whatever else comes', () => {
    fc.assert(
      fc.property(anyStory, ({ policy, expected, events }) => {
        let decided: string | null = null
        for (const state of states(expected, events)) {
          const verdict = nameOf(verdictOn(policy, state))
          // A group that failed and never met anybody closes when there is nobody left.
          if (decided !== null && !(verdict === 'close' && state.arrived === 0)) expect(verdict).toBe(decided)
          if (verdict !== 'wait' && !state.timed_out) decided ??= verdict
        }
      }),
    )
  })

  test('every group comes to a verdict when all its branches are accounted for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }).chain(expected =>
          fc.record({
            policy: anyPolicy(expected),
            expected: fc.constant(expected),
            lost: fc.nat({ max: expected }),
          }),
        ),
        ({ policy, expected, lost }) => {
          const verdict = nameOf(verdictOn(policy, { expected, arrived: expected - lost, lost, timed_out: false }))
          expect(verdict).not.toBe('wait')
          expect(verdict === 'close').toBe(lost === expected)
        },
      ),
    )
  })

  test('a timeout leaves nobody waiting', () => {
    fc.assert(
      fc.property(anyStory, ({ policy, expected, events }) => {
        for (const state of states(expected, events))
          if (state.timed_out) expect(verdictOn(policy, state).kind).not.toBe('wait')
      }),
    )
  })

  test('a quorum fails exactly when no way on could meet it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }).chain(expected =>
          fc.record({
            expected: fc.constant(expected),
            needed: fc.integer({ min: 1, max: expected }),
            arrived: fc.nat({ max: expected }),
            lost: fc.nat({ max: expected }),
          }),
        ),
        ({ expected, needed, arrived, lost }) => {
          fc.pre(arrived + lost <= expected && lost < expected)
          const verdict = nameOf(verdictOn(quorum(needed), { expected, arrived, lost, timed_out: false }))
          const still_to_come = expected - arrived - lost
          const can_be_met = arrived + still_to_come >= needed
          expect(verdict).toBe(arrived >= needed ? 'merge' : can_be_met ? 'wait' : 'quorum_not_met')
        },
      ),
    )
  })

  test('nothing is merged of which nothing arrived', () => {
    fc.assert(
      fc.property(anyStory, ({ policy, expected, events }) => {
        for (const state of states(expected, events))
          if (verdictOn(policy, state).kind === 'merge') expect(state.arrived).toBeGreaterThan(0)
      }),
    )
  })
})

describe('verdicts in a replay', () => {
  test.each<[string, Policy, readonly number[], readonly number[], string, readonly number[], string | null]>([
    // policy, arrived, lost; on record: verdict, members
    ['waits for who had come when its time was up', ALL, [0], [], 'timeout', [1, 0], 'wait'],
    ['is timed out when all have come who had', ALL, [0, 1], [], 'timeout', [1, 0], 'timeout'],
    ['is timed out even if another branch is lost before', ALL, [0], [2], 'timeout', [0], 'timeout'],
    ['waits though another branch is lost', ALL, [], [2], 'timeout', [0], 'wait'],
    ['merges what had come in time', BEST, [2], [], 'merged', [2], 'merge'],
    ['merges what had come in time, and not before', BEST, [2], [0], 'merged', [1, 2], 'wait'],
    ['fails by its merge as it did', BEST, [2], [], 'select_missing', [2], 'merge'],
    ['merges who came first', FIRST, [1], [], 'merged', [1], 'merge'],
    ['waits for as many as it had', quorum(2), [1], [], 'merged', [1, 2], 'wait'],
    ['fails by a loss, whoever came before', ALL, [0, 1], [2], 'branch_lost', [0], 'branch_lost'],
    ['waits for the loss', quorum(2), [0], [1], 'quorum_not_met', [], 'wait'],
    ['knows nothing of another branch', ALL, [2], [], 'timeout', [0], null],
    ['knows nothing if one is lost that had come', BEST, [1], [2], 'merged', [1, 2], null],
  ])('%s', (_name, policy, arrived, lost, on_record, members, expected) => {
    const group = { expected: 3, arrived, lost }
    // What merged without all of its branches did so because its time was up.
    const timed_out = on_record === 'timeout' || policy === BEST
    const verdict = verdictOnRecord(policy, group, { verdict: on_record, timed_out, members })
    expect(verdict === null ? null : nameOf(verdict)).toBe(expected)
  })
})

describe('a group that merged without some branches, in a replay', () => {
  const verdict = (policy: Policy, lost: readonly number[], timed_out: boolean) =>
    verdictOnRecord(policy, { expected: 3, arrived: [1, 2], lost }, { verdict: 'merged', timed_out, members: [1, 2] })
      ?.kind

  test.each([
    ['best_effort', BEST],
    ['a quorum of all that come', complete(2)],
  ])(
    '%s: merges at once if its time was up; else it waits for the loss of the third, whether or not it has a timeout',
    (_, policy) => {
      expect(verdict(policy, [], true)).toBe('merge')
      expect(verdict(policy, [0], true)).toBe('merge')
      for (const each of [policy, { ...policy, timeout_ms: null } as Policy]) {
        expect(verdict(each, [], false)).toBe('wait')
        expect(verdict(each, [0], false)).toBe('merge')
      }
    },
  )
})

describe('whether a group may still merge', () => {
  const node = (policy: Policy, merge: CoalesceNode['merge'] = { kind: 'nested' }) =>
    ({ branches: ['a', 'b', 'c'], policy, merge }) as unknown as CoalesceNode

  test.each<[string, CoalesceNode, number[], boolean]>([
    ['nothing is lost', node(ALL), [], true],
    ['require_all has lost one', node(ALL), [1], false],
    ['a quorum of two has lost one', node(quorum(2)), [1], true],
    ['a quorum of two has lost two', node(quorum(2)), [1, 2], false],
    ['a complete one, too, before its verdict', node(complete(2)), [1, 2], false],
    ['best_effort has lost two', node(BEST), [0, 2], true],
    ['best_effort has lost all', node(BEST), [0, 1, 2], false],
    ['the selected one is lost', node(BEST, { kind: 'select', branch: 'b' }), [1], false],
    ['another one is lost', node(BEST, { kind: 'select', branch: 'b' }), [2], true],
    ['first has lost two', node(FIRST), [0, 1], true],
  ])('%s', (_name, coalesce, lost, expected) => {
    expect(mayMerge(coalesce, lost)).toBe(expected)
  })
})

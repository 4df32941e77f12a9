import { describe, expect, test } from 'vitest'
import type { CoalesceNode } from '../../plan/plan.ts'
import type { CoalesceGroup } from './fork-frames.ts'
import type { Place } from './place.ts'
import { endsOfLost, isAwaited, numberOf, placeOf, type TraceKind, traceOf } from './traces.ts'

const groupOf = (more: Partial<CoalesceGroup> = {}) =>
  ({
    node: { number: 4, branches: ['a', 'b', 'c'] as readonly string[] } as CoalesceNode,
    arrived: [],
    lost: [],
    verdict: null,
    traces: null,
    ...more,
  }) as unknown as CoalesceGroup

const KINDS: readonly TraceKind[] = ['end', 'after', 'late']

describe('traces', () => {
  test('each has a number of its own in its group, and is found by it', () => {
    const group = groupOf()
    const all = KINDS.flatMap(kind => [0, 1, 2].map(branch => ({ group, branch, kind })))
    expect(all.map(numberOf)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(all.map(each => traceOf(group, numberOf(each)))).toEqual(all)
  })

  test('where a branch was lost is given for those that are lost, and once they are', () => {
    const [end, after, late] = [1, 4, 7].map(label => ({ label }) as Place)
    const traces = new Map([
      [1, end as Place],
      [4, after as Place],
      [7, late as Place],
    ])
    expect(endsOfLost(groupOf({ traces }))).toEqual([])
    expect(endsOfLost(groupOf({ traces, lost: [2, 1] }))).toEqual([end])
    expect(endsOfLost(groupOf({ lost: [1] }))).toEqual([])
    expect(KINDS.map(kind => placeOf({ group: groupOf({ traces }), branch: 1, kind }))).toEqual([end, after, late])
    expect(placeOf({ group: groupOf({ traces }), branch: 0, kind: 'end' })).toBeNull()
  })

  test.each<[string, Partial<CoalesceGroup>, readonly TraceKind[]]>([
    ['the group waits for it', {}, ['end', 'after', 'late']],
    ['it has come', { arrived: [{ branch: 1 }] as unknown as CoalesceGroup['arrived'] }, ['after', 'late']],
    ['it is lost', { lost: [1] }, ['end', 'late']],
    ['the group has failed', { verdict: 'branch_lost' }, ['after', 'late']],
    ['the group has merged', { verdict: 'merged' }, ['late']],
    ['its time was up', { verdict: 'timeout' }, ['late']],
  ])('what may still come to its places: %s', (_, more, awaited) => {
    expect(KINDS.filter(kind => isAwaited({ group: groupOf(more), branch: 1, kind }))).toEqual(awaited)
  })
})

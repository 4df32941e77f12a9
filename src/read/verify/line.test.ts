import { describe, expect, test } from 'vitest'
import type { CommitLine } from '../../format/commit-line.ts'
import { Check } from './check.ts'
import { LineCheck } from './line.ts'
import { Ways } from './ways.ts'

/** Node 1 is a fork with branches a and b, node 2 joins them. */
const ways = new Ways({
  nodes: [
    { name: 'split', kind: 'fork', branches: ['a', 'b'] },
    { name: 'join', kind: 'coalesce', branches: ['a', 'b'] },
    { name: 'vote', kind: 'coalesce', branches: ['b', 'a'] },
    { name: 'problems', kind: 'sink', branches: [] },
  ],
  edges: [[3, 'on_error', 4]],
})

function problemsOf(...steps: readonly (CommitLine | ((line: LineCheck) => void))[]): string[] {
  const line = new LineCheck()
  const check = new Check('entries')
  for (const token of [1, 2, 3, 4]) {
    line.born(token)
    line.visited(token, true)
  }
  line.forked(7, 1)
  for (const [seq, step] of steps.entries())
    if (typeof step === 'function') step(line)
    else line.commit(seq, step, ways, check)
  return [...check.result().problems]
}

describe('the order of what is under way, as commits tell it', () => {
  test('whole lines and what moved in them', () => {
    const steps: CommitLine[] = [
      { line: [1, 2, [7, 2, 0]] },
      {
        moved: {
          out: [1],
          in: [
            [2, 3, 4],
            [0, 1],
          ],
        },
      },
      { moved: { out: [[7, 2, 0], 3], in: [] } },
      {},
      { line: [4] },
    ]
    expect(problemsOf(...steps)).toEqual([])
  })

  test('what isn’t open, isn’t there or is there twice', () => {
    const misplaced = (seq: number, token: number) =>
      `entry ${seq}: token ${token} is in line, and isn't open or is there twice`
    const missing = (seq: number, token: number) =>
      `entry ${seq}: token ${token} isn't in line, where the commit says what moved`
    expect(problemsOf({ line: [1, 5] })).toEqual([misplaced(0, 5)])
    expect(problemsOf({ line: [1, 2, 1] })).toEqual([misplaced(0, 1)])
    expect(problemsOf({ line: [1] }, { moved: { out: [], in: [[1, 5]] } })).toEqual([misplaced(1, 5)])
    expect(problemsOf({ line: [1] }, { moved: { out: [], in: [[0, 1]] } })).toEqual([misplaced(1, 1)])
    expect(problemsOf({ line: [1] }, { moved: { out: [2], in: [] } })).toEqual([missing(1, 2)])
    expect(problemsOf({ line: [1] }, { moved: { out: [], in: [[2, 3]] } })).toEqual([missing(1, 2)])
    expect(problemsOf({ line: [1] }, line => line.ended(1), { moved: { out: [], in: [] } })).toEqual([misplaced(2, 1)])
  })

  test('what is open stands in line or waits in a batch', () => {
    const astray = (seq: number, token: number) =>
      `entry ${seq}: token ${token} is open, and neither in line nor in a batch`
    const release = (line: LineCheck) => line.visited(2, false)
    expect(problemsOf({ line: [1] }, release, { moved: { out: [], in: [] } })).toEqual([astray(2, 2)])
    expect(problemsOf({ line: [1] }, release, { moved: { out: [], in: [[1, 2]] } }, {})).toEqual([astray(3, 2)])
    expect(problemsOf({ line: [1] }, release, { line: [2] })).toEqual([])
    expect(problemsOf(release, { line: [1, 2] }, { moved: { out: [2], in: [] } })).toEqual([astray(2, 2)])
    expect(
      problemsOf(
        line => line.born(5),
        { line: [1] },
        line => line.ended(5),
        {},
      ),
    ).toEqual([astray(1, 5)])
  })

  test('traces of forks that are not open, or do not come there', () => {
    const misplaced = (seq: number, group: number, branch: number, node: string) =>
      `entry ${seq}: branch ${branch} of group ${group} is in line, and doesn't come to ${node}`
    expect(problemsOf({ line: [[8, 2, 0]] })).toEqual([misplaced(0, 8, 0, 'join')])
    expect(problemsOf({ line: [[7, 2, 2]] })).toEqual([misplaced(0, 7, 2, 'join')])
    expect(problemsOf({ line: [[7, 2, 3]] })).toEqual([misplaced(0, 7, 3, 'join')])
    // Members of groups that fail go on.
    expect(
      problemsOf({
        line: [
          [7, 3, 2],
          [7, 3, 3],
        ],
      }),
    ).toEqual([])
    // Where a branch is lost late.
    expect(
      problemsOf({
        line: [
          [7, 2, 4],
          [7, 2, 5],
          [7, 3, 5],
        ],
      }),
    ).toEqual([])
    expect(problemsOf({ line: [[7, 2, 6]] })).toEqual([misplaced(0, 7, 6, 'join')])
    expect(problemsOf({ line: [[7, 3, 7]] })).toEqual([misplaced(0, 7, 7, 'vote')])
    expect(problemsOf({ line: [[7, 1, 0]] })).toEqual([misplaced(0, 7, 0, 'split')])
    const open: CommitLine = { line: [1, [7, 2, 0]] }
    expect(problemsOf(open, line => line.closed(7), { moved: { out: [], in: [] } })).toEqual([
      misplaced(2, 7, 0, 'join'),
    ])
    expect(problemsOf(open, line => line.closed(7), { moved: { out: [[7, 2, 0]], in: [] } })).toEqual([])
  })
})

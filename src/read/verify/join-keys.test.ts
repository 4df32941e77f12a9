import { describe, expect, test } from 'vitest'
import { visit } from '../../../test/support/ledger.ts'
import { VISIT_HELD, VISIT_OK } from '../../format/entry.ts'
import type { JoinSide } from '../../format/topology.ts'
import type { Json } from '../../model/row.ts'
import { SubjectValues } from '../values.ts'
import { Place } from './check.ts'
import { JoinKeys } from './join-keys.ts'
import { Ways } from './ways.ts'

const WAYS = new Ways({
  nodes: [
    { name: 'in', kind: 'source' },
    { name: 'join', kind: 'join', keys: { left: ['id'], right: ['id'] } },
    { name: 'out', kind: 'sink' },
  ],
  edges: [
    [1, 'to', 2, 'left'],
    [2, 'left', 3],
    [2, 'right', 3],
  ],
})
const LEAVES: { readonly [side in JoinSide]: number } = { left: 2, right: 3 }

/** Tokens 1, 2, … with these keys; what is decided of them, commit by commit. */
class Joined {
  readonly problems: string[] = []
  left_out = 0
  readonly #keys = new JoinKeys({
    compare: problem => {
      if (problem !== null) this.problems.push(problem)
    },
    leaveOut: () => void this.left_out++,
  })

  constructor(...keys: ReadonlyArray<Json | 'erased'>) {
    for (const [i, id] of keys.entries()) {
      const held = visit(i + 1, 2, VISIT_HELD, [1, 0], 0, 0)
      const values = SubjectValues.of([[''], [id === 'erased' ? 0 : [{ id }]], 0])
      this.#keys.take({ visits: [held], births: [], groups_opened: [] }, values, new Place(i), WAYS)
    }
    this.#keys.settle()
  }

  joins(left: number, ...rights: readonly number[]): this {
    const births = rights.map((right, i) => ({ token: 100, group: 1, ordinal: i, value: 1, parents: [left, right] }))
    const groups_opened = [{ group: 1, kind: 4, node: 2, expected: rights.length }] as const
    return this.#take({ visits: [], births, groups_opened })
  }

  leaves(token: number, side: JoinSide): this {
    return this.#take({ visits: [visit(token, 2, VISIT_OK, [1, 1], LEAVES[side], 0)], births: [], groups_opened: [] })
  }

  #take(entry: Parameters<JoinKeys['take']>[0]): this {
    this.#keys.take(entry, SubjectValues.of([[''], [[{}]], 0]), new Place(9), WAYS)
    this.#keys.settle()
    return this
  }
}

test('what fits', () => {
  const all = new Joined(1, 1, 1, 1, 2, 3, null, null)
  all.joins(1, 3, 4).joins(2, 3, 4).leaves(5, 'left').leaves(6, 'right').leaves(7, 'left').leaves(8, 'right')
  expect(all).toMatchObject({ problems: [], left_out: 0 })
})

test('another key, and fewer than another row with the key has', () => {
  expect(new Joined(1, 2).joins(1, 2).problems).toEqual(['is joined with token 2, whose key is another'])
  expect(new Joined(null, null).joins(1, 2).problems).toEqual(['is joined with token 2, whose key is another'])
  expect(new Joined(1, 1, 1, 1).joins(1, 3, 4).joins(2, 3).problems).toEqual([
    'is joined with 1 row, and another row with its key with 2',
  ])
})

test('what is erased can’t be looked at', () => {
  expect(new Joined('erased', 1).joins(1, 2).leaves(2, 'right')).toMatchObject({ problems: [], left_out: 1 })
})

describe('one that leaves as unmatched, though there is another with its key', () => {
  const UNMATCHED = ['leaves as unmatched, and another row has its key']
  const JOINED = ['is joined, and a row with its key has left as unmatched']
  test('of the other side, whichever goes first', () => {
    expect(new Joined(1, 1).leaves(1, 'left').leaves(2, 'right').problems).toEqual(UNMATCHED)
    expect(new Joined(1, 1).leaves(1, 'right').leaves(2, 'left').problems).toEqual(UNMATCHED)
    expect(new Joined(1, 1).leaves(1, 'left').leaves(2, 'left').problems).toEqual([])
  })
  test('that is joined, before or after it', () => {
    for (const side of ['left', 'right'] as const) {
      expect(new Joined(1, 1, 1).joins(1, 2).leaves(3, side).problems).toEqual(UNMATCHED)
      expect(new Joined(1, 1, 1).leaves(3, side).joins(1, 2).problems).toEqual(JOINED)
    }
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { subjectDraft, T0, visit } from '../../../test/support/ledger.ts'
import type { SubjectEntry } from '../../format/entry.ts'
import type { Topology } from '../../format/topology.ts'
import type { FateNumber } from '../../model/outcome.ts'
import { branchInto, Course } from './course.ts'

const topology: Topology = {
  nodes: [
    { name: 'in', kind: 'source' },
    { name: 'both', kind: 'fork', branches: ['left', 'right'] },
    { name: 'parts', kind: 'transform' },
    { name: 'join', kind: 'coalesce', branches: ['left', 'right'] },
    { name: 'out', kind: 'sink' },
  ],
  edges: [],
}
const [BOTH, PARTS, JOIN, OUT] = [2, 3, 4, 5]
const [FORK, EXPAND, MERGE] = [0, 1, 2] as const
/** Ordinary numbers of values. */
const VALUES = [1, 1] as const

type Facts = Partial<SubjectEntry>

/** An entry with the facts of all of these, one kind behind the other. */
function entry(...facts: readonly Facts[]): SubjectEntry {
  const { values: _, moved: __, ...none } = subjectDraft({ subject: { kind: 'row', row: 1 }, time_us: T0 })
  const all = <K extends keyof SubjectEntry>(key: K) => facts.flatMap(each => (each[key] ?? []) as never[])
  return {
    ...none,
    commitments: [],
    nonce: null,
    births: all('births'),
    visits: all('visits'),
    holds: all('holds'),
    groups_opened: all('groups_opened'),
    groups_closed: all('groups_closed'),
    timed_out: all('timed_out'),
    endings: all('endings'),
    calls: all('calls'),
    intents: all('intents'),
  }
}

const born = (token: number, group = 0, ordinal = 0, parents: readonly number[] = []): Facts => ({
  births: [{ token, group, ordinal, value: 1, parents }],
})
const opens = (group: number, kind: 0 | 1 | 2, node: number): Facts => ({
  groups_opened: [{ group, kind, node, expected: 2 }],
})
const closes = (group: number, verdict: string, members: readonly number[] = []): Facts => ({
  groups_closed: [{ group, verdict, detail: 0, members }],
})
const ends = (token: number): Facts => ({
  endings: [{ token, fate: 1 as FateNumber, node: OUT, sink: OUT, group: 0, error: null }],
})

/** Facts of a row, in the order in which they happened; each step chooses one of the open tokens, and what becomes of it. */
function storyOf(steps: ReadonlyArray<readonly [pick: number, what: 'fork' | 'expand' | 'hold' | 'end']>): Facts[] {
  const facts = [born(1)]
  const open = [1]
  const forked = new Map<number, { readonly group: number; readonly waiting: number[] }>()
  let last = 1
  for (const [i, [pick, what]] of steps.entries()) {
    const [token] = open.splice(pick % Math.max(1, open.length), 1)
    if (token === undefined) break
    const siblings = forked.get(token)
    const group = 10 + 2 * i
    if (what === 'fork' || what === 'expand') {
      const [left, right] = [++last, ++last]
      const [kind, node] = what === 'fork' ? ([FORK, BOTH] as const) : ([EXPAND, PARTS] as const)
      facts.push(opens(group, kind, node), born(left, group, 0, [token]), born(right, group, 1, [token]), ends(token))
      if (what === 'fork') {
        const own = { group: group + 1, waiting: [] }
        forked.set(left, own).set(right, own)
      }
      open.push(left, right)
    } else if (what === 'hold' && siblings !== undefined) {
      const { waiting } = siblings
      waiting.push(token)
      if (waiting.length === 1) facts.push(opens(siblings.group, MERGE, JOIN))
      facts.push({ visits: [visit(token, JOIN, 2, [1, 0], 0, 0)] })
      if (waiting.length < 2) continue
      for (const each of waiting) facts.push({ visits: [visit(each, JOIN, 0, VALUES, 0, 0)] }, ends(each))
      facts.push(closes(siblings.group, 'merged', waiting), born(++last, siblings.group, 0, waiting))
      open.push(last)
    } else facts.push({ visits: [visit(token, OUT, 0, VALUES, 0, 0)] }, ends(token))
  }
  return facts
}

/** All that a course says, in a form that can be compared. */
function said({ tokens, groups }: Course) {
  return {
    tokens: Array.from(tokens.values(), ({ birth, group, parent, path, forks, joined, visits, ending }) => ({
      ...{ birth, path, visits, ending, group: group?.opened, parent: parent?.birth.token },
      forks: forks.map(({ branch, forked }) => [branch, forked.path]),
      joined: joined?.forked.path,
    })),
    groups: Array.from(groups.values(), ({ opened, closed, node, timed_out }) => [opened, closed, node, timed_out]),
  }
}

const steps = fc.array(fc.tuple(fc.nat(20), fc.constantFrom('fork', 'expand', 'hold', 'hold', 'end')), {
  maxLength: 30,
})

test('a course is the same, however commits cut what happened into entries', () => {
  fc.assert(
    fc.property(steps, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), (steps, lengths) => {
      const facts = storyOf(steps)
      const cut: SubjectEntry[] = []
      for (let at = 0, i = 0; at < facts.length; i++) {
        const length = lengths[i % lengths.length] as number
        cut.push(entry(...facts.slice(at, at + length)))
        at += length
      }
      expect(said(Course.of(cut, topology))).toEqual(said(Course.of([entry(...facts)], topology)))
    }),
  )
})

test('no two tokens came to be in the same way; each visit is there once, and what was held isn’t any more', () => {
  fc.assert(
    fc.property(steps, steps => {
      const { tokens } = Course.of([entry(...storyOf(steps))], topology)
      const all = [...tokens.values()]
      expect(new Set(all.map(({ path }) => path)).size).toBe(all.length)
      for (const { visits, ending } of all) {
        expect(visits.length).toBeLessThanOrEqual(1)
        if (ending !== null) expect(visits.filter(({ fact }) => fact.status === 2)).toEqual([])
      }
    }),
  )
})

describe('a token that is merged', () => {
  const forked = [born(1), opens(1, FORK, BOTH), born(2, 1, 0, [1]), born(3, 1, 1, [1])]
  const course = Course.of(
    [entry(...forked), entry(opens(2, MERGE, JOIN), closes(2, 'merged', [3, 2]), born(4, 2, 0, [3, 2]))],
    topology,
  )

  test('is outside of the fork again, and knows what was forked', () => {
    const [first, left, , merged] = [...course.tokens.values()]
    expect([left?.path, merged?.path]).toEqual(['/left', '/+join'])
    expect(left?.forks).toMatchObject([{ branch: 'left', forked: { path: '' } }])
    expect(merged?.forks).toEqual([])
    expect(merged?.joined?.forked).toBe(first)
  })

  test('came by these branches', () => {
    const group = course.groups.get(2)
    const members = group?.closed?.members.map(each => course.tokens.get(each)) ?? []
    expect(members.map(each => group && each && branchInto(group, each)?.branch)).toEqual(['right', 'left'])
  })
})

test('what refers to nothing is passed over', () => {
  const stray = entry(
    ends(9),
    closes(9, 'merged', [8]),
    { visits: [visit(9, OUT, 0, VALUES, 0, 0)] },
    born(2, 7, 3, [9]),
  )
  const course = Course.of([stray], topology)
  expect(said(course)).toMatchObject({ groups: [], tokens: [{ path: '*3', visits: [], ending: null, forks: [] }] })
  expect(new Course(topology)).toMatchObject({ first: null, batch: null })
})

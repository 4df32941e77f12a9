/** The graph of a row's tokens: what leads to what, through forks, merges and batches, each below what it is of. */
import { expect, test } from 'vitest'
import type { Story as StoryJson, StoryToken } from '../../api/story.ts'
import { lineageOf } from './lineage.ts'
import { storyFrom } from './story-from-json.ts'

const RUN = '01a2318a-f7c6-7313-b034-9a3fb4d5e475'
const PLAN = {
  run: RUN,
  name: 'p',
  plan_hash: '',
  file: null,
  nodes: [],
  edges: [],
  text: null,
  tunables: [],
  holds: true as const,
}

function token(number: number, nodes: readonly string[], more: Partial<StoryToken> = {}): StoryToken {
  const visits = nodes.map(node => ({
    ...{ node, kind: 'transform' as const, attempt: 1, status: 'ok' as const, input_hash: null, output_hash: null },
    ...{ calls: [], to: null, started_us: 0, duration_us: 0 },
  }))
  return { token: number, parents: [], branch: null, visits, outcome: null, cause: null, sink: null, ...more }
}

function story(tokens: readonly StoryToken[], more: Partial<StoryJson> = {}): StoryJson {
  const base = { run: RUN, row: 1, source: 's', origin: null, entries: [], head: null, sealed: null }
  return { ...base, tokens: [...tokens], ...more }
}

const drawn = (json: StoryJson) => lineageOf(storyFrom(json, { plan: PLAN, paths: new Map() }))

test('a fork and its merge: each edge leads down, branches stand side by side', () => {
  const { nodes, edges, lanes } = drawn(
    story([
      token(1, ['s', 'both'], { outcome: 'FORKED', cause: 'fork' }),
      token(2, ['a', 'merged'], { parents: [1], branch: 'x', outcome: 'COALESCED', cause: 'merge' }),
      token(3, ['b', 'merged'], { parents: [1], branch: 'y', outcome: 'COALESCED', cause: 'merge' }),
      token(4, ['out'], { parents: [2, 3], outcome: 'COMPLETED', cause: 'flow', sink: 'out' }),
    ]),
  )
  expect(edges.map(({ from, to, label }) => `${from} ${to} ${label}`.trim())).toEqual([
    'step-1-s step-1-both',
    'step-1-both step-2-a',
    'step-2-a step-2-merged',
    'step-1-both step-3-b',
    'step-3-b step-3-merged',
    'step-2-merged step-4-out',
    'step-3-merged step-4-out',
  ])
  const layer = new Map(nodes.map(each => [each.id, each.layer]))
  for (const { from, to } of edges) expect(layer.get(from)).toBeLessThan(layer.get(to) ?? 0)
  expect(lanes).toBe(2)
  expect(nodes.find(each => each.id === 'step-4-out')?.ended).toBe('success')
})

test('an edge past other steps has a lane of its own in each layer, where no step is', () => {
  const { nodes, edges } = drawn(
    story([
      token(1, ['s', 'both']),
      token(2, ['merged'], { parents: [1], branch: 'x' }),
      token(3, ['a', 'b', 'merged'], { parents: [1], branch: 'y' }),
      token(4, ['out'], { parents: [2, 3] }),
    ]),
  )
  const past = edges.find(each => each.from === 'step-2-merged' && each.to === 'step-4-out')
  expect(past?.via).toHaveLength(2)
  const taken = nodes.map(({ layer, lane }) => `${layer} ${lane}`)
  for (const { layer, lane } of past?.via ?? []) expect(taken).not.toContain(`${layer} ${lane}`)
})

test('members of a batch that are other rows stand together, however many tokens it made', () => {
  const made = [8, 9].map(number => token(number, ['report'], { parents: [1, 2, 3] }))
  const batch = { batch: 1, node: 'stats', trigger: 'count', members: [1, 2, 3], calls: [] }
  const { nodes } = drawn(
    story([token(1, ['s', 'stats'], { outcome: 'CONSUMED_IN_BATCH', cause: 'batch' })], {
      onward: [story(made, { row: null, source: null, batch })],
    }),
  )
  expect(nodes.filter(each => each.kind === 'members').map(each => each.node)).toEqual(['+2 tokens'])
})

test('of many parts the first few are drawn, and how many there are besides', () => {
  const parts = Array.from({ length: 50 }, (_, i) => token(i + 2, ['out'], { parents: [1] }))
  const { nodes } = drawn(story([token(1, ['s', 'explode'], { outcome: 'EXPANDED', cause: 'expand' }), ...parts]))
  expect(nodes.filter(each => each.node === 'out')).toHaveLength(6)
  expect(nodes.map(each => each.node)).toContain('44 more tokens')
})

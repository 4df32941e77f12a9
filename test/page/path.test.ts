import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pathOf } from '../../src/page/path.ts'
import type { Story, TokenStory, VisitStory } from '../../src/read/explain/story.ts'

type Went = readonly [node: string, label: string | null, to: string]

/** `went`: visits by node, with the label of the edge by which each was left, and where that leads. */
function token(went: readonly Went[], more: Partial<TokenStory> = {}): TokenStory {
  // cast: of a visit and a token nothing else is looked at.
  const visits = went.map(([node, label, to]) => ({
    ...{ node, kind: 'transform', plugin: null },
    left: label === null ? null : { label, to },
  })) as unknown as VisitStory[]
  return { visits, branch: null, born_of: null, ending: null, ...more } as TokenStory
}

const storyOf = (...tokens: readonly TokenStory[]) => ({ tokens, onward: [] }) as unknown as Story
const ending = (node: string, kind: 'success' | 'failure' | 'passed on') =>
  ({ node, sink: null, class: kind }) as TokenStory['ending']
const born = (node: string) => ({ group: 1, kind: 'fork', node, ordinal: 0 })
const edgesOf = (story: Story) => pathOf(story).edges.map(({ from, to, label }) => [from, label, to])

test('a fork and what its branches merge into: each node once, below all that lead to it', () => {
  const story = storyOf(
    token(
      [
        ['in', 'to', 'fork'],
        ['fork', null, ''],
      ],
      { ending: ending('fork', 'passed on') },
    ),
    token(
      [
        ['a', 'to', 'b'],
        ['b', 'to', 'join'],
        ['join', null, ''],
      ],
      { branch: 'long', born_of: born('fork') },
    ),
    token(
      [
        ['c', 'to', 'join'],
        ['join', null, ''],
      ],
      { branch: 'short', born_of: born('fork') },
    ),
    token([['out', null, '']], { born_of: born('join'), ending: ending('out', 'success') }),
  )
  expect(edgesOf(story)).toEqual([
    ['in', '', 'fork'],
    ['fork', 'long', 'a'],
    ['a', '', 'b'],
    ['b', '', 'join'],
    ['fork', 'short', 'c'],
    ['c', '', 'join'],
    ['join', '', 'out'],
  ])
  const { nodes, layers, lanes } = pathOf(story)
  expect(nodes.map(({ name, layer, lane }) => [name, layer, lane])).toEqual([
    ...[
      ['in', 0, 0],
      ['fork', 1, 0],
      ['a', 2, 0],
      ['c', 2, 1],
      ['b', 3, 0],
      ['join', 4, 0],
      ['out', 5, 0],
    ],
  ])
  expect([layers, lanes]).toEqual([6, 2])
  expect(nodes.filter(each => each.ended !== null)).toMatchObject([{ name: 'out', ended: 'success' }])
})

test('attempts are one place; what is discarded, and what failed, can be seen', () => {
  const tried = token(
    [
      ['in', 'to', 'ask'],
      ['ask', null, ''],
      ['ask', 'false', 'discard'],
    ],
    { ending: ending('ask', 'success') },
  )
  expect(edgesOf(storyOf(tried))).toEqual([
    ['in', '', 'ask'],
    ['ask', 'false', 'discard'],
  ])
  expect(pathOf(storyOf(tried)).nodes.at(-1)).toMatchObject({ name: 'discard', kind: '', ended: 'success' })
  const failed = token(
    [
      ['in', 'to', 'ask'],
      ['ask', null, ''],
    ],
    { ending: ending('ask', 'failure') },
  )
  expect(pathOf(storyOf(failed)).nodes.at(-1)).toMatchObject({ name: 'ask', ended: 'failure' })
})

test('whatever a story says, it is laid out: nothing on top of each other, and, without circles, all ways lead down', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', '__proto__')
  fc.assert(
    fc.property(fc.array(fc.array(name, { maxLength: 6 }), { maxLength: 5 }), fc.boolean(), (ways, sorted) => {
      const walked = ways.map(way => (sorted ? [...new Set(way)].sort() : way))
      const label = sorted ? null : 'to'
      const tokens = walked.map(way => token(way.map((node): Went => [node, label, 'a'])))
      const { nodes, edges, layers } = pathOf(storyOf(...tokens))
      expect(new Set(nodes.map(({ layer, lane }) => `${layer} ${lane}`)).size).toBe(nodes.length)
      expect(nodes.every(({ layer }) => layer < layers)).toBe(true)
      const layerOf = new Map(nodes.map(each => [each.name, each.layer]))
      if (sorted) for (const { from, to } of edges) expect(layerOf.get(to)).toBeGreaterThan(layerOf.get(from) ?? 0)
    }),
    { numRuns: 100 },
  )
})

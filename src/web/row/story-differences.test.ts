/** Whether what is shown is what the proof says: each place that somebody could change is found, and what one of them leaves out is passed over. */
import { describe, expect, test } from 'vitest'
import type { Story as StoryJson } from '../../api/story.ts'
import { storyDifferences } from './story-differences.ts'
import { storyFrom } from './story-from-json.ts'

const PLAN = {
  run: '01a2318a-f7c6-7313-b034-9a3fb4d5e475',
  name: 'loans',
  plan_hash: '',
  file: null,
  nodes: [{ name: 'tier', kind: 'gate' as const }],
  edges: [],
  text: null,
  tunables: [],
  holds: true as const,
}
const JSON_STORY: StoryJson = {
  run: PLAN.run,
  row: 17,
  source: 'loans',
  tokens: [
    {
      token: 17,
      parents: [],
      branch: null,
      outcome: 'ROUTED',
      cause: 'gate',
      sink: 'large',
      visits: [
        {
          node: 'tier',
          kind: 'gate',
          attempt: 1,
          status: 'ok',
          input_hash: 'aa',
          output_hash: 'aa',
          data: { amount: 62_000 },
          decision: { expression: 'row.amount >= 5000', values: { amount: 62_000 }, label: 'true' },
          calls: [],
          to: 'large',
          started_us: 1,
          duration_us: 1,
        },
      ],
    },
  ],
  origin: { path: null, line: null, index: 17 },
  entries: [17],
  head: null,
  sealed: 'completed',
}
const story = (json: StoryJson) => storyFrom(json, { plan: PLAN, paths: new Map() })
/** The same with one place changed. */
function changed(change: (json: StoryJson) => void): StoryJson {
  const json = structuredClone(JSON_STORY)
  change(json)
  return json
}
const visit = (json: StoryJson) => json.tokens[0]?.visits[0] ?? expect.unreachable()

describe('differences of the story that is shown and the proven one', () => {
  test('there are none of the same', () => {
    expect(storyDifferences(story(JSON_STORY), story(JSON_STORY))).toEqual([])
  })

  test.each([
    ['its data', (json: StoryJson) => Object.assign(visit(json), { data: { amount: 9 } })],
    ['its decision', (json: StoryJson) => Object.assign(visit(json).decision ?? {}, { label: 'false' })],
    ['what its decision saw', (json: StoryJson) => Object.assign(visit(json).decision ?? {}, { values: {} })],
    ['where it went', (json: StoryJson) => Object.assign(visit(json), { to: 'small' })],
    ['commitments of its data', (json: StoryJson) => Object.assign(visit(json), { input_hash: 'bb' })],
  ])('%s', (what, change) => {
    expect(storyDifferences(story(changed(change)), story(JSON_STORY))).toEqual([`token 17, tier: ${what}`])
  })

  test('another ending, a step that was left out, another row', () => {
    const ended = changed(json => Object.assign(json.tokens[0] ?? {}, { sink: 'small' }))
    expect(storyDifferences(story(ended), story(JSON_STORY))).toEqual(['token 17: how it ended'])
    const shorter = changed(json => json.tokens[0]?.visits.pop())
    expect(storyDifferences(story(shorter), story(JSON_STORY))).toEqual([
      'token 17: the step at tier, attempt 1 is in the proof only',
    ])
    expect(storyDifferences(story(changed(json => Object.assign(json, { row: 18 }))), story(JSON_STORY))).toEqual([
      'the proof is of row 17',
    ])
  })

  test('a value that the proof withholds is no difference', () => {
    const withheld = changed(json => {
      const of = visit(json)
      delete of.data
      of.withheld = true
    })
    expect(storyDifferences(story(JSON_STORY), story(withheld))).toEqual([])
  })
})

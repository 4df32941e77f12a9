/** What is known by its text (row-form.ts, row-story.ts) is what is found of it by decoding and folding it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Topology } from '../../format/topology.ts'
import { isCanonical } from '../../model/canonical.ts'
import { fateNumber } from '../../model/outcome.ts'
import { storyOf } from './row-story.ts'
import type { Facts } from './stored-endings.ts'
import { mayHaveStood } from './times.ts'
import { Ways } from './ways.ts'

const QUARANTINED = fateNumber('QUARANTINED', 'error')
const C = `"${'ab'.repeat(32)}"`

/** A source, a transform and a sink. */
const LINEAR: Topology = {
  nodes: [
    { name: 'rows', kind: 'source', plugin: 'csv' },
    { name: 'double', kind: 'transform', plugin: 'compute' },
    { name: 'out', kind: 'sink', plugin: 'csv' },
  ],
  edges: [
    [1, 'to', 2],
    [1, 'on_invalid', 0],
    [2, 'to', 3],
    [2, 'on_error', 0],
    [3, 'on_error', 0],
  ],
}

interface Example {
  readonly topology: Topology
  readonly body: string
}

const EXAMPLES: { readonly [what: string]: Example } = {
  'a row that is changed, and written': {
    topology: LINEAR,
    body: `{"c":[${C},${C}],"e":[[17,1,3,3,0]],"n":[[17]],"o":0,"r":17,"s":[1,17,18],"t":1796054168172538,"v":[[17,1,1,0,0,1,1,0,382],[17,2,1,0,1,2,3,646,7323],[17,3,1,0,2,0,0,8216,882]],"w":1}`,
  },
  'a row whose error is discarded': {
    topology: LINEAR,
    body: `{"c":[${C},${C}],"e":[[17,${QUARANTINED},2,0,0,"DIVIDED",2]],"n":[[17]],"o":0,"r":17,"s":[1,17,18],"t":1796054168172538,"v":[[17,1,1,0,0,1,1,0,382],[17,2,1,1,1,0,4,646,7323,"DIVIDED",2]],"w":1}`,
  },
  'a row that is forked and merged': {
    topology: {
      nodes: [
        { name: 'rows', kind: 'source', plugin: 'csv' },
        { name: 'both', kind: 'fork', branches: ['twice', 'where'] },
        { name: 'twice', kind: 'transform', plugin: 'compute' },
        { name: 'where', kind: 'transform', plugin: 'compute' },
        { name: 'joined', kind: 'coalesce', branches: ['twice', 'where'], policy: 'require_all' },
        { name: 'out', kind: 'sink', plugin: 'csv' },
      ],
      edges: [
        [1, 'to', 2],
        [1, 'on_invalid', 0],
        [2, 'twice', 3],
        [2, 'where', 4],
        [3, 'to', 5],
        [3, 'on_error', 0],
        [4, 'to', 5],
        [4, 'on_error', 0],
        [5, 'to', 6],
        [5, 'on_error', 0],
        [6, 'on_error', 0],
      ],
    },
    body: `{"c":[${[C, C, C, C, C].join(',')}],"d":[[3,"forked",0],[4,"merged",5,6,7]],"e":[[5,20,2,0,3],[6,22,5,0,4],[7,22,5,0,4],[8,1,6,6,0]],"g":[[3,0,2,2],[4,2,5,2]],"h":[[6,5,4,0]],"n":[[5],[6,3,0,1,5],[7,3,1,1,5],[8,4,0,4,6,7]],"o":0,"r":2,"s":[1,2,3],"t":1796054191244623,"v":[[5,1,1,0,0,1,1,0,45],[5,2,1,0,1,0,0,112,9],[6,3,1,0,1,2,5,221,46],[6,5,1,2,2,0,0,361,30],[7,4,1,0,1,3,7,414,29],[6,5,1,0,2,4,0,361,420],[7,5,1,0,3,4,0,527,271],[8,6,1,0,4,0,0,1009,98]],"w":1}`,
  },
  'a row that is consumed in a batch': {
    topology: {
      nodes: [
        { name: 'rows', kind: 'source', plugin: 'csv' },
        { name: 'by_hundred', kind: 'aggregate', plugin: 'batch_stats' },
        { name: 'out', kind: 'sink', plugin: 'csv' },
      ],
      edges: [
        [1, 'to', 2],
        [1, 'on_invalid', 0],
        [2, 'to', 3],
        [2, 'on_error', 0],
        [3, 'on_error', 0],
      ],
    },
    body: `{"c":[${C}],"e":[[12,23,2,0,3]],"h":[[12,2,3,5,1]],"n":[[12]],"o":0,"r":2,"s":[1,2,3],"t":1796054282951702,"v":[[12,1,1,0,0,1,1,0,39],[12,2,1,2,1,0,0,53,6],[12,2,1,0,1,0,0,53,7209]],"w":1}`,
  },
}

const story = (body: string, ways: Ways) => {
  const facts = JSON.parse(body) as Facts
  const entry = { seq: 1, row: facts.r as number, batch: null, body }
  return storyOf(entry, facts, ways)
}

describe.each(Object.entries(EXAMPLES))('%s', (_, { topology, body }) => {
  const ways = new Ways(topology)
  const known = story(body, ways)
  const behind = body.indexOf('"]') + 2

  test('has a story, and its own form', () => {
    expect(known?.form.read(body)).not.toBeNull()
    expect(known?.counts.ended).toBeGreaterThan(0)
  })

  /** Another number for one of the text, or all of a kind moved together. */
  const edits = fc.array(
    fc.oneof(
      fc.record({
        at: fc.nat(),
        by: fc.constantFrom('0', '1', '2', '3', '7', '17', '018', '9007199254740993', '-1', '1.5'),
      }),
      fc.record({ at: fc.nat(), by: fc.nat({ max: 1_500_000 }).map(String) }),
      fc.record({ move: fc.constantFrom(/(?<=\[\[?)(\d+)(?=[\],])/g), by: fc.integer({ min: -8, max: 1_000_000 }) }),
    ),
    { minLength: 1, maxLength: 3 },
  )

  test('ROW-FORM-1, ROW-FORM-2: another text of the form is canonical, and has the same story', () => {
    let fitted = 0
    fc.assert(
      fc.property(edits, some => {
        let text = body.slice(behind)
        for (const edit of some) {
          const standing = [...text.matchAll(/\d+/g)]
          if ('move' in edit) text = text.replace(edit.move, each => `${Math.max(0, Number(each) + edit.by)}`)
          else {
            const found = standing[edit.at % standing.length]
            if (found === undefined) return
            text = text.slice(0, found.index) + edit.by + text.slice(found.index + found[0].length)
          }
        }
        const edited = body.slice(0, behind) + text
        const numbers = known?.form.read(edited) ?? null
        if (known === null || numbers === null) return
        fitted++
        const value = JSON.parse(edited) as Facts
        expect(isCanonical(value, edited)).toBe(true)
        // A visit that lasts long may have one in which the clock stood still: that is no whole row (whole-rows.ts).
        if (known.visits.some(({ duration }) => mayHaveStood({ stood_us: 0, duration_us: numbers[duration] ?? 0 })))
          return
        const { form: _form, ...other } = story(edited, ways) ?? { form: null }
        const { form: _own, ...same } = known
        expect(other).toEqual(same)
      }),
      { numRuns: 3000 },
    )
    expect(fitted).toBeGreaterThan(50)
  })

  test('tokens and groups may have other numbers, if they lie as far apart', () => {
    const moved = (keys: string, by: number) =>
      body.slice(0, behind) +
      body
        .slice(behind)
        .replace(new RegExp(`(?<="(?:${keys})":)\\[\\[.*?\\]\\]`, 'g'), lists =>
          lists.replace(/(?<=\[)\d+/g, each => `${Number(each) + by}`),
        )
    const alone = moved('v', 1)
    expect(known?.form.read(alone)).toBeNull()
    if (!body.includes('"g"')) expect(known?.form.read(moved('[ehnv]', 1))).not.toBeNull()
  })
})

/** Completeness records of a run with splits: who checks them says the same, of honest ones and of those that somebody has changed, with the key and without. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CheckedReader } from '../src/read/evidence/checked-reader.ts'
import type { Disclosure } from '../src/read/prove/disclosure.ts'
import { recordOf } from '../src/read/prove/record.ts'
import { eraseValues, recordErasure } from './support/erasing.ts'
import type { Body, Forger } from './support/forger.ts'
import { LONG, sampled } from './support/form.ts'
import { madeRecord } from './support/made-evidence.ts'
import { insert, type Left, rebuildSplits, remove, seqsOf, splitForger } from './support/split-ledger.ts'
import { threeCheckers } from './support/three-checkers.ts'

/** Logs of the run: its coordinator's, and those of the splits that what is done is done to. */
const [COORDINATOR, FIRST, SECOND] = [1, 2, 3]
const PARTS = [1, 2, 3]
const OTHER_ROOT = 'ab'.repeat(32)

let forger: Forger
let checkers: Awaited<ReturnType<typeof threeCheckers>>
beforeAll(async () => {
  forger = await splitForger()
  checkers = await threeCheckers(forger.signer.verifier_key)
})
afterAll(() => forger.close())

async function recorded(from = forger, disclose: readonly Disclosure[] = []): Promise<string> {
  const run = `${from.all('SELECT run FROM logs WHERE log = 1')[0]?.run}`
  const reader = new CheckedReader(from.reader, { remembered: null })
  let text = ''
  for await (const piece of (await recordOf(reader, from.reader, { run, log: COORDINATOR }, disclose)).pieces)
    text += piece
  return text
}

test('honest ones hold, with all that the whole run came to', async () => {
  const copy = forger.copy()
  copy.change(() => {
    eraseValues(copy.db, SECOND, [1])
    recordErasure(copy.db, copy.signer, SECOND, [[1, 1]])
  })
  const texts = [
    await recorded(),
    await recorded(forger, [{ of: 'plan' }, { of: 'output', name: 'small' }]),
    await recorded(copy),
  ]
  copy.close()
  const judged = await checkers.judge(texts, 'record')
  expect(judged.map(each => [each.verdict, each.problems])).toEqual(texts.map(() => ['holds', []]))
  expect(madeRecord(forger, COORDINATOR, PARTS)).toBe(texts[0])
  const [{ proven = [] } = {}] = judged
  expect(proven.slice(1)).toEqual([
    expect.stringMatching(
      /^run .* of cut is one of ledger .*, and was sealed as completed_with_failures with 131 entries: these are all that it has$/,
    ),
    'it has 3 splits, each of which is here and was closed with all that it was cut to, and they add up to it',
    expect.stringMatching(/^the plan, and the code/),
    '90 records of orders were read, to its end; each has a row',
    '7 records of extra were read, to its end; each has a row',
    'of the 97 rows, 90 went into the pipeline and 7 were rejected; each has one story, and no other',
    expect.stringMatching(/^201 tokens came into being, and each has exactly one ending: /),
    expect.stringMatching(/^72 forks, expansions, merges, batches and joins add up/),
    expect.stringMatching(/^small published 58 rows/),
    expect.stringMatching(/^totals published 8 rows/),
    expect.stringMatching(/^problems published 7 rows/),
  ])
  const withheld = judged.map(each => each.withheld)
  expect(withheld[0]).toBeGreaterThan(100)
  // The plan, and what the sink wrote; the values of the entry that was erased.
  expect([withheld[1], withheld[2]]).toEqual([(withheld[0] ?? 0) - 2, (withheld[0] ?? 0) - 1])
})

test('what lacks lines, or has its splits in another number, can’t be read', async () => {
  const lines = (await recorded()).split('\n')
  const texts = [
    lines.toSpliced(-3, 1).join('\n'),
    [...lines.slice(0, -1), lines.at(-2), ''].join('\n'),
    ...['[]', '[45,49]', '[45,49,28,5]', '[0,49,28]', '{}'].map(sizes =>
      lines.join('\n').replace(/"splits":\[[\d,]*\]\}/, `"splits":${sizes}}`),
    ),
  ]
  const judged = await checkers.judge(texts, 'record', 2)
  expect(judged.map(({ verdict }) => verdict)).toEqual(texts.map(() => 'unreadable'))
})

type Case = [what: string, found: RegExp, change: (parts: readonly string[][], header: Body) => readonly string[][]]

/** What somebody without the key can do to the lines: those of log 0, of the coordinator, and of each split. */
const EDITS: Case[] = [
  ['a split is left out', /^run: log 0 says that it has 3 splits, and the record has 2$/, logs => logs.slice(0, -1)],
  ['a split is there twice', /^entries: split 2: entry 0 begins split 1 of run/, logs => logs.with(3, logs[2] ?? [])],
  [
    'one more is there',
    /^run: log 0 says that it has 3 splits, and the record has 4$/,
    logs => [...logs, logs[4] ?? []],
  ],
  [
    'two are swapped',
    /^entries: split 1: entry 0 begins split 2 of run/,
    ([a = [], b = [], c = [], d = [], e = []]) => [a, b, d, c, e],
  ],
  ['none is there', /^run: log 0 says that it has 3 splits, and the record has 0$/, logs => logs.slice(0, 2)],
  [
    'a split is another one’s end',
    /^splits: split 2: its last entry says that 27 come before it, and 48 do$/,
    logs => logs.with(3, [...(logs[3] ?? []).slice(0, -1), logs[4]?.at(-1) ?? '']),
  ],
  [
    'a row’s entry is another',
    /^splits: split 2: its last entry has another root than the entries before it give$/,
    logs => logs.with(3, (logs[3] ?? []).with(1, `${logs[3]?.[1]}`.replace('"t":1', '"t":2'))),
  ],
  [
    'a split is cut off',
    /^seal: entry 6 seals other splits than there are$/,
    logs => logs.with(4, (logs[4] ?? []).slice(0, -1)),
  ],
]

/** Puts together what was changed, with a header that says how many lines there are. */
function joined(logs: readonly string[][], first: string): string {
  const header = JSON.parse(first) as { run: { entries: number; splits?: number[] } }
  const [, own = [], ...splits] = logs
  header.run.entries = own.length
  if (splits.length === 0) delete header.run.splits
  else header.run.splits = splits.map(each => each.length)
  return `${[JSON.stringify(header), ...logs.flat()].join('\n')}\n`
}

test('whoever changes one without the key makes one that doesn’t hold', async () => {
  const [first = '', ...lines] = (await recorded()).slice(0, -1).split('\n')
  const header = JSON.parse(first) as { ledger_entries: number; run: { entries: number; splits: number[] } }
  const sizes = [header.ledger_entries, header.run.entries, ...header.run.splits]
  const logs = sizes.map(size => lines.splice(0, size))
  expect(joined(logs, first)).toBe(await recorded())
  const texts = EDITS.map(([, , change]) => joined(change(logs, {}), first))
  await mustFind(texts, EDITS)
})

async function mustFind(texts: readonly string[], cases: ReadonlyArray<readonly [string, RegExp, ...unknown[]]>) {
  const judged = await checkers.judge(texts, 'record', LONG ? texts.length : 4)
  for (const [i, [what, found]] of cases.entries())
    expect({ what, ...judged[i] }).toEqual({
      ...{ what, verdict: 'does not hold', proven: [], withheld: expect.anything() },
      problems: expect.arrayContaining([expect.stringMatching(found)]),
    })
}

function edit(log: number, seq: number, change: (body: Body) => object): void {
  const body = forger.body(log, seq)
  forger.put(log, seq, { ...body, ...change(body) } as Body)
}
const last = (log: number) => forger.treeOf(log).size - 1
const heads = () => seqsOf(forger, COORDINATOR, 'parts')[0] ?? 0
const ofSeal = (key: 'parts' | 'totals', change: object) => () =>
  edit(COORDINATOR, last(COORDINATOR), body => ({ [key]: { ...(body[key] as object), ...change } }))
const ofRange = (at: number, change: object) => () =>
  edit(COORDINATOR, 1, ({ ranges }) => ({
    ranges: (ranges as Body[]).map((each, i) => (i === at ? { ...each, ...change } : each)),
  }))
const ofHead = (at: number, change: object) => () =>
  edit(COORDINATOR, heads(), body => ({
    heads: (body.heads as Body[]).map((each, i) => (i === at ? { ...each, ...change } : each)),
  }))

type Forged = [what: string, found: RegExp, tamper: () => void, ...left: Left[]]

/** The first split stops behind its first commit, and says that the rest wasn’t to be read. */
function readLess(): void {
  const log = FIRST
  const commits = seqsOf(forger, log, 'commit')
  const t = forger.body(log, commits.at(-1) ?? 0).t ?? 0
  const [first = 0] = commits
  for (let seq = last(log) - 1; seq > first; seq--) remove(forger, log, seq)
  const { totals, cursors, ...commit } = forger.body(log, first)
  const done: Body[] = (cursors as Body[]).map(each => ({ ...each, done: true }))
  insert(forger, log, first + 1, { k: 'resume', epoch: 2, cut: [1], t, z: '00'.repeat(16) })
  const { c: _, w: __, line: ___, ...again } = commit
  const receipts = (commit.receipts as Body[]).map(({ hash: _hash, state: _state, ...each }) => each)
  insert(forger, log, first + 2, {
    ...again,
    ...{ commit: 2, cursors: done.map(({ hash: _hash, position: _position, ...each }) => each), receipts },
    ...{ totals: totals ?? {}, t, z: '00'.repeat(16) },
  })
  edit(log, last(log), () => ({ totals }))
}

const FORGED: Forged[] = [
  [
    'a split says that it was to read less',
    /^seal: entry 6 seals the run, and its splits have not read all that they were cut to$/,
    readLess,
  ],
  [
    'the seal has another root of splits',
    /^seal: entry 6 seals other splits than there are$/,
    ofSeal('parts', { root: OTHER_ROOT }),
    'parts',
  ],
  [
    'the seal has another number of splits',
    /^seal: entry 6 seals other splits than there are$/,
    ofSeal('parts', { size: 4 }),
    'parts',
  ],
  [
    'the seal has no splits',
    /^seal: entry 6 seals other splits/,
    () => {
      const { parts: _, ...seal } = forger.body(COORDINATOR, last(COORDINATOR))
      forger.put(COORDINATOR, last(COORDINATOR), seal)
    },
    'parts',
  ],
  [
    'totals of the seal are others',
    /^totals: entry 6: it says 1 groups, and there are 72$/,
    ofSeal('totals', { groups: 1 }),
  ],
  [
    'the opening has another number of splits',
    /^entries: entry 0 says that the run has 2 splits, and log 0 says 3$/,
    () => edit(COORDINATOR, 0, () => ({ splits: 2 })),
  ],
  [
    'a close names another root',
    /^splits: split 2: its last entry has another root than/,
    () => edit(SECOND, last(SECOND), () => ({ root: OTHER_ROOT })),
    'close',
  ],
  [
    'a close names another size',
    /^splits: split 2: its last entry says that 47 come before it/,
    () => edit(SECOND, last(SECOND), () => ({ size: 47 })),
    'close',
  ],
  [
    'totals of a close are others',
    /^totals: split 2: entry 48: it says 1 groups, and there are 45$/,
    () => edit(SECOND, last(SECOND), ({ totals }) => ({ totals: { ...(totals as object), groups: 1 } })),
  ],
  [
    'a split is closed twice',
    /^seal: split 2: entry 49 follows the seal$/,
    () => insert(forger, SECOND, last(SECOND) + 1, forger.body(SECOND, last(SECOND))),
  ],
  [
    'a split is begun twice',
    /^entries: split 1: entry 12 begins the split once more$/,
    () => insert(forger, FIRST, 12, forger.body(FIRST, 0)),
  ],
  [
    'a split is closed where no commit ended',
    /^splits: split 2: no commit ended before its last entry$/,
    () => [1, 2].map(() => remove(forger, SECOND, last(SECOND) - 1)),
  ],
  [
    'a split lacks its last entries',
    /^splits: split 2: the run had 49 entries at entry 3 of its/,
    () => [1, 2, 3].map(() => remove(forger, SECOND, last(SECOND))),
  ],
  [
    'an ending is another',
    /^tokens: split 2: entry 1 \(row 1\): token 1: /,
    () => edit(SECOND, 1, () => ({ e: [[1, 3, 3, 8, 0]] })),
  ],
  [
    'a cut has a gap',
    /^splits: the range of node 1 in split 2 begins behind 41 records, and 40 come before it$/,
    ofRange(1, { before: 41 }),
  ],
  [
    'a cut has other records',
    /^seal: split 3: entry 27: of orders 13 records in 131 bytes were read, and it was cut to 14 in 131$/,
    ofRange(2, { records: 14 }),
  ],
  [
    'a cut has other bytes',
    /^seal: split 3: entry 27: of orders 13 records in 131 bytes were read, and it was cut to 13 in 130$/,
    ofRange(2, { bytes: 130 }),
  ],
  [
    'a cut has its splits in another order',
    /^splits: the ranges of node 1 are not in order of splits$/,
    ofRange(1, { part: 1 }),
  ],
  ['a source is cut twice', /^splits: node 1 was cut twice$/, () => edit(COORDINATOR, 2, () => ({ source: 1 }))],
  [
    'a source was cut to other splits',
    /^seal: split 3: entry 27: extra was read, and was to be read in other splits$/,
    () => edit(COORDINATOR, 2, () => ({ ranges: [] })),
  ],
  [
    'the coordinator says of a split another root',
    /^splits: split 1: the first 23 entries aren’t those that entry 3 of its/,
    ofHead(0, { root: OTHER_ROOT }),
    'heads',
  ],
  [
    'the coordinator says of a split another size',
    /^splits: split 1: entry 3 of its coordinator’s log names 22 entries/,
    ofHead(0, { size: 22 }),
  ],
  [
    'the coordinator tells of a split that isn’t there',
    /^splits: entry 3 tells of split 4, and there is none$/,
    ofHead(2, { part: 4 }),
    'heads',
  ],
  [
    'the coordinator’s log has a row',
    /^entries: entry 2 is none that such a log can have$/,
    () => insert(forger, COORDINATOR, 2, { ...forger.body(FIRST, 1), r: 98, s: [1, 91, 92] }),
  ],
  [
    'a split has what only a coordinator has',
    /^entries: split 1: entry 12 is none that such a log can have$/,
    () => insert(forger, FIRST, 12, { ...forger.body(COORDINATOR, heads()), t: forger.body(FIRST, 11).t ?? 0 }),
  ],
  [
    'a split is of another opening',
    /^entries: split 1: entry 0 names another entry 0 of its run$/,
    () => edit(FIRST, 0, () => ({ opening: OTHER_ROOT })),
  ],
  [
    'a split was begun before its run',
    /^splits: split 1: entry 0 tells of a time before the run was opened$/,
    () => edit(FIRST, 0, () => ({ t: 1 })),
  ],
]

describe('the holder of the key', () => {
  test('makes none that holds of what can’t be', async () => {
    const texts: string[] = []
    const forged = sampled(FORGED, 2)
    for (const [, , tamper, ...left] of forged)
      await forger.within(
        () => {
          tamper()
          rebuildSplits(forger, ...left)
        },
        async () => texts.push(madeRecord(forger, COORDINATOR, PARTS)),
      )
    await mustFind(texts, forged)
  })
})

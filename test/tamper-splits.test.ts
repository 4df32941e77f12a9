/** What the holder of the key could do to the logs of a run with splits, making anew all that follows, and what `verify` says of it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { idOf } from '../src/model/part-ids.ts'
import type { Json } from '../src/model/row.ts'
import { CheckedReader } from '../src/read/evidence/checked-reader.ts'
import { JoinedReader } from '../src/read/evidence/joined-reader.ts'
import { explainRow } from '../src/read/explain/explain.ts'
import { askPython, NO_PYTHON, pythonFolder } from './python/python.ts'
import type { Body, Forger } from './support/forger.ts'
import { sampled } from './support/form.ts'
import { insert, type Left, rebuildSplits, remove, seqsOf, splitForger } from './support/split-ledger.ts'

/** Of its coordinator, and of the splits that what is done is done to. */
const [COORDINATOR, FIRST, SECOND] = [1, 2, 3]
const TABLES = ['entries', 'payloads', 'endings', 'tiles', 'heads'] as const
const OTHER_ROOT = 'ab'.repeat(32)

let forger: Forger
beforeAll(async () => {
  forger = await splitForger()
})
afterAll(() => forger.close())

const last = (log: number) => forger.treeOf(log).size - 1
const heads = () => seqsOf(forger, COORDINATOR, 'parts')[0] ?? 0

function edit(log: number, seq: number, change: (body: Body) => object): void {
  const body = forger.body(log, seq)
  forger.put(log, seq, { ...body, ...change(body) } as Body)
}

/** One of the elements of a list is another. */
const withOne = (list: Json | undefined, at: number, change: object): Json =>
  (list as Body[]).map((each, i) => (i === at ? ({ ...each, ...change } as Body) : each))

function swap(): void {
  for (const table of TABLES)
    for (const [from, to] of [
      [FIRST, 99],
      [SECOND, FIRST],
      [99, SECOND],
    ])
      forger.db.exec(`UPDATE ${table} SET log = ${to} WHERE log = ${from}`)
}

/** The last row of the first commit of the first split becomes the next one of the second. */
function moveRow(): void {
  const [commit = 0] = seqsOf(forger, FIRST, 'commit')
  const [, end = 0] = seqsOf(forger, SECOND, 'commit').slice(-2)
  const body = forger.body(FIRST, commit - 1)
  const { n } = forger.all('SELECT max(row) AS n FROM entries WHERE log = ?', SECOND)[0] ?? {}
  remove(forger, FIRST, commit - 1)
  insert(forger, SECOND, end - 1, { ...body, r: Number(n) + 1 })
}

/** The second one's log holds what the first one's does. */
function twice(): void {
  for (const table of ['entries', 'payloads', 'endings']) {
    const columns = Object.keys(forger.all(`SELECT * FROM ${table} LIMIT 1`)[0] ?? {}).filter(each => each !== 'log')
    forger.run(`DELETE FROM ${table} WHERE log = ?`, SECOND)
    forger.run(
      `INSERT INTO ${table} (log, ${columns.join()}) SELECT ${SECOND}, ${columns.join()} FROM ${table} WHERE log = ?`,
      FIRST,
    )
  }
}

function removeLast(count: number, from = last(SECOND)): void {
  for (let i = 0; i < count; i++) remove(forger, SECOND, from - i)
}

type Case = [what: string, tamper: () => void, found: RegExp, ...left: Left[]]

const CUT_OFF = /^splits: split 2: the run had 49 entries at entry 3 of its coordinator’s log, and has 4\d: some were/

const CASES: Case[] = [
  ['a split’s log is truncated', () => removeLast(4), CUT_OFF],
  ['it lacks its close alone', () => removeLast(1), /^seal: entry 6 seals other splits than there are$/],
  ['it is closed without the last entries', () => removeLast(3, last(SECOND) - 1), CUT_OFF],
  ['it is closed where no commit ended', () => removeLast(2, last(SECOND) - 1), /split 2: no commit ended before its/],
  [
    'a split is gone',
    () => void TABLES.map(each => forger.db.exec(`DELETE FROM ${each} WHERE log = 3`)),
    /^splits: the run is sealed, and not all of its splits were begun$/,
  ],
  ['one is there twice', twice, /^entries: split 2: entry 0 begins split 1 of run .*, and is in the log of split 2$/],
  ['two are swapped', swap, /^entries: split 1: entry 0 begins split 2 of run .*, and is in the log of split 1$/],
  [
    'two are swapped, and say so',
    () => {
      swap()
      for (const log of [FIRST, SECOND]) edit(log, 0, () => ({ part: log - 1 }))
    },
    /^entries: split 1: entry 1 \(row 1\): it is record 41 of orders, where 1 comes next$/,
  ],
  [
    'an ending is another',
    () => edit(SECOND, 1, () => ({ e: [[1, 3, 3, 8, 0]] })),
    /^tokens: split 2: entry 1 \(row 1\): token 1: its ending ROUTED \/ error has no error$/,
  ],
  [
    'a row is moved to another split',
    moveRow,
    /^entries: split 2: entry 46 \(row 38\): it is record 10 of orders, where 78 comes next$/,
  ],
  [
    'a split is closed twice',
    () => insert(forger, SECOND, last(SECOND) + 1, forger.body(SECOND, last(SECOND))),
    /^seal: split 2: entry 49 follows the seal$/,
  ],
  [
    'a split is begun twice',
    () => insert(forger, FIRST, 12, forger.body(FIRST, 0)),
    /^entries: split 1: entry 12 begins the split once more$/,
  ],
  [
    'a close names another root, which the coordinator never said',
    () => edit(FIRST, last(FIRST), () => ({ root: OTHER_ROOT })),
    /^splits: split 1: its last entry has another root than the entries before it give$/,
    'close',
  ],
  [
    'a close names another root, and the coordinator has that of its whole log',
    () => edit(SECOND, last(SECOND), () => ({ root: OTHER_ROOT })),
    /^splits: split 2: its last entry has another root than the entries before it give$/,
    'close',
  ],
  [
    'a close names another size',
    () => edit(SECOND, last(SECOND), ({ size }) => ({ size: Number(size) - 1 })),
    /^splits: split 2: its last entry says that 47 come before it, and 48 do$/,
    'close',
  ],
  [
    'totals of a close are others',
    () => edit(SECOND, last(SECOND), ({ totals }) => ({ totals: { ...(totals as object), groups: 1 } })),
    /^totals: split 2: entry 48: it says 1 groups, and there are 45$/,
  ],
  [
    'totals of the seal are others',
    () => edit(COORDINATOR, last(COORDINATOR), ({ totals }) => ({ totals: { ...(totals as object), groups: 1 } })),
    /^totals: entry 6: it says 1 groups, and there are 72$/,
  ],
  [
    'the seal has another root of splits',
    () => edit(COORDINATOR, last(COORDINATOR), ({ parts }) => ({ parts: { ...(parts as object), root: OTHER_ROOT } })),
    /^seal: entry 6 seals other splits than there are$/,
    'parts',
  ],
  [
    'the seal has another number of splits',
    () => edit(COORDINATOR, last(COORDINATOR), ({ parts }) => ({ parts: { ...(parts as object), size: 2 } })),
    /^seal: entry 6 seals other splits than there are$/,
    'parts',
  ],
  [
    'the opening has another number of splits',
    () => edit(COORDINATOR, 0, () => ({ splits: 2 })),
    /^entries: entry 0 says that the run has 2 splits, and log 0 says 3$/,
  ],
  [
    'the coordinator says of a split another root',
    () => edit(COORDINATOR, heads(), body => ({ heads: withOne(body.heads, 0, { root: OTHER_ROOT }) })),
    /^splits: split 1: the first 23 entries aren’t those that entry 3 of its coordinator’s log has$/,
    'heads',
  ],
  [
    'the coordinator says of a split another size',
    () => edit(COORDINATOR, heads(), body => ({ heads: withOne(body.heads, 0, { size: 22 }) })),
    /^splits: split 1: entry 3 of its coordinator’s log names 22 entries, and no commit ended there$/,
  ],
  [
    'the coordinator says of a split fewer entries than before',
    () =>
      insert(forger, COORDINATOR, heads() + 1, {
        ...forger.body(COORDINATOR, heads()),
        heads: [{ part: 1, size: 12, root: OTHER_ROOT }],
      }),
    /^splits: entry 4 says that split 1 has 12 entries, and it had as many before$/,
  ],
  [
    'the coordinator tells of a split that isn’t there',
    () => edit(COORDINATOR, heads(), body => ({ heads: withOne(body.heads, 2, { part: 4 }) })),
    /^splits: entry 3 tells of split 4, and there is none$/,
    'heads',
  ],
  [
    'a cut has a gap',
    () => edit(COORDINATOR, 1, body => ({ ranges: withOne(body.ranges, 1, { before: 41 }) })),
    /^splits: the range of node 1 in split 2 begins behind 41 records, and 40 come before it$/,
  ],
  [
    'a cut gives a split more than it read',
    () => edit(COORDINATOR, 1, body => ({ ranges: withOne(body.ranges, 2, { records: 14 }) })),
    /^seal: split 3: entry 27: of orders 13 records in 131 bytes were read, and it was cut to 14 in 131$/,
  ],
  [
    'a cut has its splits in another order',
    () => edit(COORDINATOR, 1, body => ({ ranges: withOne(body.ranges, 1, { part: 1 }) })),
    /^splits: the ranges of node 1 are not in order of splits$/,
  ],
  ['a source is cut twice', () => edit(COORDINATOR, 2, () => ({ source: 1 })), /^splits: node 1 was cut twice$/],
  [
    'the coordinator’s log has a row',
    () => insert(forger, COORDINATOR, 2, { ...forger.body(FIRST, 1), r: 98, s: [1, 91, 92] }),
    /^entries: entry 2 is none that such a log can have$/,
  ],
  [
    'a split was begun before its run',
    () => edit(FIRST, 0, () => ({ t: 1 })),
    /^splits: split 1: entry 0 tells of a time before the run was opened$/,
  ],
]

const HONEST: Case = ['nothing', () => undefined, /^$/]

test('nothing is found where nothing was done', async () => {
  expect(await forger.problems(() => undefined)).toEqual([])
  expect(await forger.problems(() => rebuildSplits(forger))).toEqual([])
})

test.skipIf(NO_PYTHON !== null)('the verifier in Python finds it, too', () => {
  const { folder, keys } = pythonFolder(forger.signer.verifier_key)
  const files: string[] = []
  for (const [i, [, tamper, , ...left]] of [HONEST, ...sampled(CASES, 3)].entries()) {
    const copy = forger.copy()
    const original = forger
    forger = copy
    copy.change(() => {
      tamper()
      rebuildSplits(copy, ...left)
    })
    forger = original
    const file = join(folder, `${i}.db`)
    writeFileSync(file, copy.bytes())
    copy.close()
    files.push(file)
  }
  const [honest, ...others] = askPython(files, keys)
  expect(honest).toMatchObject({ ok: true })
  expect(others.map(each => each.ok)).toEqual(others.map(() => false))
})

describe('the holder of the key makes all anew, and it is found', () => {
  test.each<Case>(CASES)('%s', async (_what, tamper, found, ...left) => {
    const problems = await forger.problems(() => {
      tamper()
      rebuildSplits(forger, ...left)
    })
    expect(problems).toContainEqual(expect.stringMatching(found))
  })
})

test('without the key nothing can be changed in a split', async () => {
  const problems = await forger.problems(() => edit(SECOND, 1, () => ({ t: 5 })))
  expect(problems).toContainEqual(
    expect.stringMatching(/^checkpoint: split 2: the 49 stored entries give root .*, and .* was signed/),
  )
})

describe('who shows a row of a split gives nothing that its coordinator doesn’t have', () => {
  const shown = () =>
    explainRow(new JoinedReader(new CheckedReader(forger.reader, { remembered: null })), 1, idOf(2, 3))

  test('it is shown as it was', async () => {
    expect((await shown()).subject).toMatchObject({ row: idOf(2, 3), source: 'orders' })
  })

  test.each<[string, () => void, RegExp, ...Left[]]>([
    [
      'an entry was changed',
      () => edit(SECOND, 3, ({ t }) => ({ t: Number(t) + 1 })),
      /don’t end as its seal says/,
      'parts',
    ],
    [
      'the close names another root',
      () => edit(SECOND, last(SECOND), () => ({ root: OTHER_ROOT })),
      /split 2/,
      'close',
    ],
    ['it is truncated', () => removeLast(4), /doesn’t end with an entry that closes it/],
    ['two are swapped', swap, /begins with another run|isn’t there|doesn't say/],
    [
      'it begins another run',
      () => edit(SECOND, 0, () => ({ opening: OTHER_ROOT })),
      /begins with another run than its coordinator’s/,
    ],
  ])('%s', async (_what, tamper, found, ...left) => {
    const problems = await forger.within(
      () => {
        tamper()
        rebuildSplits(forger, ...left)
      },
      () =>
        shown().then(
          () => '',
          (error: Error) => error.message,
        ),
    )
    expect(problems).toMatch(found)
  })
})

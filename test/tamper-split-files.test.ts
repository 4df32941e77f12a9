/** What the holder of the key could do to the files that splits read, making anew all that follows, and what all who check say of it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Json } from '../src/model/row.ts'
import { askPython, NO_PYTHON, pythonFolder } from './python/python.ts'
import type { Body, Forger } from './support/forger.ts'
import { sampled } from './support/form.ts'
import { madeRecord } from './support/made-evidence.ts'
import { insert, rebuildSplits, remove, seqsOf, splitForger } from './support/split-ledger.ts'
import { threeCheckers } from './support/three-checkers.ts'

const [COORDINATOR, FIRST, SECOND, THIRD] = [1, 2, 3, 4]

let forger: Forger
let checkers: Awaited<ReturnType<typeof threeCheckers>>
beforeAll(async () => {
  forger = await splitForger(true)
  checkers = await threeCheckers(forger.signer.verifier_key)
})
afterAll(() => forger.close())

/** The n-th file that a split reads, from 0: the first ends file 1 and begins 2; the second ends 2 and 3, and begins 4, which the third ends. */
const seqOf = (log: number, nth: number) => seqsOf(forger, log, 'file')[nth] ?? 0

function edit(log: number, seq: number, change: (body: Body) => object): void {
  const body = forger.body(log, seq)
  forger.put(log, seq, { ...body, ...change(body) } as Body)
}

const ofFile = (log: number, nth: number, change: object) => () => edit(log, seqOf(log, nth), () => change)
const ofRange = (nth: number, change: object) => () =>
  edit(COORDINATOR, 1, ({ ranges }) => ({
    ranges: (ranges as Body[]).map((each, i): Json => (i === nth ? ({ ...each, ...change } as Body) : each)),
  }))

const CASES: [what: string, found: RegExp, tamper: () => void][] = [
  [
    'a file is left out',
    /^entries: split 2: entry \d+ is of file 3 of orders, where 2 of 4 comes next$/,
    () => remove(forger, SECOND, seqOf(SECOND, 0)),
  ],
  [
    'the beginning of a file is left out',
    /^totals: split 2: entry \d+ closes the split, and the files of orders have 5 records, and 36 were read of it$/,
    () => remove(forger, SECOND, seqOf(SECOND, 2)),
  ],
  [
    'the rest of a file is left out',
    /^totals: split 3: entry \d+ closes the split, and of orders 0 files were read to the end, and 1 should have been$/,
    () => remove(forger, THIRD, seqOf(THIRD, 0)),
  ],
  [
    'a file is there twice',
    /^entries: split 3: entry \d+ is of file 4 of orders, where 5 of 4 comes next$/,
    () => insert(forger, THIRD, seqOf(THIRD, 0) + 1, forger.body(THIRD, seqOf(THIRD, 0))),
  ],
  [
    'a file is another',
    /^entries: split 3: entry \d+ is of file 3 of orders, where 4 of 4 comes next$/,
    ofFile(THIRD, 0, { file: 3 }),
  ],
  [
    'a file begins elsewhere',
    /^totals: split 2: entry \d+: it says that its file begins with record 47 of orders, and 46 comes next$/,
    ofFile(SECOND, 2, { from: 47 }),
  ],
  [
    'the rest of a file begins as the source does',
    /^totals: split 3: entry \d+: it says that its file begins with record 1 of orders, and 77 comes next$/,
    ofFile(THIRD, 0, { from: 1 }),
  ],
  [
    'a file has other records',
    /^totals: split 3: entry \d+ closes the split, and the files of orders have 13 records, and 14 were read of it$/,
    ofFile(THIRD, 0, { records: 13 }),
  ],
  [
    'a file ends before its rest',
    /^totals: split 2: entry \d+ closes the split, and of orders 3 files were read to the end, and 2 should have been$/,
    ofFile(SECOND, 2, { done: true }),
  ],
  [
    'a file never ends',
    /^totals: split 3: entry \d+ closes the split, and of orders 0 files were read to the end, and 1 should have been$/,
    ofFile(THIRD, 0, { done: false }),
  ],
  [
    'another follows one that never ends',
    /^entries: split 2: entry \d+: orders continues after a file that was not read to its end$/,
    ofFile(SECOND, 0, { done: false, bytes: 1 }),
  ],
  [
    'the coordinator has a file',
    /^entries: entry 2 is none that such a log can have$/,
    () =>
      insert(forger, COORDINATOR, 2, { ...forger.body(FIRST, seqOf(FIRST, 0)), t: forger.body(COORDINATOR, 1).t ?? 0 }),
  ],
  [
    'it is of a source that has no list',
    /^entries: split 3: entry \d+ is of a file of extra, which has no list of files$/,
    ofFile(THIRD, 0, { source: 2 }),
  ],
  [
    'fewer files end in a range',
    /^entries: split 2: entry \d+ is of file 2 of orders, where 1 of 4 comes next$/,
    ofRange(0, { files: 0 }),
  ],
  [
    'more files end in ranges than there are',
    /^splits: more files of node 1 end in ranges than are on its list$/,
    ofRange(2, { files: 2 }),
  ],
  [
    'a range doesn’t say how many files end in it',
    /^splits: the ranges of node 1 don’t say how many files end in them, or it has no list$/,
    () =>
      edit(COORDINATOR, 1, ({ ranges }) => ({
        ranges: (ranges as Body[]).map(({ files: _, ...each }) => each),
      })),
  ],
  [
    'the list is shorter',
    /^entries: split 2: entry \d+ is of file 4 of orders, where 4 of 3 comes next$/,
    () => edit(COORDINATOR, 0, () => ({ files: [{ source: 1, count: 3 }] })),
  ],
]

test('nothing is found where nothing was done', async () => {
  expect(await forger.problems(() => rebuildSplits(forger))).toEqual([])
  const [judged] = await checkers.judge([madeRecord(forger, COORDINATOR, [1, 2, 3])], 'record')
  expect(judged).toMatchObject({ verdict: 'holds', problems: [] })
})

test.each(sampled(CASES, 2))('%s', async (_what, found, tamper) => {
  const problems = await forger.problems(() => {
    tamper()
    rebuildSplits(forger)
  })
  expect(problems).toContainEqual(expect.stringMatching(found))
})

test('a record of it doesn’t hold for anybody who checks it', { tags: ['proof'] }, async () => {
  const cases = sampled(CASES, 4)
  const texts: string[] = []
  for (const [, , tamper] of cases)
    await forger.within(
      () => {
        tamper()
        rebuildSplits(forger)
      },
      async () => texts.push(madeRecord(forger, COORDINATOR, [1, 2, 3])),
    )
  for (const [i, { verdict, problems }] of (await checkers.judge(texts, 'record')).entries()) {
    expect(verdict).toBe('does not hold')
    expect(problems).toContainEqual(expect.stringMatching(cases[i]?.[1] ?? ''))
  }
})

test.skipIf(NO_PYTHON !== null)('the verifier in Python finds it in the ledger, too', { tags: ['proof'] }, () => {
  const { folder, keys } = pythonFolder(forger.signer.verifier_key)
  const files: string[] = []
  for (const [i, tamper] of [() => undefined, ...sampled(CASES, 4).map(([, , each]) => each)].entries()) {
    const [original, copy] = [forger, forger.copy()]
    forger = copy
    copy.change(() => {
      tamper()
      rebuildSplits(copy)
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

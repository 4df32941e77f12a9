/**
 * What the holder of the key could do to what was dealt to splits, making anew all that follows, and what all who check say of it. Some of it
 * shows in entries alone, and the rest where values are at hand.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commitment } from '../src/format/hash.ts'
import { canonicalize } from '../src/model/canonical.ts'
import type { Json } from '../src/model/row.ts'
import { verifyLedger } from '../src/read/verify/verify.ts'
import { askPython, NO_PYTHON, pythonFolder } from './python/python.ts'
import { type Body, type Forger, problemTexts } from './support/forger.ts'
import { sampled } from './support/form.ts'
import { madeRecord } from './support/made-evidence.ts'
import { insert, rebuildSplits, remove, seqsOf, splitForger } from './support/split-ledger.ts'
import { threeCheckers } from './support/three-checkers.ts'

const [COORDINATOR, FIRST, SECOND] = [1, 2, 3]
/** Entries of the coordinator: what was dealt of orders, behind those of four files, and of extra. */
const [ORDERS, EXTRA] = [5, 6]
const SALT_BYTES = 16
const OTHER_HASH = 'ab'.repeat(32)

let forger: Forger
let checkers: Awaited<ReturnType<typeof threeCheckers>>
beforeAll(async () => {
  forger = await splitForger(true, 'id')
  checkers = await threeCheckers(forger.signer.verifier_key)
})
afterAll(() => forger.close())

function edit(log: number, seq: number, change: (body: Body) => object): void {
  const body = forger.body(log, seq)
  const { gone, ...others } = { gone: [], ...body, ...change(body) } as Body
  for (const key of gone as string[]) delete others[key]
  forger.put(log, seq, others)
}

const ofCut = (seq: number, change: object) => () => edit(COORDINATOR, seq, () => change)
const ofDealt = (seq: number, change: object) => () =>
  edit(COORDINATOR, seq, ({ dealt }) => ({ dealt: { ...(dealt as object), ...change } }))
/** `seq`: of the entry; `nth`: the part, from 0. */
const ofRange = (seq: number, nth: number, change: (range: Body) => object) => () =>
  edit(COORDINATOR, seq, ({ ranges }) => ({
    ranges: (ranges as Body[]).map((each, i): Json => (i === nth ? ({ ...each, ...change(each) } as Body) : each)),
  }))

/** Another number of the record that a row of a split is, from that which it has. */
const ofRow = (log: number, row: number, index: (from: number) => number) => () => {
  const [{ seq } = {}] = forger.all('SELECT seq FROM entries WHERE log = ? AND row = ? ORDER BY seq', log, row)
  edit(log, Number(seq), ({ s }) => {
    const [source, record, line] = s as number[]
    return { s: [source, index(record ?? 0), line] }
  })
}
const indexOf = (log: number, row: number) =>
  (
    JSON.parse(`${forger.all('SELECT body FROM entries WHERE log = ? AND row = ?', log, row)[0]?.body}`) as {
      s: number[]
    }
  ).s[1] ?? 0

/** What shows in entries. */
const CASES: [what: string, found: RegExp, tamper: () => void][] = [
  [
    'a split is dealt a record more',
    /^seal: split 3: entry \d+: of orders 24 records in 2,562 bytes were read, and it was cut to 25 in 2,562$/,
    ofRange(ORDERS, 2, ({ records }) => ({ records: Number(records) + 1 })),
  ],
  [
    'a split is dealt more than anybody could keep',
    /^seal: split 3: entry \d+: of orders 24 records in 2,562 bytes were read, and it was cut to 4,503,599,627,370,496 in 2,562$/,
    ofRange(ORDERS, 2, () => ({ records: 2 ** 52 })),
  ],
  [
    'a split is dealt a record less',
    /^splits: split 3: it has 24 rows of node 1, and was dealt 23 records$/,
    ofRange(ORDERS, 2, ({ records }) => ({ records: Number(records) - 1 })),
  ],
  [
    'a record is dealt to another split',
    /^splits: split 2: it has 32 rows of node 1, and was dealt 31 records$/,
    () => {
      ofRange(ORDERS, 0, ({ records }) => ({ records: Number(records) + 1 }))()
      ofRange(ORDERS, 1, ({ before, records }) => ({ before: Number(before) + 1, records: Number(records) - 1 }))()
    },
  ],
  [
    'a spool is longer',
    /^seal: split 1: entry \d+: of orders 34 records in 3,635 bytes were read, and it was cut to 34 in 3,636$/,
    ofRange(ORDERS, 0, ({ bytes }) => ({ bytes: Number(bytes) + 1 })),
  ],
  [
    'a split was dealt nothing',
    /^splits: split 1: it has 3 rows of node 2, and was dealt 0 records$/,
    () => edit(COORDINATOR, EXTRA, ({ ranges }) => ({ ranges: (ranges as Body[]).slice(1) })),
  ],
  [
    'a spool begins somewhere',
    /^splits: node 1 was dealt, and has places of ranges$/,
    ofRange(ORDERS, 0, () => ({ line: 1 })),
  ],
  [
    'one source is dealt by another field',
    /^splits: node 2 was dealt by another field than the others, at another time, or was cut$/,
    ofDealt(EXTRA, { by: 'shop' }),
  ],
  [
    'one source is dealt by another holder of the lease',
    /^splits: node 2 was dealt by another field than the others, at another time, or was cut$/,
    ofDealt(EXTRA, { epoch: 2 }),
  ],
  [
    'other bytes of a source were dealt',
    /^seal: entry \d+: 928 bytes of orders were read, and 929 were dealt$/,
    ofDealt(ORDERS, { bytes: 929 }),
  ],
  [
    'a source wasn’t dealt',
    /^splits: it is not said how node 2 was read when it was dealt$/,
    ofCut(EXTRA, { gone: ['dealt'] }),
  ],
  [
    'a split reads it whole',
    /^splits: it is not said how node 2 was read when it was dealt$/,
    ofCut(EXTRA, { whole: 2 }),
  ],
  ['it is dealt twice', /^splits: node 1 was cut twice$/, () => insert(forger, COORDINATOR, EXTRA, again())],
  [
    'a file is left out',
    /^entries: entry 2 is of file 3 of orders, where 2 of 4 comes next$/,
    () => remove(forger, COORDINATOR, 2),
  ],
  [
    'the last file is left out',
    /^totals: entry 4: orders was dealt, and the files of orders have 45 records, and 90 were read of it$/,
    () => remove(forger, COORDINATOR, 4),
  ],
  [
    'a file is there twice',
    /^entries: entry 2 is of file 1 of orders, where 2 of 4 comes next$/,
    () => insert(forger, COORDINATOR, 2, forger.body(COORDINATOR, 1)),
  ],
  [
    'a file has a record more',
    /^totals: entry 2: it says that its file begins with record 41 of orders, and 42 comes next$/,
    () => edit(COORDINATOR, 1, () => ({ records: 41 })),
  ],
  [
    'the last file has a record less',
    /^totals: entry 5: orders was dealt, and the files of orders have 89 records, and 90 were read of it$/,
    () => edit(COORDINATOR, 4, () => ({ records: 44 })),
  ],
  [
    'a file begins elsewhere',
    /^totals: entry 3: it says that its file begins with record 40 of orders, and 41 comes next$/,
    () => edit(COORDINATOR, 3, () => ({ from: 40 })),
  ],
  [
    'a file never ends',
    /^entries: entry 2: orders continues after a file that was not read to its end$/,
    () => edit(COORDINATOR, 1, () => ({ done: false })),
  ],
  [
    'a file comes when all was dealt',
    /^entries: entry 7 is none that such a log can have$/,
    () =>
      insert(forger, COORDINATOR, EXTRA + 1, { ...forger.body(COORDINATOR, 4), t: forger.body(COORDINATOR, 6).t ?? 0 }),
  ],
  [
    'a file is in the log of a split',
    /^entries: split 1: entry 12 is of a file of orders, which has no list of files$/,
    () => insert(forger, FIRST, 12, { ...forger.body(COORDINATOR, 4), t: forger.body(FIRST, 11).t ?? 0 }),
  ],
  [
    'a range has files',
    /^splits: the ranges of node 1 don’t say how many files end in them, or it has no list$/,
    ofRange(ORDERS, 0, () => ({ files: 1 })),
  ],
  [
    'the list is shorter',
    /^entries: entry 4 is of file 4 of orders, where 4 of 3 comes next$/,
    () => edit(COORDINATOR, 0, () => ({ files: [{ source: 1, count: 3 }] })),
  ],
  [
    'a row is a record that another split has',
    /^entries: split 2: entry \d+ \(row 10\): it is record \d+ of orders, which is another row, too$/,
    () => ofRow(SECOND, 10, () => between())(),
  ],
  [
    'a row is the record before it',
    /^entries: split 1: entry \d+ \(row 5\): it is record \d+ of orders, which is another row, too$/,
    () => ofRow(FIRST, 5, () => indexOf(FIRST, 4))(),
  ],
  [
    'two rows have each other’s numbers',
    /^entries: split 1: entry \d+ \(row 5\): it is record \d+ of orders, which comes before record \d+$/,
    () => {
      const [one, other] = [indexOf(FIRST, 4), indexOf(FIRST, 5)]
      ofRow(FIRST, 4, () => other)()
      ofRow(FIRST, 5, () => one)()
    },
  ],
  [
    'a row is a record that there never was',
    /^entries: split 1: entry \d+ \(row 34\): it is record 91 of orders, which was not dealt$/,
    ofRow(FIRST, 34, () => 91),
  ],
  [
    'a record is left out, and another there twice',
    /^entries: split 2: entry \d+ \(row \d+\): it is record \d+ of orders, which is another row, too$/,
    () => ofRow(FIRST, 10, from => from + 1)(),
  ],
]

/** A number of the first split's that lies between those of rows 9 and 11 of the second. */
function between(): number {
  const [from, to] = [indexOf(SECOND, 9), indexOf(SECOND, 11)]
  return Array.from({ length: 34 }, (_, i) => indexOf(FIRST, i + 1)).find(each => each > from && each < to) ?? 0
}

/** What was dealt of orders, once more, without its values. */
function again(): Body {
  const { hashes: _, input: __, c: ___, w: ____, dealt: _____, ...others } = forger.body(COORDINATOR, ORDERS)
  return { ...others, z: '00'.repeat(SALT_BYTES) } as Body
}

/** Puts another value in the place of one, and commits to it with the same salt. */
function revalue(log: number, number: number, change: (value: Json) => Json, of: { row: number } | null = null): void {
  const where = of === null ? 'e.row IS NULL AND e.batch IS NULL' : `e.row = ${of.row}`
  const stored = forger.all(
    `SELECT p.seq, p.salts, p.body FROM payloads p JOIN entries e ON e.log = p.log AND e.seq = p.seq WHERE p.log = ? AND ${where} ORDER BY p.seq`,
    log,
  )
  for (const { seq, salts, body } of stored) {
    const entry = forger.body(log, Number(seq))
    const at = number - Number(entry.w)
    const values = JSON.parse(`${body}`) as Json[][]
    if (at < 0 || at >= values.length) continue
    const value = change(values[at]?.[0] ?? null)
    forger.run(
      'UPDATE payloads SET body = ? WHERE log = ? AND seq = ?',
      canonicalize(values.with(at, [value])),
      log,
      Number(seq),
    )
    const salt = (salts as Uint8Array).subarray(at * SALT_BYTES, (at + 1) * SALT_BYTES)
    const commitments = (entry.c as string[]).with(at, commitment(salt, canonicalize(value)))
    return forger.put(log, Number(seq), { ...entry, c: commitments })
  }
  throw new Error(`log ${log} has no value ${number}`)
}

const ofInput = (change: object) => () =>
  revalue(COORDINATOR, Number(forger.body(COORDINATOR, ORDERS).input), value => ({ ...(value as object), ...change }))

/** The number of the value that the last commit of a log has of a source. */
function ofCursor(log: number, source: number, key: 'hash' | 'position'): number {
  const commit = forger.body(log, seqsOf(forger, log, 'commit').at(-1) ?? 0)
  return Number((commit.cursors as Body[])[source - 1]?.[key])
}

/** What shows where values are. `decisions`: where these are looked at again. */
const VALUES: [what: string, found: RegExp, tamper: () => void, decisions?: true][] = [
  [
    'a spool has another hash',
    /^splits: split 2 has read other bytes of node 1 than those that it was to read$/,
    () =>
      revalue(COORDINATOR, Number(forger.body(COORDINATOR, ORDERS).hashes), hashes =>
        (hashes as Json[]).with(1, { sha256: OTHER_HASH }),
      ),
  ],
  [
    'two spools are each other’s',
    /^splits: split 3 has read other bytes of node 2 than those that it was to read$/,
    () =>
      revalue(COORDINATOR, Number(forger.body(COORDINATOR, EXTRA).hashes), hashes => {
        const [one = null, ...others] = hashes as Json[]
        return [others.pop() ?? null, ...others, one]
      }),
  ],
  [
    'a split has read something else',
    /^splits: split 1 has read other bytes of node 1 than those that it was to read$/,
    () => revalue(FIRST, ofCursor(FIRST, 1, 'hash'), () => OTHER_HASH),
  ],
  [
    'the input had another hash',
    /^splits: node 1 was dealt as it was read, and the coordinator says that it was read otherwise$/,
    ofInput({ sha256: OTHER_HASH }),
  ],
  [
    'the input ended elsewhere',
    /^splits: node 1 was dealt as it was read, and the coordinator says that it was read otherwise$/,
    ofInput({ position: { line: 92, offset: 882 } }),
  ],
  [
    'the coordinator says that the input had another hash',
    /^splits: node 1 was dealt as it was read, and the coordinator says that it was read otherwise$/,
    () => revalue(COORDINATOR, ofCursor(COORDINATOR, 1, 'hash'), () => OTHER_HASH),
  ],
  [
    'a row has the key of another split',
    /^decisions: split 1: entry \d+ \(row 1\) is in split 1, and its `id` is dealt to [23]$/,
    () => revalue(FIRST, 1, value => ({ ...(value as object), id: indexOf(SECOND, 1) }), { row: 1 }),
    true,
  ],
  [
    'all was dealt by another field',
    /^decisions: split [12]: entry \d+ \(row \d+\) is in split [12], and its `shop` is dealt to [23]$/,
    () => {
      for (const seq of [ORDERS, EXTRA]) ofDealt(seq, { by: 'shop' })()
    },
    true,
  ],
]

test('nothing is found where nothing was done', async () => {
  const made = () => rebuildSplits(forger)
  expect(await forger.problems(made)).toEqual([])
  expect(await forger.within(made, withDecisions)).toEqual([])
  const [judged] = await checkers.judge([madeRecord(forger, COORDINATOR, [1, 2, 3])], 'record')
  expect(judged).toMatchObject({ verdict: 'holds', problems: [] })
})

const withDecisions = async () =>
  problemTexts(await verifyLedger(forger.reader, { keys: forger.keys, decisions: true }))

test.each(sampled(CASES, 4))('%s', async (_what, found, tamper) => {
  const problems = await forger.problems(() => {
    tamper()
    rebuildSplits(forger)
  })
  expect(problems).toContainEqual(expect.stringMatching(found))
})

describe('where values are at hand', () => {
  test.each(sampled(VALUES, 2))('%s', async (_what, found, tamper, decisions) => {
    const all = () => {
      tamper()
      rebuildSplits(forger)
    }
    // Another value gives another result, whoever evaluates what.
    if (decisions === true)
      for (const each of await forger.problems(all)) expect(each).toMatch(/^result: .* has the digest /)
    const problems = await (decisions === true ? forger.within(all, withDecisions) : forger.problems(all))
    expect(problems).toContainEqual(expect.stringMatching(found))
  })
})

test('a record of it doesn’t hold for anybody who checks it', { tags: ['proof'] }, async () => {
  const cases = sampled(CASES, 8)
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
  const nothing = () => undefined
  const cases = [...sampled(CASES, 8), ...sampled(VALUES, 2)].map(([, , tamper]) => tamper)
  for (const [i, tamper] of [nothing, ...cases].entries()) {
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

test('without the key nothing that was dealt can be changed', async () => {
  for (const tamper of [ofRange(ORDERS, 0, () => ({ records: 33 })), ofDealt(ORDERS, { by: 'shop' }), ofInput({})]) {
    const problems = await forger.problems(() => {
      tamper()
      edit(COORDINATOR, ORDERS, ({ t }) => ({ t: Number(t) + 1 }))
    })
    expect(problems).toContainEqual(expect.stringMatching(/^checkpoint: the 11 stored entries give root .* was signed/))
  }
})

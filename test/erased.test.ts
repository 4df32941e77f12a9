/** Values that are erased: legitimately only if log 0 has it on record, in its form. Without that, no reader shows the row. */
// @module-tag proof
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openLedger } from '../src/ledger/open.ts'
import { diffRuns } from '../src/read/diff/diff.ts'
import { CheckedReader } from '../src/read/evidence/checked-reader.ts'
import { explainRow } from '../src/read/explain/explain.ts'
import { storyJson } from '../src/read/explain/json.ts'
import { verifyLedger } from '../src/read/verify/verify.ts'
import { eraseValues, recordErasure } from './support/erasing.ts'
import { Forger } from './support/forger.ts'
import { testPorts } from './support/ledger.ts'
import { RICH, runModel, simulatedRun } from './support/simulated-ledger.ts'

const [SEALED, OPEN, ROW] = [1, 2, 5]

let forger: Forger
/** Entries of row 5 that have values. */
let seqs: readonly number[]
beforeAll(async () => {
  forger = await Forger.of(async url => {
    await runModel(url, RICH, 1)
    await runModel(url, RICH, 2, { after_us: 30_000, next: 'nothing' })
  })
  seqs = seqsOf(SEALED)
})
afterAll(() => forger.close())

function seqsOf(log: number): readonly number[] {
  const found = forger.all(
    'SELECT seq FROM payloads JOIN entries USING (log, seq) WHERE log = ? AND "row" = ? ORDER BY seq',
    log,
    ROW,
  )
  return found.map(({ seq }) => Number(seq))
}

const whole = (of: readonly number[]) => of.map(seq => [seq, seq])
const erased = (log = SEALED, of = seqs) => eraseValues(forger.db, log, of)
const onRecord = (values: readonly number[][] = whole(seqs), log = SEALED) =>
  recordErasure(forger.db, forger.signer, log, values)

/** What the story of row 5 says after `tamper`, or why it isn't shown. */
function explained(tamper: () => void): Promise<string> {
  return forger.within(tamper, async () => {
    const reader = new CheckedReader(forger.reader, { remembered: null })
    try {
      return JSON.stringify(storyJson(await explainRow(reader, SEALED, ROW)))
    } catch (error) {
      return (error as Error).message
    }
  })
}

test('on record, in its form: the ledger holds, and readers say that it is erased', async () => {
  const tamper = () => {
    erased()
    onRecord()
  }
  const { ok, runs } = await forger.after(tamper)
  const before = await verifyLedger(forger.reader, { keys: forger.keys })
  expect(ok).toBe(true)
  const { values = 0, erased: gone = 0 } = runs[0] ?? {}
  expect(gone).toBeGreaterThan(1)
  expect(values + gone).toBe(before.runs[0]?.values)
  expect(before.runs[0]).not.toHaveProperty('erased')
  expect(await explained(tamper)).toContain('"erased":true')
  const same = await forger.within(tamper, () => {
    const reader = new CheckedReader(forger.reader, { remembered: null })
    return diffRuns(reader, { old: simulatedRun(SEALED), new: simulatedRun(SEALED) }, { list: 10 })
  })
  expect(same).toMatchObject({ rows: { compared: 25, same: 24, different: 0, unknown: 1 } })
})

test('some values of an entry: all others are still checked', async () => {
  const [seq = 0] = seqs
  const places = forger.body(SEALED, seq).c as readonly unknown[]
  const last = places.length
  expect(last).toBeGreaterThan(1)
  const some = () => eraseValues(forger.db, SEALED, [seq], [last])
  expect(
    await forger.problems(() => {
      some()
      onRecord([[seq, seq, last]])
    }),
  ).toEqual([])
  expect(
    await forger.problems(() => {
      some()
      onRecord([[seq, seq, 1]])
    }),
  ).toEqual([
    expect.stringContaining('value 1 is there, and was to be erased'),
    expect.stringMatching(/value \d+ is gone, and no erasure is on record/),
  ])
})

test('without a word in log 0, or a word of others: it doesn’t hold', async () => {
  expect(await forger.problems(() => erased())).toContainEqual(expect.stringContaining('no erasure is on record'))
  expect(await explained(() => erased())).toContain('no erasure is on record')
  const elsewhere = () => {
    erased()
    onRecord([[0, 0]])
  }
  expect(await explained(elsewhere)).toContain('no erasure is on record')
  const unsigned = () => {
    erased()
    const [head] = forger.all('SELECT note FROM heads WHERE log = 0')
    onRecord()
    forger.run('UPDATE heads SET note = ? WHERE log = 0', head?.note as string)
  }
  expect(await explained(unsigned)).toContain('log 0')
})

test('in another form: payloads that are gone, salts that are not', async () => {
  const gone = () => {
    onRecord()
    for (const seq of seqs) forger.run('DELETE FROM payloads WHERE log = ? AND seq = ?', SEALED, seq)
  }
  expect(await forger.problems(gone)).toContainEqual(expect.stringContaining('its payload is missing'))
  expect(await explained(gone)).toContain('is gone')
  const salted = () => {
    erased()
    onRecord()
    forger.run('UPDATE payloads SET salts = randomblob(length(salts)) WHERE log = ? AND seq = ?', SEALED, seqs[0] ?? 0)
  }
  expect(await forger.problems(salted)).toContainEqual(expect.stringContaining('the salt of a value that is erased'))
  expect(await explained(salted)).toContain('the salt of a value that is erased')
})

test('what is a change of an erased value must be erased with it', async () => {
  const [seq = 0] = seqs
  const [payload] = forger.all('SELECT body FROM payloads WHERE log = ? AND seq = ?', SEALED, seq)
  expect(`${payload?.body}`).toContain(',[1,{')
  const base = () => {
    eraseValues(forger.db, SEALED, [seq], [1])
    onRecord([[seq, seq, 1]])
  }
  expect(await forger.problems(base)).toContainEqual(expect.stringContaining("can't be rebuilt"))
  expect(await explained(base)).toContain('no erasure is on record')
})

test('only of what was sealed, and only what is there; nobody continues from another', async () => {
  const open = () => {
    erased(OPEN, seqsOf(OPEN))
    onRecord(whole(seqsOf(OPEN)), OPEN)
  }
  expect(await forger.problems(open)).toContainEqual(expect.stringContaining('are erased, and it wasn’t sealed'))
  for (const wrong of [
    [[100_000, 100_000]],
    [[5, 4]],
    [
      [9, 9],
      [7, 7],
    ],
    [[5, 6, 1]],
    [[5, 5, 2, 1]],
    [[5, 5, 0]],
  ])
    expect(await forger.problems(() => onRecord(wrong)), JSON.stringify(wrong)).toContainEqual(
      expect.stringContaining('it names'),
    )
  const copy = forger.copy()
  copy.change(() => recordErasure(copy.db, copy.signer, OPEN, [[0, 0]]))
  await expect(openLedger(copy.url, testPorts(), { create: false })).rejects.toMatchObject({
    code: 'CUSTODY_LEDGER_ALTERED',
  })
  copy.close()
})

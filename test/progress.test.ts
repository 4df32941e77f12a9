/**
 * How far an open run is, the ledger's own log says: whoever holds the key of the run's heads, but doesn't change that log, can cut off
 * or change nothing before that; nor can such an entry say what never was.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openLedger, openLedgerReader } from '../src/ledger/open.ts'
import { CheckedReader } from '../src/read/evidence/checked-reader.ts'
import { showRun } from '../src/read/show/show.ts'
import { type Body, Forger } from './support/forger.ts'
import { opening, RUN, simpleRow, T0, testPorts } from './support/ledger.ts'
import { goOnWithModel, RICH, runModel, simulatedRun } from './support/simulated-ledger.ts'

const [SEALED, STOPPED] = [1, 2]
let base: Forger
/** Place in log 0 of what it says of the stopped run, and that. */
let said: { readonly seq: number; readonly body: Body }

beforeAll(async () => {
  base = await Forger.of(async url => {
    await runModel(url, RICH, SEALED)
    await runModel(url, RICH, STOPPED, { after_us: 30_000, next: 'nothing' })
  })
  const seqs = base.all(`SELECT seq FROM entries WHERE log = 0 AND body LIKE '%"k":"progress"%'`)
  expect(seqs.length).toBe(1)
  const seq = Number(seqs[0]?.seq)
  said = { seq, body: base.body(0, seq) }
})
afterAll(() => base.close())

/** Takes entries away from `size` on, as if nothing of them had ever been; the run's head is signed anew. */
function cutTo(forger: Forger, size: number): void {
  const ended = forger.all('SELECT body FROM entries WHERE log = ? AND seq < ? ORDER BY seq DESC', STOPPED, size)
  const last = ended.map(({ body }) => JSON.parse(`${body}`) as Body).find(({ k }) => k === 'commit')
  for (const table of ['entries', 'payloads', 'endings'])
    forger.db.prepare(`DELETE FROM ${table} WHERE log = ? AND seq >= ?`).run(STOPPED, size)
  forger.db.prepare('DELETE FROM tiles WHERE log = ?').run(STOPPED)
  expect(last === undefined || size > 1).toBe(true)
  forger.resign(STOPPED, forger.signer)
}

/** Without its stop the run ends with a commit. */
const cutStop = (forger: Forger) => cutTo(forger, Number(said.body.size) - 1)
const changeLast = (forger: Forger) => {
  const last = Number(said.body.size) - 1
  forger.put(STOPPED, last, { ...forger.body(STOPPED, last), t: Number(forger.body(STOPPED, last).t) - 1 })
  forger.resign(STOPPED, forger.signer)
}
const say = (change: Body) => (forger: Forger) => {
  forger.put(0, said.seq, { ...said.body, ...change })
  forger.resign(0, forger.signer)
}

test('a run that stopped is bound as a whole', async () => {
  expect(said.body).toMatchObject({ log: STOPPED, run: simulatedRun(STOPPED), ...base.treeOf(STOPPED) })
  expect(base.body(STOPPED, Number(said.body.size) - 1).k).toBe('stop')
  const { runs } = await base.after(() => undefined)
  expect(runs.map(({ entries, bound }) => bound ?? entries)).toEqual(runs.map(each => each.entries))
  expect(runs.map(each => 'bound' in each)).toEqual([false, true])
})

describe('whoever holds the key of the run’s heads', () => {
  test.each<[string, (forger: Forger) => void, string, RegExp]>([
    [
      'cuts the run',
      cutStop,
      'CUSTODY_LEDGER_CUT',
      /log 0: the run had \d+ entries at entry \d+ of log 0, and has \d+: some were cut/,
    ],
    [
      'changes its last entry',
      changeLast,
      'CUSTODY_LEDGER_ALTERED',
      /log 0: the first \d+ entries aren’t those that entry \d+ of log 0 has/,
    ],
  ])('%s', async (_, tamper, code, problem) => {
    expect((await base.problems(() => tamper(base))).join('\n')).toMatch(problem)
    const shown = base.within(
      () => tamper(base),
      () => showRun(new CheckedReader(base.reader, { remembered: null }), simulatedRun(STOPPED), () => false),
    )
    await expect(shown).rejects.toMatchObject({
      code: 'CUSTODY_VERIFY_FAILED',
      message: expect.stringMatching(/its log doesn’t begin with the \d+ entries/),
    })
    const copy = base.copy()
    onTestFinished(() => copy.close())
    copy.change(() => tamper(copy))
    const before = copy.contents()
    await expect(goOnWithModel(copy.url, RICH, STOPPED, 'resume')).rejects.toMatchObject({ code })
    expect(copy.contents(), 'nothing was signed').toBe(before)
  })
})

test.each<[string, Body, RegExp]>([
  ['of a run that is sealed', { log: SEALED, run: simulatedRun(1) }, /was sealed before/],
  ['of another run', { run: simulatedRun(3) }, /was never opened as log 2/],
  ['of another root', { root: '00'.repeat(32) }, /the first \d+ entries aren’t those/],
  ['where no commit ended', { size: 3 }, /entry \d+ of log 0 names 3 entries, and no commit ended there/],
  ['of more than there is', { size: 1_000_000 }, /the run had 1,000,000 entries at entry \d+ of log 0/],
  ['before what it is of', { t: 5 }, /tells of a time after that of entry \d+ of log 0/],
  ['of what it said before', { size: 1 }, /size. is 1, not/],
])('the ledger’s own log says how far a run is, %s', async (_, change, problem) => {
  expect((await base.problems(() => say(change)(base))).join('\n')).toMatch(problem)
})

test('a run is never said to have become shorter', async () => {
  const again = (forger: Forger) => {
    forger.run(
      `INSERT INTO entries (log, seq, body) SELECT 0, seq + 1, body FROM entries WHERE log = 0 AND seq = ?`,
      said.seq,
    )
    forger.resign(0, forger.signer)
  }
  expect((await base.problems(() => again(base))).join('\n')).toMatch(
    /is said to have \d+ entries, and had as many before/,
  )
})

test.each([
  ['this thread', Number.POSITIVE_INFINITY],
  ['another one', 2],
])(
  'what is said is the head of the last commit, once, however it is written: by %s',
  async (_, thread_from_entries) => {
    const folder = mkdtempSync(join(tmpdir(), 'custody-progress-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const url = `sqlite:${join(folder, 'custody.db')}`
    const ledger = await openLedger(url, testPorts(), { create: true, thread_from_entries })
    const run = await ledger.openRun(RUN, opening())
    await run.progress(T0)
    run.append(simpleRow(1))
    run.append(simpleRow(2))
    const first = await run.commit()
    await run.progress(T0 + 1e9)
    // A commit of nothing is no news.
    await run.commit()
    run.append(simpleRow(3))
    await run.progress(T0)
    const stopped = await run.stop(T0)
    await ledger.close()
    const reader = await openLedgerReader(url)
    const entries = []
    for await (const { body } of reader.entries(0)) entries.push(JSON.parse(body) as Body)
    expect(entries.slice(2).map(({ k, size, root }) => [k, size, root])).toEqual([
      ['progress', first.size, first.root],
      ['progress', stopped.size, stopped.root],
    ])
    expect(entries[2]?.t).toBe(T0 + 1e9)
    expect((await reader.lease(1))?.holder).toBe('')
    await reader.close()
  },
)

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  commitDraft,
  full,
  opening,
  RUN,
  sampleRun,
  sealFacts,
  T0,
  testPorts,
  totals as totalsOf,
} from '../../../test/support/ledger.ts'
import { openLedger, openLedgerReader } from '../../ledger/open.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { RunDraft, RunLedger } from '../../ledger/write-port.ts'
import { findRun, listRuns } from '../runs/list.ts'
import { showRun } from './show.ts'

const SECOND = '019b7c1b-0000-7000-8000-000000000002'

/** A ledger with a run for each of `work`, open for reading. */
async function ledgerWith(
  work: Readonly<Record<string, (run: RunLedger) => Promise<void>>>,
  open: (run: string) => RunDraft = opening,
): Promise<LedgerReader> {
  const folder = mkdtempSync(join(tmpdir(), 'custody-show-'))
  const url = `sqlite:${join(folder, 'ledger.db')}`
  const ledger = await openLedger(url, testPorts(), { create: true })
  for (const [run, each] of Object.entries(work)) await each(await ledger.openRun(run, open(run)))
  await ledger.close()
  const reader = await openLedgerReader(url)
  onTestFinished(async () => {
    await reader.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return reader
}

const totals = {
  ...totalsOf(4, 10, 10),
  endings: [
    [1, 10, 1],
    [2, 9, 2],
  ] as const,
  visits: [
    [1, 3, 1, 0],
    [3, 2, 0, 0],
  ] as const,
  edges: [
    [1, 3],
    [3, 2],
    [5, 2],
  ] as const,
}

test('a sealed run: counts, sinks as published, times', async () => {
  const reader = await ledgerWith({
    [RUN]: async run => {
      await sampleRun(run)
      await run.seal(sealFacts(totals))
    },
  })
  const shown = await showRun(reader, 'latest', () => false)
  expect(shown).toMatchObject({
    run: RUN,
    name: 'sample',
    status: 'completed',
    rows: { read: 4, ingested: 4, rejected: 0 },
    outcomes: { COMPLETED: 1, ROUTED: 2 },
    causes: { flow: 1, gate: 2 },
    sinks: { low: { path: '/tmp/low.csv', sha256: 'cd'.repeat(32) }, out: { rows: 0 } },
    duration_ms: 9000,
    // The totals say that nothing failed: endings aren't looked through.
    errors: [],
    started_at: '2026-01-02T03:04:05.000Z',
    ended_at: '2026-01-02T03:04:14.000Z',
    stopped: null,
  })
  expect(shown.checkpoint).toMatch(/^[0-9a-f]{64}$/)
  expect(shown.nodes[0]).toEqual({
    node: 'in',
    kind: 'source',
    in: 4,
    ok: 3,
    error: 1,
    held: 0,
    out: { to: 3, on_invalid: 0 },
  })
  expect(shown.nodes[2]).toMatchObject({ node: 'tier', in: 2, out: { true: 0, false: 2 } })
})

test('errors by node and code', async () => {
  const reader = await ledgerWith({
    [RUN]: async run => {
      await sampleRun(run)
      const failed = { ...totals, endings: [...totals.endings, [6, 0, 1]] as const }
      await run.seal(sealFacts(failed))
    },
  })
  expect((await showRun(reader, 'latest', () => false)).errors).toEqual([{ node: 'in', code: 'BAD_ROW', count: 1 }])
})

test('status: running, interrupted, and what a stop says', async () => {
  const reader = await ledgerWith({
    [RUN]: async run => {
      run.appendRun(commitDraft(1, 3, totalsOf(2, 2, 1)))
      await run.commit()
    },
    [SECOND]: async run => {
      const values = [full({ code: 'CUSTODY_SINK_FULL', message: 'no space left', node: 'low' })]
      run.appendRun({
        entry: { k: 'stop', status: 'failed', reason: 'sink', error: 3, t: T0 + 5 },
        first_value: 3,
        values,
      })
      await run.commit()
      await run.release()
    },
  })
  expect(await showRun(reader, RUN, () => true)).toMatchObject({
    status: 'running',
    ended_at: null,
    tokens: { open: 1 },
  })
  expect(await showRun(reader, RUN, () => false)).toMatchObject({ status: 'interrupted' })
  expect(await showRun(reader, SECOND, () => false)).toMatchObject({
    status: 'failed',
    rows: { read: 0 },
    stopped: { reason: 'sink', code: 'CUSTODY_SINK_FULL', message: 'no space left' },
  })
  expect((await listRuns(reader, () => false)).runs.map(each => [each.run, each.status])).toEqual([
    [SECOND, 'failed'],
    [RUN, 'interrupted'],
  ])
})

test('runs are found by id, unique beginning, `latest` and what was before it', async () => {
  const none = async () => undefined
  const reader = await ledgerWith({ [RUN]: none, [SECOND]: none })
  expect((await findRun(reader, RUN)).run).toBe(RUN)
  expect((await findRun(reader, '019b7c1b')).run).toBe(SECOND)
  expect((await findRun(reader, '019B7C1B-0000')).run).toBe(SECOND)
  expect((await findRun(reader, 'latest')).run).toBe(SECOND)
  expect((await findRun(reader, 'latest~0')).run).toBe(SECOND)
  expect((await findRun(reader, 'latest~1')).run).toBe(RUN)
  await expect(findRun(reader, 'latest~2')).rejects.toThrow(/ has 2 runs, so there is no latest~2$/)
  for (const name of ['latest~2', 'latest~', 'latest~-1', 'latest~1x'])
    await expect(findRun(reader, name)).rejects.toMatchObject({ code: 'CUSTODY_RUN_UNKNOWN' })
  await expect(findRun(reader, '019b7c1')).rejects.toMatchObject({ code: 'CUSTODY_RUN_AMBIGUOUS' })
  await expect(findRun(reader, 'ffff')).rejects.toMatchObject({ code: 'CUSTODY_RUN_UNKNOWN' })
  await expect(findRun(reader, '')).rejects.toMatchObject({ code: 'CUSTODY_RUN_UNKNOWN' })
  await expect(findRun(await ledgerWith({}), 'latest')).rejects.toMatchObject({ code: 'CUSTODY_RUN_UNKNOWN' })
})

test('`latest` may pass over runs that replay another', async () => {
  const none = async () => undefined
  const reader = await ledgerWith({ [RUN]: none, [SECOND]: none }, run => {
    const draft = opening(run)
    return run === SECOND ? { ...draft, entry: { ...draft.entry, replays: RUN } as RunDraft['entry'] } : draft
  })
  const find = async (name: string) => (await findRun(reader, name, { replays: false })).run
  expect(await find('latest')).toBe(RUN)
  expect(await find(SECOND)).toBe(SECOND)
  await expect(find('latest~1')).rejects.toMatchObject({ code: 'CUSTODY_RUN_UNKNOWN' })
})

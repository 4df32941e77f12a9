import { expect, test, vi } from 'vitest'
import type { TotalsFact } from '../format/entry.ts'
import type { RunDraft, RunLedger, SplittingLedger, SubjectDraft } from '../ledger/write-port.ts'
import type { Committed, RunEnd, RunListener } from './committed.ts'
import { observedLedger } from './observed-ledger.ts'

const HEAD = { log: 1, size: 1, root: '00' }

/** Commits are durable when a test says so. */
class SlowRun implements RunLedger {
  readonly log = 1
  readonly size = 0
  readonly began_us = 0
  readonly now_us = () => 0
  #settle: ((failure: Error | null) => void)[] = []
  readonly append = () => 0
  readonly appendRun = () => 0
  readonly drop = () => undefined
  readonly renew = async () => undefined
  readonly progress = async () => undefined
  readonly release = async () => undefined
  readonly commit = () => this.#durable()
  readonly seal = () => this.#durable()
  readonly stop = () => this.#durable()
  readonly begin = async () => ({ durable: this.#durable() })

  #durable(): Promise<typeof HEAD> {
    return new Promise((resolve, reject) =>
      this.#settle.push(failure => (failure === null ? resolve(HEAD) : reject(failure))),
    )
  }

  async settle(failure: Error | null = null): Promise<void> {
    for (const each of this.#settle.splice(0)) each(failure)
    await new Promise(resolve => setImmediate(resolve))
  }
}

class Heard implements RunListener {
  readonly commits: Committed[] = []
  readonly ends: RunEnd[] = []
  readonly runs: boolean[] = []
  onRun({ is_resumed }: { readonly is_resumed: boolean }): void {
    this.runs.push(is_resumed)
  }
  onCommit(committed: Committed): void {
    this.commits.push(committed)
  }
  onEnd(end: RunEnd): void {
    this.ends.push(end)
  }
}

function totals(read: number): TotalsFact {
  return {
    rows: { read, ingested: read, rejected: 0 },
    tokens: { born: read, ended: read, open: 0 },
    ...{ groups: 0, batches: [], endings: [], visits: [], edges: [] },
  }
}

function commitDraft(read: number): RunDraft {
  const entry = { k: 'commit', commit: 1, cursors: [], receipts: [], totals: totals(read), t: 0 }
  return { entry, first_value: 1, values: [] } as unknown as RunDraft
}

function subject(row: number, code: string | null = null): SubjectDraft {
  const error = code === null ? null : { code, value: 0 }
  const visit = { node: 2, status: code === null ? 0 : 1, start_us: 5, duration_us: 10, error }
  return { subject: { kind: 'row', row }, time_us: row * 100, visits: [visit], calls: [] } as unknown as SubjectDraft
}

async function observed(listener: RunListener = new Heard()) {
  const run = new SlowRun()
  const onTrouble = vi.fn()
  let now_us = 0
  const inner = { url: 'memory:', openRun: async () => run, close: async () => undefined } as unknown as SplittingLedger
  const plan = { pipeline: 'p', topology: { nodes: [], edges: [] }, models: new Map() }
  const ledger = observedLedger(inner, { listener, plan, monotonic_us: () => (now_us += 7), onTrouble })
  return { run, onTrouble, ledger: await ledger.openRun('r', commitDraft(0)) }
}

test('OBSERVED-LEDGER-1: a commit is reported when it is durable, with what was appended before it began', async () => {
  const heard = new Heard()
  const { run, ledger } = await observed(heard)
  ledger.append(subject(1))
  ledger.append(subject(2, 'ODD'))
  const x = [[1, 0, 1, 1, 1, 1, 0, 3, 4, -30, 20]]
  ledger.appendRun({ entry: { k: 'calls', from: 1, x, t: 250 }, first_value: 3, values: [] })
  ledger.appendRun(commitDraft(2))
  const { durable } = await ledger.begin()
  ledger.append(subject(3))
  await new Promise(resolve => setImmediate(resolve))
  expect(heard.commits).toEqual([])
  await run.settle()
  await durable
  expect(heard.commits).toMatchObject([{ entries: 4, before: null, totals: totals(2), commit_us: 7 }])
  expect(heard.commits[0]?.nodes.get(2)).toEqual({ visits: 2, errors: 1, busy_us: 20, first_us: 105, last_us: 215 })
  const call = { call: 1, row: 0, node: 1, status: 0, began_us: 220, duration_us: 20 }
  expect(heard.commits[0]?.calls).toMatchObject([call])
  expect(heard.commits[0]?.errors).toEqual([{ node: 2, code: 'ODD', count: 1 }])
  ledger.appendRun(commitDraft(3))
  const committing = ledger.commit()
  await run.settle()
  await committing
  expect(heard.commits[1]).toMatchObject({ entries: 2, before: totals(2), totals: totals(3) })
})

test('OBSERVED-LEDGER-1: what is dropped, or fails, is never reported', async () => {
  const heard = new Heard()
  const { run, ledger } = await observed(heard)
  ledger.append(subject(1))
  ledger.drop()
  ledger.append(subject(2))
  ledger.appendRun(commitDraft(1))
  const { durable } = await ledger.begin()
  const failing = expect(durable).rejects.toThrow('disk full')
  await run.settle(new Error('disk full'))
  await failing
  expect(heard.commits).toEqual([])
  ledger.appendRun(commitDraft(1))
  const committing = ledger.commit()
  await run.settle()
  await committing
  expect(heard.commits).toMatchObject([{ entries: 1 }])
})

test('OBSERVED-LEDGER-2: a listener that throws is asked no more, and the run knows nothing of it', async () => {
  const listener = { onRun: vi.fn(), onEnd: vi.fn(), onCommit: vi.fn().mockThrow(new Error('no')) }
  const { run, ledger, onTrouble } = await observed(listener)
  for (let i = 0; i < 2; i++) {
    ledger.appendRun(commitDraft(i))
    const committing = ledger.commit()
    await run.settle()
    expect(await committing).toBe(HEAD)
  }
  expect(listener.onCommit).toHaveBeenCalledOnce()
  expect(onTrouble.mock.calls).toEqual([['telemetry stops: no']])
})

test('the end is reported once, as the seal or the stop has it', async () => {
  const heard = new Heard()
  const { run, ledger } = await observed(heard)
  const sealing = ledger.seal({ k: 'seal', status: 'completed', totals: totals(1), t: 0 })
  await run.settle()
  await sealing
  await ledger.release()
  expect([heard.runs, heard.ends]).toEqual([[false], ['completed']])
})

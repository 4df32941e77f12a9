/** Simulated pipelines run into a real ledger: material for the verifier. */
import { resumeRun } from '../../src/engine/run/resume.ts'
import { type RunResult, runPlan } from '../../src/engine/run/start.ts'
import { type OpenOptions, openLedger, openLedgerReader } from '../../src/ledger/open.ts'
import { meddlingBy } from '../simulation/hostile.ts'
import type { Model } from '../simulation/model.ts'
import { Random } from '../simulation/random.ts'
import { World } from '../simulation/world.ts'
import { testPorts } from './ledger.ts'
import { VirtualClock } from './virtual-clock.ts'

/** The id of the n-th simulated run. */
export const simulatedRun = (n: number): string => `01890000-0000-7000-8000-${`${n}`.padStart(12, '0')}`

/** Every kind of node, and most ways to end: flow, gates, filters, expansions, merges, lost branches, batches, by key too, a sort, errors. */
export const RICH: Model = {
  sources: [
    { name: 'letters', to: 'grow', on_invalid: 'bad', values: [3, 5, null, 7, 8, 11, 12, 14, 17, 22, 26, 31] },
    { name: 'forms', to: 'tier', on_invalid: 'discard', values: [6, 9, null, 10, 13, 15, 18, 21, 24, 27, 30, 33, 36] },
  ],
  nodes: [
    step('grow', { op: 'expand', size: 3 }, 'tier', 'discard'),
    { kind: 'gate', name: 'tier', mod: 3, broken: 9, routes: ['split', 'shaky', 'low'], on_error: 'bad' },
    { ...step('shaky', { op: 'flaky', times: 3 }, 'keep', 'bad'), attempts: 2 },
    {
      kind: 'fork',
      name: 'split',
      branches: [
        { branch: 'left', to: 'lift' },
        { branch: 'right', to: 'weigh' },
      ],
    },
    { ...step('lift', { op: 'set', name: 'left', by: 2 }, 'join', 'discard'), later: true },
    { ...step('weigh', { op: 'fail', mod: 7 }, 'join', 'discard'), later: true },
    {
      kind: 'coalesce',
      name: 'join',
      fork: 'split',
      branches: ['left', 'right'],
      policy: 'require_all',
      quorum: 0,
      merge: 'union',
      on_conflict: 'last_wins',
      to: 'stats',
    },
    aggregate('stats', 4, 'sum', 'out'),
    { ...aggregate('keep', 3, 'mark', 'order'), per: { fields: ['left', 'a'], max_open: 9 } },
    { kind: 'sort', name: 'order', keys: [{ field: 'n', order: 'desc', nulls: 'last' }], to: 'low' },
  ],
  sinks: [
    { name: 'bad', rejects: 0, on_error: 'discard' },
    { name: 'low', rejects: 0, on_error: 'bad' },
    { name: 'out', rejects: 2, sends: true, batch: { rows: 3, wait_ms: 60_000 }, on_error: 'bad' },
  ],
}

function step(
  name: string,
  operation: Extract<Model['nodes'][number], { kind: 'step' }>['operation'],
  to: string,
  on_error: string,
) {
  return { kind: 'step', name, operation, later: false, attempts: 1, to, on_error } as const
}

function aggregate(name: string, count: number, operation: 'sum' | 'mark', to: string) {
  return { kind: 'aggregate', name, count, operation, broken: 0, later: false, to, on_error: 'bad' } as const
}

/** What happens to a run that is stopped before its end. `fix`: by a source that misbehaves, and is fixed then. */
export interface Stopped {
  readonly after_us: number
  readonly next: 'nothing' | 'resume' | 'abandon' | 'fix'
}

/** Runs a model, whatever it may spend, as the n-th run into the ledger at `url`, which is made if there is none. */
export async function runModel(url: string, model: Model, n: number, stopped: Stopped | null = null): Promise<void> {
  const world = new World(new VirtualClock(), new Random(n))
  const stop = new AbortController()
  const hostile = stopped?.next === 'fix'
  if (hostile) world.meddle = meddlingBy(new Random(n + 3))
  else if (stopped !== null) world.clock.wake(stopped.after_us, () => stop.abort())
  const first = { plan: world.plan(model, null), clock: world.clock, signal: stop.signal, ...RUN }
  const { error, summary } = await inLedger(url, `${n}`, ledger =>
    world.clock.drive(runPlan({ ...first, run: simulatedRun(n), ledger, dry_run: false })),
  )
  if (error !== null && (!hostile || error.code !== 'CUSTODY_PLUGIN_DEFECT')) throw error
  // It may have finished before.
  if (!['cancelled', 'failed'].includes(summary.status) || stopped === null || stopped.next === 'nothing') return
  await goOnWithModel(url, model, n, stopped.next === 'abandon' ? 'abandon' : 'resume', world)
}

/** Resumes the n-th run, a second later than `world`. */
export async function goOnWithModel(
  url: string,
  model: Model,
  n: number,
  next: 'resume' | 'abandon',
  world = new World(new VirtualClock(), new Random(n)),
  options: Pick<OpenOptions, 'whole_to_entries'> = {},
): Promise<void> {
  world.clock = new VirtualClock(world.clock.now_us() + 1_000_000)
  world.meddle = chunk => chunk
  const reader = await openLedgerReader(url)
  const second = {
    plan: world.plan(model, null),
    clock: world.clock,
    signal: new AbortController().signal,
    ...RUN,
  }
  const abandon = next === 'abandon'
  try {
    const last = await inLedger(
      url,
      `${n} again`,
      ledger =>
        world.clock.drive(
          resumeRun({ ...second, run: simulatedRun(n), ledger, reader, from_ledger_only: false, abandon }),
        ),
      options,
    )
    if (last.error !== null) throw last.error
  } finally {
    await reader.close()
  }
}

const RUN = { custody: 'simulated', limit: Number.POSITIVE_INFINITY }

async function inLedger(
  url: string,
  seed: string,
  work: (ledger: Awaited<ReturnType<typeof openLedger>>) => Promise<RunResult>,
  options: Pick<OpenOptions, 'whole_to_entries'> = {},
) {
  const ledger = await openLedger(url, testPorts(seed), { create: true, ...options })
  try {
    return await work(ledger)
  } finally {
    await ledger.close()
  }
}

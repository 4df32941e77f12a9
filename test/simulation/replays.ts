/** Replays of a simulated run: of the same model, in other times; and of another one, which tells what would have happened. */
import { resumeRun } from '../../src/engine/run/resume.ts'
import { type RunResult, runPlan } from '../../src/engine/run/start.ts'
import { sourceRows } from '../../src/read/fold/source-rows.ts'
import { recordedCalls } from '../../src/read/recorded/answers.ts'
import { recordedCourses } from '../../src/read/recorded/courses.ts'
import { MemoryLedger } from '../support/memory-ledger.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { type CameTo, compare } from './compare.ts'
import type { Shape } from './generate.ts'
import { problemsOf } from './invariants.ts'
import type { Model } from './model.ts'
import { Random } from './random.ts'
import { variantOf } from './variant.ts'
import { World } from './world.ts'

export interface Replayed {
  readonly model: Model
  readonly shape: Shape
  readonly recorded: MemoryLedger
  /** What it came to, and what its replays must come to. */
  readonly expected: CameTo
  readonly seed: number
}

const LONGEST_US = 3_600_000_000
const RUN = '01890000-0000-7000-8000-000000000001'

/**
 * The run once more on what it has on record: all is as it was, and nothing is asked. Then either that replay is replayed, or
 * another model on the same record. Where the run may crash, replays may be stopped.
 */
export async function problemsOfReplays({ model, shape, recorded, expected, seed }: Replayed): Promise<string[]> {
  const fate = new Random(seed + 4)
  const one: Replay = { world: worldOf(seed), model, from: { model, ledger: recorded }, ledger: new MemoryLedger() }
  const problems = await problemsOfReplay(one, shape.crashes === true ? fate : null, expected)
  if (problems.length > 0) return problems.map(problem => `in the replay: ${problem}`)
  if (fate.chance(0.5)) {
    const again: Replay = { ...one, world: worldOf(seed), from: one, ledger: new MemoryLedger() }
    const of_replay = await problemsOfReplay(again, null, expected)
    return of_replay.map(problem => `in the replay of the replay: ${problem}`)
  }
  const variant = variantOf(model, fate)
  const other: Replay = { ...one, world: worldOf(seed), model: variant, ledger: new MemoryLedger() }
  const what_if = await problemsOfReplay(other, shape.crashes === true ? fate : null, null)
  return what_if.map(problem => `in the replay of ${JSON.stringify(variant)}: ${problem}`)
}

interface Recorded {
  readonly model: Model
  readonly ledger: MemoryLedger
}

interface Replay extends Recorded {
  readonly world: World
  readonly from: Recorded
}

function worldOf(seed: number): World {
  const world = new World(new VirtualClock(), new Random(seed + 3))
  world.services.silent = true
  return world
}

/** `fate`: who decides when it is stopped, if it is. */
async function problemsOfReplay(replay: Replay, fate: Random | null, expected: CameTo | null): Promise<string[]> {
  const { world, model, ledger } = replay
  ledger.now_us = () => world.clock.wall_us()
  let result = await goOn(replay, fate)
  while (result.error === null && !ledger.sealed) result = await goOn(replay, null)
  if (result.error !== null) return [`it failed: ${result.error.stack}`]
  const plan = world.plan(model, null)
  return [
    ...problemsOf(plan, ledger.subjects(), null),
    ...compare(world, ledger, expected, plan, result.summary),
    ...world.services.problems,
  ]
}

/** Begins a replay, or resumes it. */
async function goOn({ world, model, from, ledger }: Replay, fate: Random | null): Promise<RunResult> {
  const begins = ledger.entries_kept.length === 0
  if (!begins) world.clock = new VirtualClock(world.clock.now_us() + 1_000_000)
  const plan = world.plan(model, null)
  const before = world.plan(from.model, null)
  const recordings = await recordedCalls(from.ledger, 1, before.topology)
  const { topology, value } = before
  const of = { log: 1, topology, sources: sourceRows(from.ledger.cursors, topology) }
  const courses = await recordedCourses(from.ledger, of, value.closes)
  const stop = new AbortController()
  if (fate?.chance(0.5) === true) world.clock.wake(fate.below(1_000_000), () => stop.abort())
  const common = { plan, run: RUN, clock: world.clock, signal: stop.signal, recordings, courses, ledger }
  const work = begins
    ? runPlan({ ...common, limit: Number.POSITIVE_INFINITY, custody: 'simulated', dry_run: false })
    : resumeRun({ ...common, reader: ledger, from_ledger_only: false, abandon: false })
  return world.clock.drive(work, LONGEST_US)
}

/**
 * Runs one seed: a random model through the engine, against the naive interpreter where timing decides nothing, with the
 * invariants checked on every fact.
 */
import { resumeRun } from '../../src/engine/run/resume.ts'
import { type RunResult, runPlan } from '../../src/engine/run/start.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { MemoryLedger } from '../support/memory-ledger.ts'
import { memorySpill } from '../support/memory-spill.ts'
import { Power } from '../support/power.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { callsIn, lostCalls, problemsOfCalls, spentNusd } from './call-checks.ts'
import { Jumps, problemsOfTimes } from './clocks.ts'
import { compare, tellEndings } from './compare.ts'
import { digestOf } from './digests.ts'
import { generateModel, type Shape } from './generate.ts'
import { meddlingBy } from './hostile.ts'
import { interpret } from './interpreter.ts'
import { problemsOf } from './invariants.ts'
import { ManyFiles } from './many-files.ts'
import type { Limits, Model } from './model.ts'
import { NamedFiles } from './named-files.ts'
import { Others } from './others.ts'
import { Random } from './random.ts'
import { problemsOfReplays } from './replays.ts'
import { saidOtherwise, sealedSummary } from './sealed.ts'
import { Trouble } from './trouble.ts'
import { waitedInVain } from './waiting.ts'
import { OFF, TIGHT, World } from './world.ts'

export interface Simulated {
  readonly model: Model
  readonly problems: readonly string[]
  readonly rows: number
  /** How often another process had to go on. */
  readonly crashes: number
  /** Of what it came to; null if it wasn't sealed. */
  readonly digest: string | null
}

/** An hour: many times what the longest pauses, delays and backoffs of a model add up to. */
const LONGEST_US = 3_600_000_000
const RUN = '01890000-0000-7000-8000-000000000000'

/** `ledger`: one that has nothing yet. `luck`: seed of when answers come, and the power goes. */
export async function simulate(
  seed: number,
  shape: Shape,
  ledger = new MemoryLedger(),
  luck = seed,
): Promise<Simulated> {
  const model = generateModel(new Random(seed), shape)
  const fate = new Random(luck + 2)
  const world = worldOf(seed, luck, shape, ledger)
  const jumps = shape.clocks === true ? new Jumps(new Random(seed + 5), ledger, shape.calls === true) : null
  world.jumps = jumps
  let { result, plan } = await begin(world, ledger, model, shape, fate)
  const defects: string[] = []
  let crashes = 0
  for (; !ledger.sealed; crashes++) {
    // A crash loop must come to an end, and there must be money enough for one.
    const last = crashes >= 6
    defects.push(...unexpected(result, shape, model))
    defects.push(...(world.others?.settle(result, ledger, last) ?? []))
    // Whoever wrote the sources fixes them.
    if (last) world.meddle = chunk => chunk
    if (last && world.services.trouble !== null) world.services.trouble.over = true
    const go_on = { model: withMore(model, last), shape: last ? { ...shape, crashes: false } : shape }
    ;({ result, plan } = await goOn(world, ledger, go_on.model, go_on.shape, fate))
    if (last) break
  }
  const { problems } = world.services
  problems.push(
    ...defects,
    ...(world.others?.settle(result, ledger, true) ?? []),
    ...((world.others ?? world.named)?.written(world.disk) ?? []),
    ...(world.files?.problems ?? []),
    ...(world.files?.unrecorded(plan, ledger, shape.abandoned !== true) ?? []),
  )
  // The power may have gone when it was sealed, before anybody heard of it.
  const sealed = sealedSummary(plan, ledger)
  const failure = result?.error ?? null
  let digest: string | null = null
  if (sealed === null || failure !== null) problems.push(`the run failed: ${failure?.code}: ${failure?.stack}`)
  else {
    if (result !== null) problems.push(...saidOtherwise(sealed, result.summary))
    const made = await digestOf(plan, ledger, new Random(seed + 8))
    digest = made.digest
    problems.push(...made.problems)
    const abandoned = shape.abandoned === true && ledger.hasResumed
    if (abandoned !== (sealed.status === 'abandoned')) problems.push(`it is ${sealed.status}`)
    const expected = shape.timed === true || abandoned ? null : interpret(model)
    problems.push(...problemsOf(plan, ledger.subjects(), stoodOf(ledger), shape.clocks === true))
    problems.push(...(await problemsOfTimes(ledger)), ...problemsOfProgress(ledger), ...(jumps?.problems ?? []))
    // Where commits take time, what has come is looked at behind them; and a machine that wakes up takes some, too.
    if (crashes === 0 && ledger.pause === null && jumps === null)
      problems.push(...waitedInVain(plan, ledger.subjects()))
    problems.push(...compare(world, ledger, expected, plan, sealed))
    problems.push(...problemsOfCalls(model, callsIn(ledger.subjects()), sealed))
    if (world.services.in_flight > 0) problems.push(`${world.services.in_flight} calls are under way at the end`)
    // Of equal calls in one visit another process may give the answer of one to the other; then the record can't tell which outage
    // was heard of.
    const certain = shape.troubled !== true || crashes === 0
    const repeats = certain && !abandoned && shape.sends !== true && (shape.calls === true || shape.timed === true)
    if (repeats && problems.length === 0) {
      const came_to = { written: world.disk, endings: tellEndings(plan, ledger, []) }
      problems.push(
        ...(await problemsOfReplays({ model, shape, recorded: ledger, expected: expected ?? came_to, seed })),
      )
    }
  }
  return { model, problems, crashes, rows: sealed?.rows.read ?? 0, digest }
}

function worldOf(seed: number, luck: number, shape: Shape, ledger: MemoryLedger): World {
  const world = new World(new VirtualClock(), new Random(luck + 1))
  world.isAnnounced = key =>
    ledger.subjects().some(({ intents }) => intents.some(({ token, node }) => key === `${RUN}-${token}-${node}`))
  if (shape.troubled === true)
    world.services.trouble = new Trouble(new Random(seed + 4), ['oracle', 'sibyl'], world.clock.passed_us())
  if (shape.touched === true) world.others = new Others(new Random(seed + 4), () => world.power.use())
  if (shape.named === true) world.named = new NamedFiles(new Random(seed + 6), () => world.power)
  if (shape.files === true) world.files = new ManyFiles(new Random(seed + 7))
  if (shape.hostile === true) world.meddle = meddlingBy(new Random(seed + 3))
  ledger.now_us = () => world.clock.wall_us()
  ledger.leases_end = true
  return world
}

const STOPPED_BY_OTHERS: ReadonlySet<string> = new Set(['CUSTODY_OUTPUT_CHANGED', 'CUSTODY_TARGET_EXISTS'])

/** A run that stopped by an error: a guard that broke, a source that misbehaved, what others did, or a service in trouble is one to go on after. */
function unexpected(result: RunResult | null, shape: Shape, { sources }: Model): string[] {
  const error = result?.error ?? null
  if (error === null || error.code === 'CUSTODY_GUARD') return []
  if (shape.troubled === true && /^CUSTODY_SERVICE_(AUTH|DOWN|BUSY)$/.test(error.code)) return []
  const by_source = sources.some(({ name }) => name === error.where?.node)
  if (shape.touched === true && STOPPED_BY_OTHERS.has(error.code)) return []
  if (shape.hostile === true && error.code === 'CUSTODY_PLUGIN_DEFECT' && by_source) return []
  return [`the run stopped: ${error.code}: ${error.stack}`]
}

/** What may be spent grows each time, in the end without bounds. */
function withMore(model: Model, boundless: boolean): Model {
  const { limits } = model
  if (limits === undefined || limits.spend_usd === null) return model
  return { ...model, limits: { ...limits, spend_usd: boundless ? null : 2 * limits.spend_usd + 0.02 } }
}

interface Driven {
  /** null: the power went. */
  readonly result: RunResult | null
  readonly plan: Plan
}

/** A process that begins the run. */
function begin(world: World, ledger: MemoryLedger, model: Model, shape: Shape, fate: Random): Promise<Driven> {
  const common = start(world, ledger, model, shape, fate)
  return drive(world, ledger, common.plan, () => runPlan({ ...common, ledger, custody: 'simulated', dry_run: false }))
}

/** Another process that resumes it, some time later. */
function goOn(world: World, ledger: MemoryLedger, model: Model, shape: Shape, fate: Random): Promise<Driven> {
  if (ledger.entries_kept.length === 0) return begin(world, ledger, model, shape, fate)
  const set_back_us = shape.calls !== true && shape.sends !== true && fate.chance(0.2) ? 20_000_000 : 0
  const down_us = fate.below(10_000_000)
  const { clock } = world
  world.clock = new VirtualClock(clock.peek_us() + down_us - set_back_us, clock.passed_us() + down_us)
  const common = start(world, ledger, model, shape, fate)
  return drive(world, ledger, common.plan, () =>
    resumeRun({ ...common, ledger, reader: ledger.reader, from_ledger_only: false, abandon: shape.abandoned === true }),
  )
}

/** Decides when the power goes, or somebody stops the run, and whether commits take time. */
function start(world: World, ledger: MemoryLedger, model: Model, shape: Shape, fate: Random) {
  const stop = new AbortController()
  const steps = shape.crashes === true && fate.chance(0.7) ? fate.between(1, 12) : Number.POSITIVE_INFINITY
  world.ended_us = null
  const power = new Power(steps, () => {
    world.ended_us = world.clock.monotonic_us()
  })
  ledger.power = power
  world.power = power
  world.guards = shape.crashes === true && fate.chance(0.3) ? TIGHT : OFF
  if (shape.crashes === true && fate.chance(0.3))
    world.clock.wake(fate.below(shape.timed === true || shape.calls === true ? 3_000_000 : 300_000), () => stop.abort())
  const { clock } = world
  // Timers are only as punctual as commits are quick, and where there are any it is checked that they are.
  const slow = shape.timed !== true && fate.chance(0.5)
  ledger.pause = slow ? () => clock.sleep(fate.below(20_000)) : null
  world.services.agree(model.limits ?? NO_LIMITS, spentNusd(callsIn(ledger.subjects())))
  // With few rows in each, commits come in the midst of what batches, forks and merges set going.
  const commit_rows = fate.chance(0.5) ? fate.between(1, 5) : undefined
  const spills = shape.sorted === true || shape.joined === true
  const spill = spills ? memorySpill(fate.pick([1, 500, 3_000, 1_000_000])) : undefined
  const everything = { limit: Number.POSITIVE_INFINITY, signal: stop.signal, spill }
  return { plan: world.plan(model), run: RUN, clock: world.clock, commit_rows, ...everything }
}

const NO_LIMITS: Limits = { services: {}, spend_usd: null }

async function drive(world: World, ledger: MemoryLedger, plan: Plan, work: () => Promise<RunResult>): Promise<Driven> {
  const before = callsIn(ledger.subjects()).length
  const shown = world.published
  let result: RunResult | null = null
  try {
    await ledger.enter(() => world.clock.wall_us())
    world.clock.isBusy = () => ledger.is_busy
    world.jumps?.begin(world.clock)
    result = await world.clock.drive(work(), LONGEST_US)
  } catch (thrown) {
    if (world.power.on) throw thrown
  } finally {
    world.jumps?.end()
    await ledger.leave()
  }
  const { deliveries, problems } = world.services
  const broke = result?.error?.code === 'CUSTODY_GUARD'
  if (broke && world.published > shown) problems.push('a guard broke, and yet something was published')
  const ended_us = world.ended_us ?? world.clock.monotonic_us()
  problems.push(...lostCalls(deliveries, callsIn(ledger.subjects()).slice(before), ended_us))
  return { result: world.power.on ? result : null, plan }
}

/**
 * Times at which the run's clock stood still: from its last own entry to the one by which another process took over, and where the
 * time of day jumped.
 */
function stoodOf(ledger: MemoryLedger): (readonly [number, number])[] {
  const stood: (readonly [number, number])[] = []
  let last_us = 0
  for (const each of ledger.entries_kept) {
    if (each.kind !== 'run') continue
    const { entry } = each.draft
    if (entry.k === 'resume') stood.push([last_us, entry.t])
    if (entry.k === 'commit' || entry.k === 'stop') stood.push(...(entry.jumps ?? []))
    last_us = entry.t
  }
  return stood
}

/** How far the run was is said where a commit had ended, and each time it was further. */
function problemsOfProgress({ progressed, entries_kept }: MemoryLedger): string[] {
  const ends = progressed.map(size => entries_kept[size - 1])
  const isEnd = (each: (typeof ends)[number]) =>
    each?.kind === 'run' && ['commit', 'stop', 'resume'].includes(each.draft.entry.k)
  const grows = progressed.every((size, i) => size > (progressed[i - 1] ?? 1))
  return grows && ends.every(isEnd) ? [] : [`the run is said to have had ${progressed.join(', ')} entries`]
}

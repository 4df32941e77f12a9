/**
 * Runs one seed: a random model through the engine, against the naive interpreter where timing decides nothing, with the
 * invariants checked on every fact.
 */
import { resumeRun } from '../../src/engine/resume.ts'
import { type RunResult, runPlan } from '../../src/engine/run.ts'
import type { RunSummary } from '../../src/engine/summary.ts'
import type { SubjectDraft } from '../../src/ledger/write-port.ts'
import { type BirthFact, type EndingFact, GROUP_KINDS, type GroupKind, type VisitFact } from '../../src/model/entry.ts'
import { fateOf } from '../../src/model/outcome.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { recordedCalls } from '../../src/read/recorded/answers.ts'
import { recordedCourses } from '../../src/read/recorded/courses.ts'
import { MemoryLedger } from '../support/memory-ledger.ts'
import { Power } from '../support/power.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { callsIn, lostCalls, problemsOfCalls, spentNusd } from './call-checks.ts'
import { generateModel, type Shape } from './generate.ts'
import { type Interpretation, interpret } from './interpreter.ts'
import { problemsOf } from './invariants.ts'
import type { Limits, Model } from './model.ts'
import { Random } from './random.ts'
import { World } from './world.ts'

export interface Simulated {
  readonly model: Model
  readonly problems: readonly string[]
  readonly rows: number
  /** How often another process had to go on. */
  readonly crashes: number
}

/** An hour: many times what the longest pauses, delays and backoffs of a model add up to. */
const LONGEST_US = 3_600_000_000
const RUN = '01890000-0000-7000-8000-000000000000'

export async function simulate(seed: number, shape: Shape): Promise<Simulated> {
  const model = generateModel(new Random(seed), shape)
  const fate = new Random(seed + 2)
  const world = new World(new VirtualClock(), new Random(seed + 1))
  const ledger = new MemoryLedger()
  world.isAnnounced = key =>
    ledger.subjects().some(({ intents }) => intents.some(({ token, node }) => key === `${RUN}-${token}-${node}`))
  let { result, plan } = await begin(world, ledger, model, shape, fate)
  let crashes = 0
  for (; !ledger.sealed; crashes++) {
    // A crash loop must come to an end, and there must be money enough for one.
    const last = crashes >= 6
    const go_on = { model: withMore(model, last), shape: last ? { ...shape, crashes: false } : shape }
    ;({ result, plan } = await goOn(world, ledger, go_on.model, go_on.shape, fate))
    if (last) break
  }
  const { problems } = world.services
  if (result === null || result.error !== null)
    problems.push(`the run failed: ${result?.error?.code}: ${result?.error?.stack}`)
  else {
    const expected = shape.timed === true ? null : interpret(model)
    problems.push(...problemsOf(plan, ledger.subjects(), downsOf(ledger)))
    problems.push(...compare(world, ledger, expected, plan, result.summary))
    problems.push(...problemsOfCalls(model, callsIn(ledger.subjects()), result.summary))
    if (world.services.under_way > 0) problems.push(`${world.services.under_way} calls are under way at the end`)
    const repeats = shape.sends !== true && (shape.calls === true || shape.timed === true)
    if (repeats && problems.length === 0) {
      const came_to = { written: world.disk, endings: tellEndings(plan, ledger, []) }
      problems.push(...(await replay({ model, shape, recorded: ledger, expected: expected ?? came_to, seed })))
    }
  }
  return { model, problems, crashes, rows: result?.summary.rows.read ?? 0 }
}

interface Replay {
  readonly model: Model
  readonly shape: Shape
  readonly recorded: MemoryLedger
  readonly expected: Pick<Interpretation, 'written' | 'endings'>
  readonly seed: number
}

/**
 * The run once more, on what it has on record, and in other times: all is as it was, and nothing is asked. Then that replay
 * is replayed, too. Where the run may crash, a replay may be stopped.
 */
async function replay(task: Replay): Promise<string[]> {
  const { model, shape, expected, seed } = task
  const fate = new Random(seed + 4)
  let { recorded } = task
  for (const which of ['the replay', 'the replay of the replay']) {
    const world = new World(new VirtualClock(), new Random(seed + 3))
    const ledger = new MemoryLedger()
    const plan = world.plan(model, null)
    world.services.silent = true
    let result = await replayOnce(world, ledger, recorded, model, shape.crashes === true ? fate : null)
    while (result.error === null && !ledger.sealed) result = await replayOnce(world, ledger, recorded, model, null)
    const problems =
      result.error === null
        ? [...compare(world, ledger, expected, plan, result.summary), ...world.services.problems]
        : [`it failed: ${result.error.stack}`]
    if (problems.length > 0) return problems.map(problem => `in ${which}: ${problem}`)
    recorded = ledger
  }
  return []
}

/** Begins a replay, or goes on with it. `fate`: who decides when it is stopped, if it is. */
async function replayOnce(
  world: World,
  ledger: MemoryLedger,
  recorded: MemoryLedger,
  model: Model,
  fate: Random | null,
): Promise<RunResult> {
  const goes_on = ledger.entries_kept.length > 0
  if (goes_on) world.clock = new VirtualClock(world.clock.now_us() + 1_000_000)
  const plan = world.plan(model, null)
  const recordings = await recordedCalls(recorded, 1, plan.topology)
  const courses = await recordedCourses(recorded, 1, plan.topology, undefined)
  const stop = new AbortController()
  if (fate?.chance(0.5)) world.clock.wake(fate.below(1_000_000), () => stop.abort())
  const common = { plan, run: RUN, clock: world.clock, signal: stop.signal, recordings, courses, ledger }
  const work = goes_on
    ? resumeRun({ ...common, reader: ledger, from_ledger_only: false, abandon: false })
    : runPlan({ ...common, limit: Number.POSITIVE_INFINITY, custody: 'simulated', dry_run: false })
  return world.clock.drive(work, LONGEST_US)
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

/** Another process that goes on with it, some time later. */
function goOn(world: World, ledger: MemoryLedger, model: Model, shape: Shape, fate: Random): Promise<Driven> {
  if (ledger.entries_kept.length === 0) return begin(world, ledger, model, shape, fate)
  world.clock = new VirtualClock(world.clock.now_us() + fate.below(10_000_000))
  const common = start(world, ledger, model, shape, fate)
  return drive(world, ledger, common.plan, () =>
    resumeRun({ ...common, ledger, reader: ledger, from_ledger_only: false, abandon: false }),
  )
}

/** Decides when the power goes, or somebody stops the run, and whether commits take time. */
function start(world: World, ledger: MemoryLedger, model: Model, shape: Shape, fate: Random) {
  const stop = new AbortController()
  const power = new Power(shape.crashes === true && fate.chance(0.7) ? fate.between(1, 12) : Number.POSITIVE_INFINITY)
  ledger.power = power
  world.power = power
  if (shape.crashes === true && fate.chance(0.3))
    world.clock.wake(fate.below(shape.timed === true || shape.calls === true ? 3_000_000 : 300_000), () => stop.abort())
  const { clock } = world
  // Timers are only as punctual as commits are quick, and where there are any it is checked that they are.
  const slow = shape.timed !== true && fate.chance(0.5)
  ledger.pause = slow ? () => clock.sleep(fate.below(20_000)) : null
  world.services.agree(model.limits ?? NO_LIMITS, spentNusd(callsIn(ledger.subjects())))
  return { plan: world.plan(model), run: RUN, clock: world.clock, limit: Number.POSITIVE_INFINITY, signal: stop.signal }
}

const NO_LIMITS: Limits = { services: {}, spend_usd: null }

async function drive(world: World, ledger: MemoryLedger, plan: Plan, work: () => Promise<RunResult>): Promise<Driven> {
  const before = callsIn(ledger.subjects()).length
  let result: RunResult | null = null
  try {
    result = await world.clock.drive(work(), LONGEST_US)
  } catch (thrown) {
    if (world.power.on) throw thrown
  }
  const { told, problems } = world.services
  problems.push(...lostCalls(told, callsIn(ledger.subjects()).slice(before), world.clock.now_us()))
  return { result: world.power.on ? result : null, plan }
}

/** Times at which no process went on with the run: from its last own entry to the one by which another took over. */
function downsOf(ledger: MemoryLedger): (readonly [number, number])[] {
  const downs: (readonly [number, number])[] = []
  let last_us = 0
  for (const each of ledger.entries_kept) {
    if (each.kind !== 'run') continue
    const { k, t } = each.draft.entry
    if (k === 'resume') downs.push([last_us, t])
    last_us = t
  }
  return downs
}

/** `expected`: null where only what holds at all times can be checked. */
function compare(
  world: World,
  ledger: MemoryLedger,
  expected: Pick<Interpretation, 'written' | 'endings'> | null,
  plan: Plan,
  summary: RunSummary,
): string[] {
  const problems: string[] = []
  const told = tellEndings(plan, ledger, problems)
  if (expected !== null) {
    for (const [sink, rows] of expected.written) same(problems, `sink ${sink}`, world.disk.get(sink) ?? [], rows)
    same(problems, 'endings', Object.fromEntries([...told].sort()), Object.fromEntries([...expected.endings].sort()))
  }
  if (summary.tokens.born !== told.size || summary.tokens.open !== 0)
    problems.push(`tokens: ${JSON.stringify(summary.tokens)}, ${told.size} endings`)
  if (summary.rows.read !== summary.rows.ingested + summary.rows.rejected)
    problems.push('I4: records read ≠ ingested + rejected')
  const commits = ledger.entries_kept.flatMap(each =>
    each.kind === 'run' && each.draft.entry.k === 'commit' ? [each.draft.entry] : [],
  )
  if (commits.at(-1)?.line !== undefined) problems.push(`I12: left in line: ${JSON.stringify(commits.at(-1)?.line)}`)
  for (const { kind, name } of plan.nodes) {
    if (kind !== 'sink') continue
    const ended = [...told.values()].filter(ending => ending.endsWith(`@${name}`)).length
    const written = world.disk.get(name)?.length ?? 0
    if (summary.sinks[name]?.rows !== written || written !== ended)
      problems.push(`I4: ${name} has ${written} rows, a receipt for ${summary.sinks[name]?.rows}, and ${ended} endings`)
  }
  return problems
}

interface Opened {
  readonly kind: GroupKind
  /** Of a batch: its aggregate, and how many that had before. */
  readonly name: string
}

/** Endings by path, and what holds within each draft. */
function tellEndings(plan: Plan, ledger: MemoryLedger, problems: string[]): Map<string, string> {
  const paths = new Map<number, string>()
  const endings = new Map<string, string>()
  const ended = new Set<number>()
  const groups = new Map<number, Opened>()
  const counts = new Map<string, number>()
  const opened = ledger.subjects().flatMap(draft => draft.groups_opened)
  for (const { group, kind, node } of opened.toSorted((a, b) => a.group - b.group)) {
    const aggregate = plan.nodes[node - 1]?.name ?? '?'
    const batches = counts.get(aggregate) ?? 0
    counts.set(aggregate, batches + 1)
    groups.set(group, { kind, name: `${aggregate}#${batches}` })
  }
  for (const draft of ledger.subjects()) {
    for (const birth of draft.births) paths.set(birth.token, pathOf(birth, draft, groups, paths))
    for (const visit of draft.visits) checkVisit(plan, visit, ended, problems)
    for (const ending of draft.endings) {
      if (ended.has(ending.token)) problems.push(`I1: token ${ending.token} ends twice`)
      ended.add(ending.token)
      endings.set(paths.get(ending.token) ?? '?', nameOf(plan, ending))
    }
  }
  return endings
}

function pathOf(
  birth: BirthFact,
  draft: SubjectDraft,
  groups: ReadonlyMap<number, Opened>,
  paths: ReadonlyMap<number, string>,
): string {
  const { subject } = draft
  const group = groups.get(birth.group)
  if (group === undefined) return subject.kind === 'row' ? String(subject.row) : '?'
  const parents = birth.parents.map(parent => paths.get(parent) ?? '?')
  switch (GROUP_KINDS[group.kind]) {
    case 'batch':
      return `${group.name}.${birth.ordinal}`
    case 'merge':
      return `${parents.sort().join('&')}+`
    default:
      return `${parents[0]}.${birth.ordinal}`
  }
}

function checkVisit(plan: Plan, visit: VisitFact, ended: ReadonlySet<number>, problems: string[]): void {
  if (ended.has(visit.token)) problems.push(`I2: token ${visit.token} is visited after its end`)
  const edge = plan.edges[visit.edge - 1]
  if (visit.edge !== 0 && edge?.from !== visit.node)
    problems.push(`token ${visit.token} left node ${visit.node} by edge ${visit.edge} of another`)
}

function nameOf(plan: Plan, ending: EndingFact): string {
  const fate = fateOf(ending.fate)
  const sink = plan.nodes[ending.sink - 1]?.name
  return `${fate?.outcome}/${fate?.cause}${sink === undefined ? '' : `@${sink}`}`
}

function same(problems: string[], what: string, actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (a !== b) problems.push(`${what}: ${a?.slice(0, 600)} instead of ${b?.slice(0, 600)}`)
}

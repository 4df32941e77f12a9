/** A thread with an engine of its own, in which defects are planted: simulates until something is found. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Defect } from './defect.ts'
import { DEFECTS } from './defects.ts'
import { hasRun, plant } from './plant.ts'

/** What a thread is given. */
export interface Task {
  /** The name of one; null: the engine stays as it is, and what defects would change is watched. */
  readonly defect: string | null
  /** Each is simulated with so many seeds. What defects would change has more to run. */
  readonly shapes: readonly string[]
  readonly seeds: number
}

export interface Finding {
  /** The first seed with problems, from 1, and the first of these; null if nothing was found. */
  readonly found: { readonly seed: number; readonly problem: string } | null
  /** What is changed, or watched, and has never run; each after the name of its defect. */
  readonly never_run: readonly string[]
}

// cast: sabotage.test.ts gives it that.
const { defect, shapes, seeds } = workerData as Task
/** Seeds with which what is watched must have run. */
const MOST_SEEDS = 600

const planted = DEFECTS.filter(({ name }) => defect === null || name === defect)
const only_watch = defect === null
const all = planted.flatMap(({ changes }) => changes)
await plant(all, { only_watch })
// Loaded now, with what is planted.
const { simulate } = await import('../simulation/simulate.ts')
const { SHAPES } = await import('../simulation/shapes.ts')

const found = await find()
const never_run = planted.flatMap(({ name, changes }) =>
  changes.filter(each => !hasRun(each)).map(({ place }) => `${name}: ${place}`),
)
const finding: Finding = { found, never_run }
parentPort?.postMessage(finding)

async function find(): Promise<Finding['found']> {
  for (const { seed, shape } of cases()) {
    const problem = await firstProblem(seed, shape)
    if (problem !== null) return { seed, problem }
  }
  return null
}

function* cases(): Iterable<{ readonly seed: number; readonly shape: string }> {
  for (let seed = 1; seed <= seeds; seed++) for (const shape of shapes) yield { seed, shape }
  if (!only_watch) return
  const isMissing = ({ changes }: Defect) => !changes.every(hasRun)
  for (const each of planted)
    for (let seed = seeds + 1; seed <= MOST_SEEDS && isMissing(each); seed++) yield { seed, shape: each.shape }
}

/** The first problem of one simulation. What is thrown is a problem, too. */
async function firstProblem(seed: number, name: string): Promise<string | null> {
  const shape = SHAPES[name]
  if (shape === undefined) throw new Error(`there is no shape ${name}`)
  try {
    return (await simulate(seed, shape)).problems[0] ?? null
  } catch (thrown) {
    return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  }
}

/** A thread with an engine of its own, in which one defect is planted: simulates until something is found. */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import type { Defect } from './defects.ts'

/** What a thread is given. */
export interface Task {
  /** null: the engine as it is. */
  readonly defect: Defect | null
  readonly shapes: readonly string[]
  readonly seeds: number
}

export interface Finding {
  /** How often the text to change stands in its file; 1 if all is well. */
  readonly places: number
  /** The first seed with problems, from 1, and the first of these; null if nothing was found. */
  readonly found: { readonly seed: number; readonly problem: string } | null
}

const { defect, shapes, seeds } = workerData as Task

/** Has the file loaded with the defect in it. Returns how often its text stands there. */
function plant({ file, text, instead }: Defect): number {
  const url = new URL(`../../src/engine/${file}`, import.meta.url).href
  const source = readFileSync(fileURLToPath(url), 'utf8')
  const places = source.split(text).length - 1
  registerHooks({
    load: (loaded, context, next) => {
      if (loaded !== url) return next(loaded, context)
      return { format: 'module-typescript', source: source.replace(text, () => instead), shortCircuit: true }
    },
  })
  return places
}

async function find(): Promise<Finding['found']> {
  const { simulate } = await import('../simulation/simulate.ts')
  const { SHAPES } = await import('../simulation/shapes.ts')
  for (let seed = 1; seed <= seeds; seed++)
    for (const name of shapes) {
      const shape = SHAPES[name]
      if (shape === undefined) throw new Error(`there is no shape ${name}`)
      const problem = await firstProblem(() => simulate(seed, shape))
      if (problem !== null) return { seed, problem }
    }
  return null
}

/** The first problem of one simulation. What is thrown is a problem, too. */
async function firstProblem(run: () => Promise<{ readonly problems: readonly string[] }>): Promise<string | null> {
  try {
    return (await run()).problems[0] ?? null
  } catch (thrown) {
    return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  }
}

const places = defect === null ? 1 : plant(defect)
const finding: Finding = { places, found: places === 1 ? await find() : null }
parentPort?.postMessage(finding)

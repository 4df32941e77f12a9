/**
 * `npm run simulate -- --minutes 10`: random pipelines of all shapes, seed after seed, until the time is over or something is
 * found. Then it prints the command that repeats it, and exits with 1.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Shape } from '../test/simulation/generate.ts'
import { simulateOver } from '../test/simulation/over-store.ts'
import { repeating, SHAPES } from '../test/simulation/shapes.ts'
import { type Simulated, simulate } from '../test/simulation/simulate.ts'

const USAGE = `npm run simulate -- [--minutes N] [--seeds N] [--seed S] [--shape NAME] [--stored]

  --minutes N    how long; 10 if neither this nor --seeds is given
  --seeds N      how many seeds of each shape
  --seed S       the first seed; new ones every time if it isn't given
  --shape NAME   one of ${Object.keys(SHAPES).join(', ')}, which are all if it isn't given
  --stored       the ledger of each is a file of SQLite, too, which \`verify\` looks at in the end
`
const REPORT_EVERY_MS = 10_000

interface Task {
  readonly first: number
  readonly seeds: number
  readonly minutes: number
  readonly shapes: readonly string[]
  readonly stored: boolean
}

/** What the arguments ask for, or what is wrong with them. */
function taskOf(args: readonly string[]): Task | string {
  const text = { type: 'string' } as const
  let values: { minutes?: string; seeds?: string; seed?: string; shape?: string; stored?: boolean }
  try {
    const options = { minutes: text, seeds: text, seed: text, shape: text, stored: { type: 'boolean' } } as const
    values = parseArgs({ args: [...args], options }).values
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  const { shape } = values
  if (shape !== undefined && !Object.hasOwn(SHAPES, shape)) return `There is no shape ${shape}.`
  const number = (name: 'minutes' | 'seeds' | 'seed', otherwise: number) => {
    const given = values[name]
    return given === undefined ? otherwise : given.trim() === '' ? Number.NaN : Number(given)
  }
  const unbounded = Number.POSITIVE_INFINITY
  const task = {
    first: number('seed', Math.floor(Date.now() / 1000)),
    seeds: number('seeds', unbounded),
    minutes: number('minutes', values.seeds === undefined ? 10 : unbounded),
    shapes: shape === undefined ? Object.keys(SHAPES) : [shape],
    stored: values.stored === true,
  }
  if (!Number.isSafeInteger(task.first) || task.first < 0) return 'The seed is no whole number.'
  if (!(task.seeds > 0 && task.minutes > 0)) return 'Nothing would be simulated.'
  return task
}

/** Everything that was found with one seed of one shape. */
async function problemsWith(name: string, seed: number, stored: boolean): Promise<string[]> {
  const shape = SHAPES[name]
  if (shape === undefined) return [`there is no shape ${name}`]
  try {
    const { model, problems } = await (stored ? simulateInFile(seed, shape) : simulate(seed, shape))
    return problems.length === 0 ? [] : [...problems, JSON.stringify(model)]
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)]
  }
}

async function simulateInFile(seed: number, shape: Shape): Promise<Simulated> {
  const folder = mkdtempSync(join(tmpdir(), 'custody-simulated-'))
  try {
    return await simulateOver(`sqlite:${join(folder, 'ledger.db')}`, seed, shape)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** True if nothing was found. */
async function run({ first, seeds, minutes, shapes, stored }: Task): Promise<boolean> {
  const began_ms = performance.now()
  const spent_ms = () => performance.now() - began_ms
  let reported_ms = 0
  let runs = 0
  const report = (seed: number) => {
    reported_ms = spent_ms()
    const each_ms = (reported_ms / Math.max(1, runs)).toFixed(1)
    const seconds = Math.round(reported_ms / 1000)
    process.stderr.write(`${runs} runs, seeds ${first} to ${seed}, ${seconds} s, ${each_ms} ms each\n`)
  }
  let seed = first
  for (; seed < first + seeds && spent_ms() < minutes * 60_000; seed++) {
    for (const shape of shapes) {
      const problems = await problemsWith(shape, seed, stored)
      runs++
      if (problems.length > 0) {
        process.stdout.write(`${problems.join('\n')}\n\nrepeat with: ${repeating(shape, seed, stored)}\n`)
        return false
      }
    }
    if (spent_ms() - reported_ms > REPORT_EVERY_MS) report(seed)
  }
  report(seed - 1)
  process.stdout.write('nothing was found\n')
  return true
}

const task = taskOf(process.argv.slice(2))
if (typeof task === 'string') {
  process.stderr.write(`${task}\n\n${USAGE}`)
  process.exitCode = 2
} else process.exitCode = (await run(task)) ? 0 : 1

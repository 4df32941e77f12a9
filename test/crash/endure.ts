/**
 * One pipeline, crashed again and again until it is sealed, against the same pipeline that nobody disturbs (I5): outputs byte
 * for byte, nothing left behind, the same endings, and a record that holds, at each crash too.
 */
import type { Point } from '../../src/engine/ports/crash-points.ts'
import type { Moment } from './child.ts'
import type { CrashPipeline } from './pipelines.ts'
import { type Exit, type LedgerIn, type Outcome, Place, type Program, reportOf } from './place.ts'

/** What an undisturbed run leaves. */
export interface Undisturbed {
  readonly outputs: ReadonlyMap<string, string>
  readonly outcome: Outcome
  /** How often each point was met, and `any`: all of them together. */
  readonly points: { readonly [point: string]: number }
  /** From the first point to the end of its process. */
  readonly took_ms: number
}

export async function runUndisturbed(pipeline: CrashPipeline, ledgerIn?: LedgerIn): Promise<Undisturbed> {
  const place = new Place(pipeline, ledgerIn)
  try {
    const child = place.begin({ resume: false })
    await child.printed('"begun"')
    const began_ms = performance.now()
    const report = reportOf(await child.exit)
    const took_ms = performance.now() - began_ms
    if (report.code !== null) throw new Error(`undisturbed, ${report.code}: ${report.message}`)
    const problems = await place.problems(true)
    if (problems.length > 0) throw new Error(`undisturbed, verify finds: ${problems.join('; ')}`)
    return { outputs: place.outputs(), outcome: await place.outcome(), points: report.points, took_ms }
  } finally {
    place.close()
  }
}

/** Ends a process: by itself at a point, or from outside after a time. */
export type Kill = { readonly at: Moment } | { readonly after_ms: number }

export interface Endured {
  /** Empty if everything is as it should be. */
  readonly problems: readonly string[]
  /** How many processes were really killed: those that had finished before were not. */
  readonly killed: number
}

export interface Enduring {
  /** Whether the record is verified after each kill, and not only at the end. */
  readonly often: boolean
  /** Whether another thread writes the ledger, as in a long run. */
  readonly threaded: boolean
  /** Called after each process. */
  readonly look?: (place: Place) => Promise<void>
  /** Where the ledger is; a file in the place's folder, if absent. */
  readonly ledgerIn?: LedgerIn | undefined
}

/** Runs the pipeline, kills each process as `kills` say, one kill a process, and lets the last one finish. */
export async function endure(
  pipeline: CrashPipeline,
  kills: readonly Kill[],
  undisturbed: Undisturbed,
  { often, threaded, look, ledgerIn }: Enduring,
): Promise<Endured> {
  const place = new Place(pipeline, ledgerIn)
  const problems: string[] = []
  let killed = 0
  try {
    for (const kill of [...kills, null]) {
      const resume = await place.hasRun()
      if (!resume && leavings(place).length > 0)
        problems.push(`before any entry there is ${leavings(place).join(', ')}`)
      const at = kill !== null && 'at' in kill ? kill.at : undefined
      const exit = await ended(place.begin({ resume, threaded, kill: at }), kill)
      await look?.(place)
      if (exit.signal === null) {
        const { code, message, status } = reportOf(exit)
        // A run that was sealed before its process was killed has nothing to resume.
        const over = code === 'CUSTODY_RUN_UNKNOWN' && (await place.outcome()).status.startsWith('completed')
        if (code !== null && !over) problems.push(`${code}: ${message}`)
        else if (!over && !status?.startsWith('completed')) problems.push(`ended as ${status}`)
        break
      }
      killed++
      if (often && (await place.hasRun()))
        problems.push(...(await place.problems(false)).map(each => `after kill ${killed}: ${each}`))
    }
    problems.push(...(await compare(place, undisturbed)))
    return { problems, killed }
  } finally {
    place.close()
  }

  /** Sinks that weren't there before the run. */
  function leavings({ folder }: Place): string[] {
    const there = [...place.outputs().keys()].filter(path => pipeline.files[`out/${path}`] === undefined)
    return there.map(path => `${folder}/out/${path}`)
  }
}

async function ended(child: Program, kill: Kill | null): Promise<Exit> {
  if (kill === null || 'at' in kill) return child.exit
  const begun = await Promise.race([child.printed('"begun"').then(() => true), child.exit.then(() => false)])
  if (begun) setTimeout(() => child.process.kill('SIGKILL'), kill.after_ms)
  return child.exit
}

export async function compare(place: Place, { outputs, outcome }: Undisturbed): Promise<string[]> {
  if (!(await place.hasRun())) return ['there is no run']
  const problems = await place.problems(true)
  const there = place.outputs()
  for (const path of new Set([...outputs.keys(), ...there.keys()])) {
    const [is, should] = [there.get(path), outputs.get(path)]
    if (should === undefined) problems.push(`out/${path} was left behind`)
    else if (is === undefined) problems.push(`out/${path} is missing`)
    else if (is !== should) problems.push(`out/${path} differs ${differenceOf(is, should)}`)
  }
  const [is, should] = [JSON.stringify(await place.outcome()), JSON.stringify(outcome)]
  if (is !== should) problems.push(`the run came to ${is} instead of ${should}`)
  return problems
}

function differenceOf(is: string, should: string): string {
  const [a, b] = [is.split('\n'), should.split('\n')]
  const line = a.findIndex((text, i) => text !== b[i])
  return line === -1
    ? `: it ends after line ${a.length}`
    : `at line ${line + 1}: ${a[line]?.slice(0, 120)} instead of ${b[line]?.slice(0, 120)}`
}

/** Met only where services are called. */
export const OF_CALLS: ReadonlySet<Point> = new Set(['before_call', 'after_call'])

/** Met only by a process that resumes a run. */
const OF_RESUME: ReadonlySet<Point> = new Set(['after_take_over', 'after_resume_entry', 'mid_rewind'])

/**
 * The kills that make a run die at a point, at its first or at a later meeting; null if the pipeline never gets there.
 * Resuming is disturbed after a run that died between two commits, and later on in the one that resumed it.
 */
export function killsAt(point: Point, later: boolean, { points }: Undisturbed): readonly Kill[] | null {
  const at = (at_point: Point, nth: number): Kill => ({ at: { point: at_point, nth } })
  const sinks = points.mid_publish ?? 0
  if (point === 'mid_rewind') {
    if (later && sinks < 2) return null
    return later
      ? [at('mid_flush', sinks + 1), at(point, sinks), at('mid_flush', 2), at(point, 2)]
      : [at('after_flush', 2), at(point, 1)]
  }
  if (OF_RESUME.has(point))
    return later
      ? [at('mid_flush', sinks + 1), at(point, 1), at(point, 1), at('after_commit', 1), at(point, 1)]
      : [at('mid_flush', sinks + 1), at(point, 1)]
  const met = points[point] ?? 0
  if (met < (later ? 2 : 1)) return null
  return [at(point, later ? Math.ceil((met + 2) / 2) : 1)]
}

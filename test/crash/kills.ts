/** Tests of runs that are killed at the named points, whatever keeps their ledger. */
import { afterAll, describe, expect, test } from 'vitest'
import { POINTS, type Point } from '../../src/engine/ports/crash-points.ts'
import { type Enduring, endure, killsAt, OF_CALLS, runUndisturbed, type Undisturbed } from './endure.ts'
import { type CrashPipeline, PIPELINES } from './pipelines.ts'
import type { LedgerIn } from './place.ts'

export interface Case {
  readonly pipeline: CrashPipeline
  readonly point: Point
  readonly later: boolean
  readonly threaded: boolean
}

const OF_RUNS = POINTS.filter(point => !OF_CALLS.has(point))
/** Met once in each process that gets this far: there is no later time. */
const ONCE: ReadonlySet<Point> = new Set([
  ...(['before_open', 'after_open', 'mid_deal', 'after_deal', 'after_cut', 'after_outputs_open'] as const),
  ...(['before_publish', 'before_seal', 'after_seal'] as const),
])

/** Of each pipeline what it leaves, run when it is first asked for. */
export function undisturbedRuns(ledgerIn?: LedgerIn): (pipeline: CrashPipeline) => Promise<Undisturbed> {
  const runs = new Map<string, Promise<Undisturbed>>()
  return pipeline => {
    const found = runs.get(pipeline.name) ?? runUndisturbed(pipeline, ledgerIn)
    runs.set(pipeline.name, found)
    return found
  }
}

/** Each pipeline at each point, the first and a later time, with one thread and two. */
export function everyCase(): readonly Case[] {
  return PIPELINES.flatMap(pipeline =>
    OF_RUNS.flatMap(point =>
      [false, true].flatMap(later => [false, true].map(threaded => ({ pipeline, point, later, threaded }))),
    ),
  )
}

/** Each point once, with first and later times, threads and the pipelines in turn. */
export function eachPoint(seed: number): readonly Case[] {
  return OF_RUNS.map((point, i) => ({
    pipeline: PIPELINES[(i + seed) % PIPELINES.length] as CrashPipeline,
    point,
    later: !ONCE.has(point) && (i + seed) % 2 === 0,
    threaded: (i + seed) % 4 < 2,
  }))
}

/** `undisturbed`: what is to be left. */
export function testKills(
  cases: readonly Case[],
  undisturbed: (pipeline: CrashPipeline) => Promise<Undisturbed>,
  how: Pick<Enduring, 'often' | 'ledgerIn'>,
): void {
  const named = (each: Case) =>
    [
      ...([each.pipeline.name, each.point] as const),
      ...([each.later ? 'a later time' : 'first', each.threaded ? 'two threads' : 'one thread', each] as const),
    ] as const
  const count = { planned: 0, killed: 0 }
  describe.concurrent('a run that is killed and resumed leaves what an undisturbed one leaves', () => {
    afterAll(() => expect(count.killed).toBeGreaterThanOrEqual(Math.floor(count.planned / 2)))
    test.for(cases.map(named))('%s, %s, %s, %s', async ([, point, , , { pipeline, later, threaded }], { skip }) => {
      const whole = await undisturbed(pipeline)
      const kills = killsAt(point, later, whole)
      if (kills === null) return skip('the pipeline never comes there so often')
      const { problems, killed } = await endure(pipeline, kills, whole, { ...how, threaded })
      expect(problems).toEqual([])
      // A process that is faster than the undisturbed one was makes fewer commits, and may not come to a point so often: but once.
      const [first, ...others] = kills
      const is_first = others.length === 0 && first !== undefined && 'at' in first && first.at.nth === 1
      if (pipeline.asynchronous) return
      if (is_first) expect(killed).toBe(1)
      count.planned += kills.length
      count.killed += killed
    })
  })
}

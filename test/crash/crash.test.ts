/**
 * Processes that are killed for real, at the named points and anywhere. `npm test` has a selection, `npm run proofs` each point
 * once; `npm run crash` has every pipeline at every point, and many more kills at random.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { POINTS, type Point } from '../../src/engine/ports/crash-points.ts'
import { Random } from '../simulation/random.ts'
import { ALL, LONG, sampled } from '../support/form.ts'
import { type Endured, endure, type Kill, killsAt, OF_CALLS, runUndisturbed, type Undisturbed } from './endure.ts'
import { type CrashPipeline, PIPELINES, pipelineNamed } from './pipelines.ts'

const SEED = Number(process.env.CUSTODY_SEED ?? 1)
const RANDOM = ALL ? 50 : 4

const undisturbed = new Map<string, Promise<Undisturbed>>()
/** Of each pipeline that is crashed once. */
function of(pipeline: CrashPipeline): Promise<Undisturbed> {
  const found = undisturbed.get(pipeline.name) ?? runUndisturbed(pipeline)
  undisturbed.set(pipeline.name, found)
  return found
}

/** Met once in each process that gets this far: there is no later time. */
const ONCE: ReadonlySet<Point> = new Set([
  ...(['before_open', 'after_open', 'after_outputs_open'] as const),
  ...(['before_publish', 'before_seal', 'after_seal'] as const),
])

interface Case {
  readonly pipeline: CrashPipeline
  readonly point: Point
  readonly later: boolean
  readonly threaded: boolean
}

/** All of all; or each point once, or some, with first and later times, threads and the pipelines in turn. */
function cases(): readonly Case[] {
  const points = POINTS.filter(point => !OF_CALLS.has(point))
  if (ALL)
    return PIPELINES.flatMap(pipeline =>
      points.flatMap(point =>
        [false, true].flatMap(later => [false, true].map(threaded => ({ pipeline, point, later, threaded }))),
      ),
    )
  const all = points.map((point, i) => ({
    pipeline: PIPELINES[(i + SEED) % PIPELINES.length] as CrashPipeline,
    point,
    later: !ONCE.has(point) && (i + SEED) % 2 === 0,
    threaded: (i + SEED) % 4 < 2,
  }))
  return sampled(all, 10)
}

test('docs/crash-safety.md says what happens at each point', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/crash-safety.md'), 'utf8')
  expect([...text.matchAll(/^\| `([a-z]+_[a-z_]+)` \|/gm)].map(([, point]) => point)).toEqual([...POINTS])
})

describe.concurrent('a run that is killed and resumed leaves what an undisturbed one leaves', () => {
  const named = (each: Case) =>
    [
      ...([each.pipeline.name, each.point] as const),
      ...([each.later ? 'a later time' : 'first', each.threaded ? 'two threads' : 'one thread', each] as const),
    ] as const
  test.for(cases().map(named))('%s, %s, %s, %s', async ([, point, , , { pipeline, later, threaded }], { skip }) => {
    const whole = await of(pipeline)
    const kills = killsAt(point, later, whole)
    if (kills === null) return skip('the pipeline never comes there so often')
    const { problems, killed } = await endure(pipeline, kills, whole, ALL, threaded)
    expect(problems).toEqual([])
    // Where answers come sooner or later there may be fewer commits than in the undisturbed run.
    if (!pipeline.asynchronous) expect(killed).toBe(kills.length)
  })
})

// Whatever else the selection has: in these many are under way, held and in branches.
test.each(sampled(['batches', 'branches', 'sorts', 'joined'], 4))(
  'rows that were under way keep the order of their fields: %s',
  async name => {
    const pipeline = pipelineNamed(name)
    const whole = await of(pipeline)
    const kills = killsAt('mid_rewind', false, whole) ?? []
    const { problems, killed } = await endure(pipeline, kills, whole, ALL, false)
    expect(problems).toEqual([])
    expect(killed).toBe(2)
  },
)

// Whatever else the selection has: commits end within files and between them.
const OF_FILES = [
  ['before_flush', 3, 'after_flush', 2],
  ['after_commit', 2, 'after_commit', 1],
] as const
test.runIf(LONG).each(OF_FILES)(
  'a run of many files continues in the right one: %s %i, then %s %i',
  async (first, nth, second, later) => {
    const pipeline = pipelineNamed('folders')
    const kills: Kill[] = [{ at: { point: first, nth } }, { at: { point: second, nth: later } }]
    const { problems, killed } = await endure(pipeline, kills, await of(pipeline), true, false)
    expect(problems).toEqual([])
    expect(killed).toBe(2)
  },
)

// Where it is on record that rows are about to be sent, and nobody can know whether they were. 16 are at a time.
const SENT = [
  [5, true],
  [1, false],
] as const
test.runIf(LONG).each(SENT)(
  'rows that may have been sent are sent again: killed at the %i. time',
  async (nth, threaded) => {
    const pipeline = pipelineNamed('letters')
    const kill: Kill = { at: { point: 'before_send', nth } }
    const { problems, killed } = await endure(pipeline, [kill, kill], await of(pipeline), true, threaded)
    expect(problems).toEqual([])
    expect(killed).toBe(2)
  },
)

describe.runIf(LONG)('a run that is killed anywhere', () => {
  const random = new Random(SEED)
  const seeds = Array.from({ length: RANDOM }, () => random.below(2 ** 31))

  test.each(seeds)('at any points, continues as if nothing had happened: seed %i', async seed => {
    const fate = new Random(seed)
    const pipeline = fate.pick(PIPELINES)
    const threaded = fate.chance(0.5)
    const any = (nth: number): Kill => ({ at: { point: 'any', nth } })
    const whole = await of(pipeline)
    const met = whole.points.any ?? 0
    const more = Array.from({ length: fate.below(3) }, () => any(fate.between(1, met)))
    let nth = met + 1
    let endured: Endured
    // How many commits a run makes depends on its speed: one that was done too soon is run again, and killed earlier.
    do {
      nth = fate.between(1, nth - 1)
      endured = await endure(pipeline, [any(nth), ...more], whole, true, threaded)
      expect(endured.problems, `${pipeline.name}: ${nth}, ${JSON.stringify(more)}`).toEqual([])
    } while (endured.killed === 0 && nth > 1)
    expect(endured.killed).toBeGreaterThan(0)
  })

  // Each kill may come too late; many together can't. So there are many or none.
  describe.runIf(ALL)('at any time', () => {
    let killed = 0

    test.each(seeds)('continues as if nothing had happened: seed %i', async seed => {
      const fate = new Random(seed)
      const pipeline = fate.pick(PIPELINES)
      const whole = await of(pipeline)
      const kills = Array.from(
        { length: fate.between(1, 3) },
        (): Kill => ({
          after_ms: fate.next() * whole.took_ms,
        }),
      )
      const endured = await endure(pipeline, kills, whole, true, fate.chance(0.5))
      killed += endured.killed
      expect(endured.problems, `${pipeline.name}: ${JSON.stringify(kills)}`).toEqual([])
    })

    afterAll(() => expect(killed).toBeGreaterThan(0))
  })
})

/**
 * Processes that are killed for real, at the named points and anywhere. `npm test` has a selection, `npm run proofs` each point
 * once; `npm run crash` has every pipeline at every point, and many more kills at random.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { POINTS } from '../../src/engine/ports/crash-points.ts'
import { Random } from '../simulation/random.ts'
import { ALL, LONG, sampled } from '../support/form.ts'
import { type Endured, endure, type Kill, killsAt } from './endure.ts'
import { eachPoint, everyCase, testKills, undisturbedRuns } from './kills.ts'
import { PIPELINES, pipelineNamed } from './pipelines.ts'

const SEED = Number(process.env.CUSTODY_SEED ?? 1)
const RANDOM = ALL ? 50 : 4

const of = undisturbedRuns()

test('docs/crash-safety.md says what happens at each point', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/crash-safety.md'), 'utf8')
  expect([...text.matchAll(/^\| `([a-z]+_[a-z_]+)` \|/gm)].map(([, point]) => point)).toEqual([...POINTS])
})

/** In the short form the one in which all is done but said to be. */
const cases = eachPoint(SEED).filter(({ point }) => LONG || point === 'before_seal')
testKills(ALL ? everyCase() : cases, of, { often: ALL })

// Whatever else the selection has: in these many are under way, held and in branches.
test.each(sampled(['batches', 'branches', 'sorts', 'joined'], 4))(
  'rows that were under way keep the order of their fields: %s',
  { tags: ['proof'] },
  async name => {
    const pipeline = pipelineNamed(name)
    const whole = await of(pipeline)
    const kills = killsAt('mid_rewind', false, whole) ?? []
    const { problems, killed } = await endure(pipeline, kills, whole, { often: ALL, threaded: false })
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
    const { problems, killed } = await endure(pipeline, kills, await of(pipeline), { often: true, threaded: false })
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
    const { problems, killed } = await endure(pipeline, [kill, kill], await of(pipeline), { often: true, threaded })
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
      endured = await endure(pipeline, [any(nth), ...more], whole, { often: true, threaded })
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
      const endured = await endure(pipeline, kills, whole, { often: true, threaded: fate.chance(0.5) })
      killed += endured.killed
      expect(endured.problems, `${pipeline.name}: ${JSON.stringify(kills)}`).toEqual([])
    })

    afterAll(() => expect(killed).toBeGreaterThan(0))
  })
})

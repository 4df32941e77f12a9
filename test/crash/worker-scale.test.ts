/**
 * Random runs that several machines work on, with random faults of machines, clocks, the network and the database: what they come to is what it is
 * in one process. `npm run scale` does 300 of them, `CUSTODY_SCALE=1 CUSTODY_SEED=4711 npm run scale` the one with this seed.
 */
// @module-tag proof
import { afterAll, beforeAll, describe, test } from 'vitest'
import { Random } from '../simulation/random.ts'
import { FarSide } from '../support/far-side.ts'
import { LONG } from '../support/form.ts'
import { hostsServer } from '../support/hosts-server.ts'
import { randomHostsPipeline } from '../support/random-hosts-pipeline.ts'
import { playRandomRun } from '../support/random-hosts-run.ts'

const ASKED = process.env.CUSTODY_SCALE
/** Proofs have the same ones each time, though not the same moments: the last two ask services, the first of them with races. */
const FIXED = [2, 3, 4, 7, 9]
const FIRST = Number(process.env.CUSTODY_SEED ?? Math.floor(Date.now() / 1000))
const SEEDS = ASKED === undefined ? FIXED : Array.from({ length: Number(ASKED) }, (_, i) => FIRST + i)
const server = await hostsServer(LONG || ASKED !== undefined)

describe.skipIf(server.why !== '')(`random runs with workers on several machines${server.why}`, () => {
  let far_side: FarSide
  beforeAll(async () => {
    far_side = await FarSide.begin()
  })
  afterAll(() => far_side.close())

  test.each(SEEDS)('seed %i', async seed => {
    const random = new Random(seed)
    const began_ms = performance.now()
    try {
      const pipeline = randomHostsPipeline(random, far_side.url)
      const { happened, account } = await playRandomRun({ server, far_side, pipeline, random })
      const seconds = Math.round((performance.now() - began_ms) / 1000)
      if (ASKED !== undefined)
        console.info(`seed ${seed}: ${seconds} s, ${happened.join(', ')}, ${JSON.stringify(account)}`)
    } catch (cause) {
      throw new Error(`repeat with: CUSTODY_SCALE=1 CUSTODY_SEED=${seed} npm run scale\n${String(cause)}`, { cause })
    }
  })
})

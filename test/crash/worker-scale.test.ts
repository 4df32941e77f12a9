/**
 * Random runs that several machines work on, with random faults of machines, clocks, the network and the database: what they come to is what it is
 * in one process. `npm run scale` does 300 of them, `CUSTODY_SCALE=1 CUSTODY_SEED=4711 npm run scale` the one with this seed.
 */
// @module-tag proof
import { describe, test } from 'vitest'
import { Random } from '../simulation/random.ts'
import { LONG } from '../support/form.ts'
import { hostsServer } from '../support/hosts-server.ts'
import { randomHostsPipeline } from '../support/random-hosts-pipeline.ts'
import { playRandomRun } from '../support/random-hosts-run.ts'

const ASKED = process.env.CUSTODY_SCALE
const RUNS = Number(ASKED ?? (LONG ? 5 : 0))
/** Proofs have the same ones each time, though not the same moments. */
const FIRST = Number(process.env.CUSTODY_SEED ?? (ASKED === undefined ? 1 : Math.floor(Date.now() / 1000)))
const server = await hostsServer(RUNS > 0)

describe.skipIf(server.why !== '')(`random runs with workers on several machines${server.why}`, () => {
  test.each(Array.from({ length: Math.max(1, RUNS) }, (_, i) => FIRST + i))('seed %i', async seed => {
    const random = new Random(seed)
    try {
      await playRandomRun(server, randomHostsPipeline(random), random)
    } catch (cause) {
      throw new Error(`repeat with: CUSTODY_SCALE=1 CUSTODY_SEED=${seed} npm run scale\n${String(cause)}`, { cause })
    }
  })
})

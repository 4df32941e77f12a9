/**
 * Random pipelines into PostgreSQL, with crashes between any two durable steps: they do what a naive interpreter does, whatever must hold holds, and the
 * ledger that is left is sound. A few in `npm test`, more in `npm run postgres`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ownKeychain } from '../../src/ledger/encryption/keychain.ts'
import { newLedgerKeyText, parseLedgerKey } from '../../src/ledger/encryption/ledger-key.ts'
import { openLedgerReader } from '../../src/ledger/open.ts'
import { verifyLedger } from '../../src/read/verify/verify.ts'
import { SHAPES } from '../simulation/shapes.ts'
import { simulate } from '../simulation/simulate.ts'
import { SimulatedStore } from '../simulation/stored.ts'
import { testPorts } from '../support/ledger.ts'
import { ALL_OF_POSTGRES, newDatabase, postgres } from '../support/postgres.ts'

const SEEDS = ALL_OF_POSTGRES ? 3 : 1
const FIRST = Number(process.env.CUSTODY_SEED ?? 1)
const OF_ALL = ['groups-batches-crashes'] as const

const server = await postgres()

describe.skipIf(server.url === null)(`random pipelines into PostgreSQL${server.said}`, () => {
  const key = parseLedgerKey(newLedgerKeyText(), 'the test')
  ownKeychain.add(key)
  let database: Awaited<ReturnType<typeof newDatabase>>
  let crashed = 0
  beforeAll(async () => {
    database = await newDatabase(server.url ?? '')
  })
  afterAll(() => database.remove())

  test.each(ALL_OF_POSTGRES ? OF_ALL : OF_ALL.slice(0, 1))('%s', async name => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const url = `${database.url}?schema=${name.replaceAll('-', '_')}_${seed}`
      const ledger = new SimulatedStore(url, seed % 2 === 0 ? key : undefined)
      const { problems, crashes, model } = await simulate(seed, SHAPES[name] ?? expect.fail(name), ledger)
      expect(problems, `${name}, seed ${seed}: ${JSON.stringify(model)}`).toEqual([])
      crashed += crashes
      const reader = await openLedgerReader(url)
      const { runs } = await verifyLedger(reader, { keys: testPorts().trust.keys })
      await reader.close()
      expect(runs.flatMap(({ checks }) => checks.flatMap(each => each.problems))).toEqual([])
    }
  })

  test.runIf(ALL_OF_POSTGRES)('crashed, and were resumed', () => expect(crashed).toBeGreaterThan(0))
})

/**
 * Random pipelines into PostgreSQL, encrypted ones too, with crashes between any two durable steps: they do what a naive interpreter does,
 * whatever must hold holds, and the ledger that is left is sound. One in `npm test`, one of each shape in `npm run postgres`.
 */
// @module-tag proof
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ownKeychain } from '../../src/ledger/encryption/keychain.ts'
import { newLedgerKeyText, parseLedgerKey } from '../../src/ledger/encryption/ledger-key.ts'
import { simulateOver } from '../simulation/over-store.ts'
import { SHAPES } from '../simulation/shapes.ts'
import { ALL_OF_POSTGRES, newDatabase, postgres } from '../support/postgres.ts'

const FIRST = Number(process.env.CUSTODY_SEED ?? 1)
const ONE = 'groups-batches-crashes'

/** Each shape has a seed of its own, so that it isn't the same model again. */
const cases = Object.entries(SHAPES).map(([name, shape], i) => ({ name, shape, seed: FIRST + i }))

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

  test.each(cases.filter(({ name }) => ALL_OF_POSTGRES || name === ONE))('$name, seed $seed', async each => {
    const url = `${database.url}?schema=${each.name.replaceAll('-', '_')}`
    const encryption = each.seed % 2 === 0 ? key : undefined
    const { problems, crashes, model } = await simulateOver(url, each.seed, each.shape, encryption)
    expect(problems, JSON.stringify(model)).toEqual([])
    crashed += crashes
  })

  test.runIf(ALL_OF_POSTGRES)('crashed, and were resumed', () => expect(crashed).toBeGreaterThan(0))
})

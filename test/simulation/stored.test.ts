/**
 * Random pipelines into files of SQLite, encrypted ones too, with crashes between any two durable steps: they do what a naive interpreter does,
 * whatever must hold holds, and the ledger that is left is sound. The same into PostgreSQL: test/postgres/simulation.test.ts.
 */
// @module-tag proof
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ownKeychain } from '../../src/ledger/encryption/keychain.ts'
import { newLedgerKeyText, parseLedgerKey } from '../../src/ledger/encryption/ledger-key.ts'
import { LONG, sampled } from '../support/form.ts'
import { simulateOver } from './over-store.ts'
import { repeating, SHAPES } from './shapes.ts'

/** Of each shape; of those with calls, which take longer, a quarter. */
const SEEDS = Number(process.env.CUSTODY_SEEDS ?? (LONG ? 12 : 1))
const FIRST = Number(process.env.CUSTODY_SEED ?? 1)

const folder = mkdtempSync(join(tmpdir(), 'custody-stored-'))
const key = parseLedgerKey(newLedgerKeyText(), 'the test')
ownKeychain.add(key)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(sampled(Object.entries(SHAPES), 11))('random pipelines into SQLite: %s', async (name, shape) => {
  const seeds = shape.calls === true ? Math.ceil(SEEDS / 4) : SEEDS
  for (let seed = FIRST; seed < FIRST + seeds; seed++) {
    const path = join(folder, `${name}-${seed}.db`)
    const { problems, model } = await simulateOver(`sqlite:${path}`, seed, shape, seed % 2 === 0 ? key : undefined)
    expect(problems, `repeat with: ${repeating(name, seed, true)}\n${JSON.stringify(model)}`).toEqual([])
    rmSync(path)
  }
})

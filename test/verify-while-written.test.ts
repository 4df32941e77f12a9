/** A ledger that is written while it is read: each reader sees one moment of it, and accuses nobody. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseVerifierKey } from '../src/format/verifier-key.ts'
import { openLedgerReader } from '../src/ledger/open.ts'
import type { LedgerReader } from '../src/ledger/read-port.ts'
import { verifyLedger } from '../src/read/verify/verify.ts'
import { testPorts } from './support/ledger.ts'
import { RICH, runModel } from './support/simulated-ledger.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-while-written-'))
const url = `sqlite:${join(folder, 'custody.db')}`
const keys = [parseVerifierKey(testPorts().signer.verifier_key)]
let reader: LedgerReader

beforeAll(async () => {
  await runModel(url, RICH, 1, { after_us: 30_000, next: 'nothing' })
  reader = await openLedgerReader(url)
})
afterAll(async () => {
  await reader.close()
  rmSync(folder, { recursive: true, force: true })
})

/** What `verify` reads, one after the other: between which two of them is written is what differs. */
const STEPS = ['integrity', 'head', 'allLogs', 'heads', 'leases', 'size', 'count'] as const

test.each(STEPS)('a run that is opened, continues and is sealed before `%s` is read', async step => {
  let written = false
  const n = 2 + STEPS.indexOf(step)
  const between = new Proxy(reader, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name)
      if (typeof found !== 'function') return found
      if (name !== step) return found.bind(target)
      return async (...given: unknown[]) => {
        if (!written) {
          written = true
          await runModel(url, RICH, n)
        }
        return (found as (...given: unknown[]) => unknown).apply(target, given)
      }
    },
  })
  const result = await verifyLedger(between, { keys })
  expect(written).toBe(true)
  expect(result.runs.flatMap(run => run.checks.flatMap(check => check.problems))).toEqual([])
  expect([result.ok, result.runs.length]).toEqual([true, n - 1])
})

/**
 * Anything anywhere: random edits of a small ledger's cells and bytes. Each edit that changes what is stored is a problem that
 * `verify` names; what is shown is what it was before, or it is said that it doesn't hold; and whatever was changed, no reader
 * ends in anything but an answer or an error that has a code.
 */
// @module-tag proof
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openLedgerReader } from '../src/ledger/open.ts'
import type { LedgerReader } from '../src/ledger/read-port.ts'
import { isCustodyError } from '../src/model/error.ts'
import { verifyLedger } from '../src/read/verify/verify.ts'
import { Random } from './simulation/random.ts'
import { randomEdit } from './support/cell-edits.ts'
import { Forger } from './support/forger.ts'
import { LONG } from './support/form.ts'
import { type Answers, askAll, showAll } from './support/readers.ts'
import { RICH, runModel } from './support/simulated-ledger.ts'

/** Edits that are tried; as many as one likes with CUSTODY_EDITS. */
const EDITS = Number(process.env.CUSTODY_EDITS ?? (LONG ? 1_000 : 12))
const FLIPS = Math.ceil(EDITS / 5)

let forger: Forger
let bytes: Buffer
let untouched: Answers
beforeAll(async () => {
  forger = await Forger.of(async url => {
    await runModel(url, RICH, 1)
    await runModel(url, RICH, 2, { after_us: 30_000, next: 'nothing' })
  })
  bytes = forger.bytes()
  untouched = await showAll(forger.reader, 'untouched')
})
afterAll(() => forger.close())

test(`${EDITS} cells, records and numbers`, async () => {
  for (let seed = 1; seed <= EDITS; seed++) {
    const { what, apply } = randomEdit(forger.db, new Random(seed))
    let done = false
    const tamper = () => {
      done = apply()
    }
    await forger.within(tamper, async () => {
      if (!done) return
      expect((await verifyLedger(forger.reader, { keys: forger.keys })).ok, `seed ${seed}: ${what}`).toBe(false)
      await askAll(forger.reader, forger.keys, `seed ${seed}: ${what}`)
      await mustBeSame(forger.reader, `seed ${seed}: ${what}`)
    })
  }
})

test(`${FLIPS} bytes of the file`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'custody-flips-'))
  try {
    for (let seed = 1; seed <= FLIPS; seed++) {
      const random = new Random(seed)
      const path = join(folder, `${seed}.db`)
      const flipped = Buffer.from(bytes)
      for (let i = 0; i < random.between(1, 4); i++) {
        const at = random.below(random.chance(0.2) ? 100 : bytes.length)
        flipped[at] = (flipped[at] as number) ^ random.between(1, 255)
      }
      writeFileSync(path, flipped)
      await ask(path, `seed ${seed}`)
      rmSync(path)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** Nothing is shown but what was there before. */
async function mustBeSame(reader: LedgerReader, what: string): Promise<void> {
  const shown = await reader.snapshot(() => showAll(reader, what))
  for (const [asked, answer] of Object.entries(shown))
    if (answer !== null) expect(answer, `${what}: ${asked}`).toBe(untouched[asked])
}

async function ask(path: string, what: string): Promise<void> {
  let reader: LedgerReader
  try {
    reader = await openLedgerReader(`sqlite:${path}`, 1)
  } catch (error) {
    expect(isCustodyError(error), `${what}: ${error}`).toBe(true)
    return
  }
  try {
    await askAll(reader, forger.keys, what)
    await mustBeSame(reader, what)
  } finally {
    await reader.close()
  }
}

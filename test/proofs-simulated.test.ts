/**
 * Each row of random ledgers is proven, and its proof checked: it holds, tells the story that `explain` tells, and whoever edits it gets no claim
 * that the honest one hasn't.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { proofText, type RowProof } from '../src/format/proof.ts'
import { parseVerifierKey } from '../src/format/verifier-key.ts'
import { openLedgerReader } from '../src/ledger/open.ts'
import { canonicalize } from '../src/model/canonical.ts'
import { type CheckedProof, checkProof } from '../src/read/check/check-proof.ts'
import { CheckedReader } from '../src/read/evidence/checked-reader.ts'
import { explainRow } from '../src/read/explain/explain.ts'
import { storyJson } from '../src/read/explain/json.ts'
import type { Story } from '../src/read/explain/story.ts'
import { proveRow } from '../src/read/prove/prove.ts'
import { closingOf } from '../src/read/runs/run-log.ts'
import { generateModel, type Shape } from './simulation/generate.ts'
import { Random } from './simulation/random.ts'
import { LONG } from './support/form.ts'
import { testPorts } from './support/ledger.ts'
import { claimsBeyond, edited } from './support/proof-edits.ts'
import { RICH, runModel, simulatedRun } from './support/simulated-ledger.ts'

/** In all: 500 ledgers, 100 proofs that are edited 200 times. */
const SEEDS = Number(process.env.CUSTODY_SEEDS ?? (LONG ? 100 : 1))
const FIRST = Number(process.env.CUSTODY_SEED ?? 1)
const EDITED = LONG ? 20 : 1
const EDITS = LONG ? 200 : 60

const BASE = { later: true, groups: true, crashes: false, max_nodes: 12, max_rows: LONG ? 20 : 8 }
const SHAPES: ReadonlyArray<readonly [string, Shape]> = [
  ['forks and batches', { ...BASE, calls: true, nested: true, batched: true }],
  ['batches by key', { ...BASE, keyed: true, calls: true }],
  ['sorts and joins', { ...BASE, sorted: true, joined: true }],
  ['requests with several rows', { ...BASE, sends: true, batches: true }],
  ['time', { ...BASE, timed: true }],
]

const folder = mkdtempSync(join(tmpdir(), 'custody-proofs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const keys = [parseVerifierKey(testPorts().signer.verifier_key)]

interface Proven {
  readonly proof: RowProof
  readonly honest: CheckedProof
}

/** The proofs of all rows of a run, without what they share and with it, each checked. */
async function provenRows(url: string, n: number): Promise<readonly Proven[]> {
  const inner = await openLedgerReader(url)
  try {
    return await inner.snapshot(async () => {
      const reader = new CheckedReader(inner, { remembered: null })
      const run = simulatedRun(n)
      const log = (await inner.logOf(run)) ?? 0
      const { tree } = await reader.check(log)
      const { totals } = await closingOf(reader, log)
      const all: Proven[] = []
      for (let row = 1; row <= totals.rows.read; row++) {
        const explained = comparable(await explainRow(reader, log, row))
        for (const include_shared of [false, true]) {
          const options = { withhold: [], only_exact: false, include_shared }
          const { proof } = await proveRow(reader, { log, run, tree }, row, options)
          const honest = await checkProof(proofText(proof), { trusted: keys })
          expect(honest.checks.filter(each => !each.ok)).toEqual([])
          expect(honest).toMatchObject({ ok: true, trust: 'key', kind: 'row', run, row })
          if (include_shared) expect([comparable(honest.story as Story), honest.withheld]).toEqual([explained, 0])
          all.push({ proof, honest })
        }
      }
      return all
    })
  } finally {
    await inner.close()
  }
}

/**
 * Without what a proof doesn't have by design: where files are, and the key of the run's own head. Rows that are stored as changes of others
 * have their fields in another order than whole ones.
 */
function comparable(story: Story): string {
  const text = JSON.stringify(storyJson(story), (key, value) => {
    if (key === 'path' || key === 'signed_by') return undefined
    return key === 'unset' ? value.toSorted() : value
  })
  return canonicalize(JSON.parse(text))
}

test.each(SHAPES)('the rows of random pipelines with %s', async (name, shape) => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const url = `sqlite:${join(folder, `${name} ${seed}.db`)}`
    await runModel(url, generateModel(new Random(seed), shape), seed)
    const proven = await provenRows(url, seed)
    if (seed - FIRST < EDITED) await mustClaimNoMore(proven, new Random(seed), `CUSTODY_SEED=${seed} CUSTODY_SEEDS=1`)
  }
})

test('a row that met everything, in a run that was resumed and in one that was abandoned', async () => {
  for (const [i, next] of (['resume', 'abandon'] as const).entries()) {
    const url = `sqlite:${join(folder, `${next}.db`)}`
    await runModel(url, RICH, i + 1, { after_us: 60_000, next })
    await mustClaimNoMore(await provenRows(url, i + 1), new Random(i + 1), next)
  }
})

/** Parts of one proof are put into another, too. */
async function mustClaimNoMore(proven: readonly Proven[], random: Random, repeat: string): Promise<void> {
  if (proven.length === 0) return
  const { proof, honest } = proven[random.below(proven.length)] as Proven
  for (let i = 0; i < EDITS; i++) {
    const other = proven[random.below(proven.length)] as Proven
    const text = edited(proof, other.proof, random)
    expect(await claimsBeyond(text, [honest, other.honest], keys), `${repeat}, edit ${i}: ${text}`).toEqual([])
  }
}

/**
 * Each row of random ledgers is proven, and its proof checked: it holds, tells the story that `explain` tells, and whoever edits it gets no claim
 * that the honest one hasn't, from any of the three checkers.
 */
// @module-tag proof
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
import { NO_PYTHON, type PythonAnswer, pythonJudge } from './python/python.ts'
import { generateModel, type Shape } from './simulation/generate.ts'
import { Random } from './simulation/random.ts'
import { LONG, sampled } from './support/form.ts'
import { testPorts } from './support/ledger.ts'
import { checkedBy, claimsBeyond, edited } from './support/proof-edits.ts'
import { RICH, runModel, simulatedRun } from './support/simulated-ledger.ts'

/** In all: 500 ledgers, 100 proofs that are edited 200 times, of which all three checkers say the same. */
const SEEDS = Number(process.env.CUSTODY_SEEDS ?? (LONG ? 100 : 1))
const FIRST = Number(process.env.CUSTODY_SEED ?? 1)
const EDITED = LONG ? 20 : 1
const EDITS = LONG ? 200 : 30

const BASE = { later: true, groups: true, crashes: false, max_nodes: 12, max_rows: LONG ? 20 : 8 }
const SHAPES: ReadonlyArray<readonly [string, Shape]> = [
  ['forks and batches', { ...BASE, calls: true, nested: true, batched: true }],
  ['batches by key', { ...BASE, keyed: true, calls: true }],
  ['sorts and joins', { ...BASE, sorted: true, joined: true }],
  ['requests with several rows', { ...BASE, sends: true, batches: true }],
  ['time', { ...BASE, timed: true }],
]

const folder = mkdtempSync(join(tmpdir(), 'custody-proofs-'))
const [KEY = ''] = testPorts().signer.verifier_keys
const keys = [parseVerifierKey(KEY)]

// A Chromium takes a second to start.
const browser = LONG ? await import('./page/chromium.ts') : null
const chromium = (await browser?.startChromium()) ?? { ok: false as const }
let python: ReturnType<typeof pythonJudge> | null = null
let page: Awaited<ReturnType<NonNullable<typeof browser>['pageJudge']>> | null = null
beforeAll(async () => {
  writeFileSync(join(folder, 'keys'), `${KEY}\n`)
  if (NO_PYTHON === null) python = pythonJudge(join(folder, 'keys'))
  if (chromium.ok && browser !== null) page = await browser.pageJudge(chromium, `${KEY}\n`)
})
afterAll(async () => {
  await Promise.all([python?.close(), page?.close()])
  if (chromium.ok) await chromium.close()
  rmSync(folder, { recursive: true, force: true })
})
const who = ['the library', ...(NO_PYTHON === null ? ['Python'] : []), ...(chromium.ok ? ['the page'] : [])].join(', ')

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
      const { tree, logged } = await reader.check(log)
      const { totals } = await closingOf(reader, log)
      const all: Proven[] = []
      for (let row = 1; row <= totals.rows.read; row++) {
        const explained = comparable(await explainRow(reader, log, row))
        for (const include_shared of [false, true]) {
          const options = { withhold: [], only_exact: false, include_shared }
          const { proof } = await proveRow(reader, { log, run, tree, logged }, row, options)
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

test.each(sampled(SHAPES, 3))(`the rows of random pipelines with %s (edited ones: ${who})`, async (name, shape) => {
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
    const proven = await provenRows(url, i + 1)
    await mustClaimNoMore(proven, new Random(i + 1), next, proven)
  }
})

/** One is edited, and parts of others are put into it. `unedited`: what is checked as it is, too. */
async function mustClaimNoMore(
  proven: readonly Proven[],
  random: Random,
  repeat: string,
  unedited: readonly Proven[] = proven.slice(0, 1),
): Promise<void> {
  if (proven.length === 0) return
  const { proof, honest } = proven[random.below(proven.length)] as Proven
  const whole = unedited.map((each, i) => ({
    ...{ text: proofText(each.proof), honest: [each.honest], what: `${repeat}, unedited ${i}` },
  }))
  const edits = Array.from({ length: EDITS }, (_, i) => {
    const other = proven[random.below(proven.length)] as Proven
    return { text: edited(proof, other.proof, random), honest: [honest, other.honest], what: `${repeat}, edit ${i}` }
  })
  const all = [...whole, ...edits]
  const asked = sampled([...all.keys()], 4)
  const texts = asked.map(i => all[i]?.text ?? '')
  const others = Promise.all([python?.ask(texts), page?.ask(texts)])
  const said = await Promise.all(all.map(each => checkedBy(keys, each.text)))
  for (const [i, each] of all.entries())
    expect(claimsBeyond(said[i] ?? null, each.honest), `${each.what}: ${each.text}`).toEqual([])
  const [in_python, on_page] = await others
  for (const [n, i] of asked.entries()) {
    const [checked, what] = [said[i] ?? null, `${all[i]?.what}: ${all[i]?.text}`]
    if (in_python !== undefined) expect(inPython(in_python[n]), what).toEqual(verdictOf(checked))
    if (on_page !== undefined) expect(on_page[n], what).toEqual(browser?.onPage(checked))
  }
}

/** With what is proven, if it holds: of what doesn't the second implementation claims nothing. */
type Verdict = 'does not hold' | 'unreadable' | { readonly proven: CheckedProof['proven'] | undefined }

const verdictOf = (checked: CheckedProof | null): Verdict =>
  checked === null ? 'unreadable' : checked.ok ? { proven: checked.proven } : 'does not hold'

function inPython(answer: PythonAnswer | undefined): Verdict {
  if (answer === undefined || answer.error !== undefined) return 'unreadable'
  if (answer.ok) return { proven: answer.proven }
  expect(answer.proven).toEqual([])
  return 'does not hold'
}

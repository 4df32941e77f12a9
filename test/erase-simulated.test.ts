/**
 * Rows of random ledgers are erased: the record holds, no file has a byte of what they were, nobody else's values change, and with
 * `derived` nothing that is left names them.
 */
// @module-tag proof
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { SALT_BYTES } from '../src/format/hash.ts'
import { parseVerifierKey } from '../src/format/verifier-key.ts'
import { openLedger, openLedgerReader } from '../src/ledger/open.ts'
import { canonicalize } from '../src/model/canonical.ts'
import type { Json } from '../src/model/row.ts'
import { type ErasePlan, planErasure } from '../src/read/erase/plan.ts'
import { loadSubject, type Subject } from '../src/read/erase/subject.ts'
import { CheckedReader } from '../src/read/evidence/checked-reader.ts'
import { openingOf } from '../src/read/runs/run-log.ts'
import { verifyLedger } from '../src/read/verify/verify.ts'
import { generateModel, type Shape } from './simulation/generate.ts'
import { Random } from './simulation/random.ts'
import { problemTexts } from './support/forger.ts'
import { LONG, sampled } from './support/form.ts'
import { testPorts } from './support/ledger.ts'
import { RICH, runModel, simulatedRun } from './support/simulated-ledger.ts'

const SEEDS = Number(process.env.CUSTODY_SEEDS ?? (LONG ? 25 : 1))
const FIRST = Number(process.env.CUSTODY_SEED ?? 1)
const BASE = { later: true, groups: true, crashes: false, max_nodes: 12, max_rows: 20 }
const SHAPES: ReadonlyArray<readonly [string, Shape]> = [
  ['forks and batches', { ...BASE, calls: true, nested: true, batched: true }],
  ['batches by key', { ...BASE, keyed: true, calls: true }],
  ['sorts and joins', { ...BASE, sorted: true, joined: true }],
  ['requests with several rows', { ...BASE, sends: true, batches: true }],
]

const folder = mkdtempSync(join(tmpdir(), 'custody-erase-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const keys = [parseVerifierKey(testPorts().signer.verifier_key)]

/** All values of rows and batches of log 1, by subject and number; null for what is erased. */
type Values = ReadonlyMap<string, { readonly text: string | null; readonly subject: Subject }>

async function valuesOf(url: string): Promise<Values> {
  const inner = await openLedgerReader(url)
  try {
    return await inner.snapshot(async () => {
      const reader = new CheckedReader(inner, { remembered: null })
      const { topology } = await openingOf(reader, 1)
      const subjects = new Map<string, Subject>()
      for await (const { row, batch } of reader.entries(1)) {
        if (row !== null) subjects.set(`row ${row}`, { kind: 'row', row })
        else if (batch !== null) subjects.set(`batch ${batch}`, { kind: 'batch', batch })
      }
      const all = new Map<string, { text: string | null; subject: Subject }>()
      for (const [name, subject] of subjects) {
        const { values } = await loadSubject(reader, 1, subject, topology)
        for (let number = 1; number <= values.count; number++) {
          const text = values.isMissing(number) ? null : canonicalize(values.get(number) as Json)
          all.set(`${name} value ${number}`, { text, subject })
        }
      }
      return all
    })
  } finally {
    await inner.close()
  }
}

/** 16 random bytes for each value that is there. */
function saltsOf(url: string): ReadonlySet<string> {
  const db = new DatabaseSync(url.slice('sqlite:'.length), { readOnly: true })
  const salts = db.prepare('SELECT salts FROM payloads').all() as { salts: Uint8Array }[]
  db.close()
  return new Set(
    salts.flatMap(each =>
      Array.from({ length: each.salts.length / SALT_BYTES }, (_, i) =>
        Buffer.from(each.salts.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES)).toString('latin1'),
      ),
    ),
  )
}

function bytesOf(url: string): string {
  const path = url.slice('sqlite:'.length)
  const files = ['', '-wal', '-shm', '-journal'].filter(end => existsSync(`${path}${end}`))
  return files.map(end => readFileSync(`${path}${end}`, 'latin1')).join('\n')
}

async function erase(
  url: string,
  rows: readonly number[],
  derived: boolean,
  run = simulatedRun(1),
): Promise<ErasePlan> {
  const ledger = await openLedger(url, testPorts(`erase ${rows} ${derived}`), { create: false })
  try {
    const plan = await ledger.erase(
      inner =>
        planErasure(new CheckedReader(inner, { remembered: null }), inner, { of: { log: 1, run }, rows, derived }),
      () => undefined,
    )
    expect(await ledger.scrub(1_000, () => undefined)).toEqual({ done: true })
    return plan
  } finally {
    await ledger.close()
  }
}

async function mustHold(url: string): Promise<void> {
  const reader = await openLedgerReader(url)
  const result = await verifyLedger(reader, { keys, decisions: true })
  await reader.close()
  expect(problemTexts(result)).toEqual([])
}

const isOf = ({ subject }: { subject: Subject }, rows: readonly number[]) =>
  subject.kind === 'row' && rows.includes(subject.row)

/** What is gone is what was named, with bytes and all; what isn't is as it was. */
function compare(url: string, before: Values, after: Values, { erased, derived }: ErasePlan, had: ReadonlySet<string>) {
  const rows = erased.map(({ row }) => row)
  const may = new Set(
    derived.flatMap(each => (each.erased ? [each.row === undefined ? `batch ${each.batch}` : `row ${each.row}`] : [])),
  )
  for (const [name, { text, ...of }] of after) {
    const was = before.get(name)?.text ?? null
    if (isOf(of, rows)) expect(text, name).toBeNull()
    else if (was === null || !may.has(name.slice(0, name.indexOf(' value')))) expect(text, name).toBe(was)
    else expect([was, null], name).toContain(text)
  }
  const have = saltsOf(url)
  const bytes = bytesOf(url)
  for (const salt of had) if (!have.has(salt)) expect(bytes.includes(salt), 'a salt of what is erased').toBe(false)
  for (const salt of have) expect(bytes.includes(salt)).toBe(true)
}

let some_derived = 0

test.each(sampled(SHAPES, 2))('rows of random pipelines: %s', async (name, shape) => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const again = `repeat with: CUSTODY_SEED=${seed} CUSTODY_SEEDS=1`
    const url = `sqlite:${join(folder, `${name} ${seed}.db`)}`
    const random = new Random(seed + 1000)
    await runModel(url, generateModel(new Random(seed), shape), seed)
    const run = simulatedRun(seed)
    const before = await valuesOf(url)
    const count = new Set(Array.from(before.values(), ({ subject }) => (subject.kind === 'row' ? subject.row : 0))).size
    if (count < 3) continue
    const rows = [...new Set([random.between(1, count - 1), random.between(1, count - 1)])]
    const salts = saltsOf(url)
    const plan = await erase(url, rows, false, run)
    expect(
      plan.derived.every(each => !each.erased),
      again,
    ).toBe(true)
    await mustHold(url)
    const between = await valuesOf(url)
    compare(url, before, between, plan, salts)
    // Ids of rows stay with what is made of them.
    const with_derived = await erase(url, rows, true, run)
    some_derived += with_derived.derived.length
    expect(
      with_derived.derived.map(each => ({ ...each, erased: false })),
      again,
    ).toEqual(plan.derived)
    await mustHold(url)
    const after = await valuesOf(url)
    compare(url, between, after, with_derived, saltsOf(url))
    const ids = rows.flatMap(row => idOf(before, row))
    for (const [value, { text, subject }] of after)
      if (text !== null && !isOf({ subject }, rows))
        for (const id of ids) expect(idsIn(text), `${again}: ${value} is made of ${id}`).not.toContain(id)
    const again_plan = await erase(url, rows, true, run)
    expect(again_plan.erasures, again).toEqual([])
  }
})

test('of some of them something was derived', () => {
  expect(some_derived).toBeGreaterThan(0)
})

function idOf(values: Values, row: number): number[] {
  const first = JSON.parse(values.get(`row ${row} value 1`)?.text ?? '{}') as { id?: number }
  return first.id === undefined ? [] : [first.id]
}

/** Rows have an id of their own each, and sums the ids of what they were made of. */
function idsIn(text: string): readonly number[] {
  const found: number[] = []
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, each] of Object.entries(value)) {
      if (key === 'id' && typeof each === 'number') found.push(each)
      if (key === 'ids' && Array.isArray(each)) found.push(...each.filter(id => typeof id === 'number'))
      look(each)
    }
  }
  look(JSON.parse(text))
  return found
}

test('a pipeline with everything: all rows, one after another', async () => {
  const url = `sqlite:${join(folder, 'rich.db')}`
  await runModel(url, RICH, 1)
  for (const row of [5, 1, 12, 20, 8]) {
    const salts = saltsOf(url)
    const before = await valuesOf(url)
    const plan = await erase(url, [row], row % 2 === 0)
    await mustHold(url)
    compare(url, before, await valuesOf(url), plan, salts)
  }
})

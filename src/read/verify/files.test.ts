import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { canonicalize } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'
import { verifyFiles } from './files.ts'

const RUN = '019b7c1a-0000-7000-8000-000000000001'
const LATER = '019b7c1a-0000-7000-8000-000000000002'
const NONCE = 'ab'.repeat(16)
const folder = mkdtempSync(join(tmpdir(), 'custody-files-'))
const path = join(folder, 'out.csv')
const CONTENT = 'id\n1\n2\n'
const artifact = { path, rows: 2, bytes: 7, sha256: createHash('sha256').update(CONTENT).digest('hex') }

const totals = {
  rows: { read: 0, ingested: 0, rejected: 0 },
  tokens: { born: 0, ended: 0, open: 0 },
  ...{ groups: 0, batches: [], endings: [], visits: [], edges: [] },
}
const commit = {
  ...{ k: 'commit', commit: 1, cursors: [], receipts: [], totals, t: 1, z: NONCE },
  open: { count: 0, hash: 'ef'.repeat(32) },
}
const NO_TREE = { size: 0, root: 'ef'.repeat(32) }
const seal = { k: 'seal', status: 'completed', totals, subjects: { rows: NO_TREE, batches: NO_TREE }, t: 2, z: NONCE }
/** What it says and its values are made of the run's payload. */
const publish = { k: 'publish' }

interface FakeRun {
  readonly run: string
  /** From entry 1 on. */
  readonly entries: readonly { readonly [key: string]: Json }[]
  /** By sink, its files; something else stands for their paths and for their contents. null: nothing was published. */
  readonly payload: { readonly [sink: string]: Json } | null
  readonly plan?: { readonly folder: string; readonly options?: { readonly [sink: string]: Json } }
  readonly modes?: { readonly [sink: string]: string }
}

/** Entries with their values, numbered through. */
function entriesOf({ run, entries, payload, plan, modes = {} }: FakeRun) {
  const sinks = Object.keys({ ...payload, ...modes })
  let count = 0
  const withValues = (values: readonly Json[], facts: object) => {
    const committed =
      values.length === 0 ? { z: NONCE } : { c: values.map(() => 'cd'.repeat(32)), w: count - values.length + 1 }
    return { body: canonicalize({ ...facts, ...committed } as Json), values }
  }
  const numbered = () => {
    const values: Json[] = []
    const add = (value: Json) => {
      values.push(value)
      return ++count
    }
    return { values, add }
  }
  const opening = numbered()
  const intent = (mode: string) => ({ mode, prior_bytes: 0, prior_sha256: null, replaced: null })
  const facts = {
    ...{ k: 'open', format: 1, run, name: 'a', plan_hash: 'ab'.repeat(32), custody: '0.1.0', plugins: [], t: 1 },
    topology: { nodes: sinks.map(name => ({ name, kind: 'sink', plugin: 'csv' })), edges: [] },
    values: {
      plan: opening.add({ text: '', file: 'a.yaml' }),
      folder: opening.add(plan?.folder ?? '/'),
      nodes: sinks.map(sink => ({
        options: opening.add(plan?.options?.[sink] ?? {}),
        path: opening.add({ path, staged: null }),
        intent: opening.add(intent(modes[sink] ?? 'fail')),
      })),
    },
  }
  const published = () => {
    const { values, add } = numbered()
    const artifacts = Object.entries(payload ?? {}).map(([sink, files]) => {
      const parts = Array.isArray(files) ? (files as readonly (typeof artifact)[]) : null
      return {
        ...{ sink: sinks.indexOf(sink) + 1, rows: 2, bytes: 7 },
        paths: add(parts?.map(each => each.path) ?? files),
        contents: add(parts?.map(({ path: _, ...content }) => content) ?? files),
      }
    })
    return withValues(values, { k: 'publish', artifacts, t: 1 })
  }
  const first = withValues(opening.values, facts)
  const others = entries.map(each => {
    return each === publish ? published() : { body: canonicalize(each), values: [] }
  })
  return [first, ...others]
}

/** What `verifyFiles` asks of a ledger; the runs are logs 1, 2, … */
function ledger(...runs: readonly FakeRun[]): LedgerReader {
  const logs = runs.map(entriesOf)
  const at = (log: number, seq: number) => logs[log - 1]?.[seq]
  return {
    url: 'test:',
    logs: async () => [{ log: 0, run: null, part: 0 }, ...runs.map(({ run }, i) => ({ log: i + 1, run, part: 0 }))],
    size: async log => logs[log - 1]?.length ?? 0,
    entry: async (log, seq) => {
      const found = at(log, seq)
      return found === undefined ? null : { seq, row: null, body: found.body }
    },
    payload: async (log, seq) => {
      const { values = [] } = at(log, seq) ?? {}
      if (values.length === 0) return null
      return { seq, salts: new Uint8Array(16 * values.length), body: canonicalize(values.map(each => [each])) }
    },
  } as Partial<LedgerReader> as LedgerReader
}
const sealed = (payload: FakeRun['payload'], run = RUN): FakeRun => ({ run, entries: [publish, commit, seal], payload })
const problems = async (reader = ledger(sealed({ out: [artifact] })), run = RUN) => {
  const check = (await verifyFiles(reader, [run])).get(run)!
  expect(check.name).toBe('files')
  expect(check.ok).toBe(check.problems.length === 0)
  return check.problems.map(each => each.replace(path, 'PATH'))
}

beforeAll(() => mkdirSync(folder, { recursive: true }))
beforeEach(() => writeFileSync(path, CONTENT))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a file as the run left it', async () => {
  expect(await problems()).toEqual([])
})
test('a changed, shortened, lengthened, missing file, and a folder in its place', async () => {
  writeFileSync(path, 'id\n1\n3\n')
  expect(await problems()).toEqual([expect.stringMatching(/^sink out: PATH was changed: its SHA-256 is [0-9a-f]{64}/)])
  truncateSync(path, 5)
  expect(await problems()).toEqual(['sink out: PATH has 5 bytes, and the run left 7'])
  writeFileSync(path, CONTENT)
  appendFileSync(path, '3\n')
  expect(await problems()).toEqual(['sink out: PATH was added to: 2 bytes more than the run left'])
  rmSync(path)
  expect(await problems()).toEqual(['sink out: PATH is missing'])
  mkdirSync(path)
  expect(await problems()).toEqual(['sink out: PATH is not a file'])
  rmSync(path, { recursive: true })
})
test('an empty file', async () => {
  const empty = { ...artifact, bytes: 0, sha256: createHash('sha256').digest('hex') }
  writeFileSync(path, '')
  expect(await problems(ledger(sealed({ out: [empty] })))).toEqual([])
})
test('a run that is not sealed has no final outputs', async () => {
  rmSync(path)
  expect(await problems(ledger({ run: RUN, entries: [publish, commit], payload: { out: [artifact] } }))).toEqual([])
})
describe('a file that a later run wrote, too', () => {
  const later = (payload: FakeRun['payload'], modes = {}): FakeRun => ({
    ...{ run: LATER, entries: [publish, commit, { ...seal, t: 3 }], payload, modes },
  })
  const checks = async (reader: LedgerReader) => verifyFiles(reader, [RUN, LATER])
  const first = { ...artifact, bytes: 3, sha256: createHash('sha256').update('id\n').digest('hex') }

  test('in its place: of the first one nothing can be known, which is said and is no problem', async () => {
    const both = ledger(later({ out: [artifact] }), sealed({ out: [first] }))
    const not_checked = [`sink out: ${path} is not checked: replaced by run ${LATER}`]
    expect((await checks(both)).get(RUN)).toEqual({ name: 'files', ok: true, problems: [], compared: 0, not_checked })
    expect((await checks(both)).get(LATER)).toMatchObject({ ok: true, compared: 1, not_checked: [] })
    rmSync(path)
    expect((await checks(both)).get(RUN)).toMatchObject({ ok: true })
    expect((await checks(both)).get(LATER)).toMatchObject({ ok: false, problems: [`sink out: ${path} is missing`] })
  })

  test('behind what was there: each is compared up to the length that it left', async () => {
    const both = ledger(later({ out: [artifact] }, { out: 'append' }), sealed({ out: [first] }))
    expect((await checks(both)).get(RUN)).toMatchObject({ ok: true, compared: 1 })
    appendFileSync(path, '3\n')
    expect((await checks(both)).get(LATER)).toMatchObject({ ok: true, compared: 1 })
    writeFileSync(path, `no\n${CONTENT.slice(3)}`)
    expect((await checks(both)).get(RUN)?.problems).toEqual([expect.stringContaining('was changed')])
    expect((await checks(both)).get(LATER)?.ok).toBe(false)
  })

  test('and isn’t done with: what it adds is no problem', async () => {
    const open = { ...later(null, { out: 'append' }), entries: [publish, commit] }
    appendFileSync(path, '3\n')
    expect((await checks(ledger(open, sealed({ out: [artifact] })))).get(RUN)).toMatchObject({ ok: true, compared: 1 })
  })
})

test('outputs that moved with the pipeline’s folder', async () => {
  const place = join(folder, 'moved')
  mkdirSync(place)
  const run: FakeRun = { ...sealed({ out: [artifact] }), plan: { folder } }
  const check = async (root: string) => (await verifyFiles(ledger(run), [RUN], { root })).get(RUN)
  expect(await check(folder)).toMatchObject({ ok: true, compared: 1 })
  expect((await check(place))?.problems).toEqual([`sink out: ${join(place, 'out.csv')} is missing`])
  writeFileSync(join(place, 'out.csv'), CONTENT)
  rmSync(path)
  expect(await check(place)).toMatchObject({ ok: true, compared: 1 })
})

/** Above the pipeline, and by an absolute path: in the pipeline's folder, and elsewhere. */
test('only what is named from the pipeline’s folder, or lies in it, moved with it', async () => {
  const [was, now] = [join(folder, 'a', 'was'), join(folder, 'b', 'c', 'd', 'now')]
  const elsewhere = join(folder, 'elsewhere', 'out.csv')
  const paths = { above: '../above/out.csv', below: './below/out.csv', inside: join(was, 'in.csv'), elsewhere }
  const options = Object.fromEntries(Object.entries(paths).map(([sink, at]) => [sink, { path: at }]))
  const artifacts = Object.fromEntries(
    Object.entries(paths).map(([sink, at]) => [sink, [{ ...artifact, path: resolve(was, at) }]]),
  )
  const places = [join(now, '..', 'above', 'out.csv'), join(now, 'below', 'out.csv'), join(now, 'in.csv'), elsewhere]
  for (const place of places) {
    mkdirSync(dirname(place), { recursive: true })
    writeFileSync(place, CONTENT)
  }
  const run: FakeRun = { ...sealed(artifacts), plan: { folder: was, options } }
  const check = async (...runs: FakeRun[]) => (await verifyFiles(ledger(...runs), [RUN], { root: now })).get(RUN)
  expect(await check(run)).toMatchObject({ ok: true, compared: 4, not_checked: [] })

  // A run since then, at the new place, has put another file there.
  const below = join(now, 'below', 'out.csv')
  const since = { ...sealed({ below: [{ ...artifact, path: below }] }), run: LATER, plan: { folder: now, options } }
  expect(await check(run, { ...since, entries: [publish, commit, { ...seal, t: 3 }] })).toMatchObject({
    ...{ ok: true, compared: 3 },
    not_checked: [`sink below: ${below} is not checked: replaced by run ${LATER}`],
  })
})

/** What was made of the name that the pipeline's file has moved beside it; what a link led to is found through the link. */
test.each([
  ['out/o.csv', '/real/o.csv', 'out/o.csv'],
  ['out/o.csv', '/real/o-2.csv', 'out/o-2.csv'],
  ['out/o.csv', '/real/o.csv.rerun-1', 'out/o.csv.rerun-1'],
  ['out/o.csv', '/real/shared.csv', 'out/o.csv'],
  ['../o.csv', '/real/o.csv', '../o.csv'],
])('named %s, written to %s: it is at %s now', async (named, written, moved) => {
  const root = join(folder, 'root')
  const place = resolve(root, moved)
  const plan = { folder: '/links/p', options: { out: { path: named } } }
  const run: FakeRun = { ...sealed({ out: [{ ...artifact, path: written }] }), plan }
  const check = (await verifyFiles(ledger(run), [RUN], { root })).get(RUN)
  expect(check?.problems).toEqual([`sink out: ${place} is missing`])
})

test('what was published isn’t of the form that it has', async () => {
  for (const value of [
    { out: 7 },
    { out: artifact },
    { out: [{ ...artifact, path: 7 }] },
    { out: [{ ...artifact, bytes: -1 }] },
  ])
    expect(await problems(ledger(sealed(value)))).toEqual([expect.stringMatching(/^what was published can't be read/)])
})

test('what was published can not be read', async () => {
  const spoiled = ledger({ run: RUN, entries: [publish, commit, { k: 'seals' }], payload: null })
  expect(await problems(spoiled)).toEqual([expect.stringMatching(/^what was published can't be read/)])
})

test('each of several files that a sink wrote is compared', async () => {
  const other = join(folder, 'other.csv')
  writeFileSync(other, 'id\n')
  const second = { ...artifact, path: other, bytes: 3, sha256: createHash('sha256').update('id\n').digest('hex') }
  const run = sealed({ out: [artifact, second] })
  expect((await verifyFiles(ledger(run), [RUN])).get(RUN)).toMatchObject({ ok: true, compared: 2 })
  writeFileSync(other, 'no\n')
  expect(await problems(ledger(run))).toEqual([expect.stringMatching(/^sink out: .*other\.csv was changed/)])
})

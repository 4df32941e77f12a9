/**
 * Rows of random runs are found by random filters: with an index of many short segments, with half of one, and without any, the rows are those
 * that their stories, the views for auditors and their payloads name.
 */
// @module-tag proof

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { RowFilter } from '../src/api/rows.ts'
import { rowPredicate as predicateOf } from '../src/host/row-predicate.ts'
import { openLedgerReader } from '../src/ledger/open.ts'
import type { LedgerReader } from '../src/ledger/read-port.ts'
import type { Json } from '../src/model/row.ts'
import { explainRow } from '../src/read/explain/explain.ts'
import type { Story } from '../src/read/explain/story.ts'
import { Indexing } from '../src/search/index/indexing.ts'
import { ledgerId } from '../src/search/ledger-id.ts'
import type { LedgerRowFinder } from '../src/search/ledger-row-finder.ts'
import type { FoundRows, PageAsked } from '../src/search/row-finder.ts'
import { generateModel, type Shape } from './simulation/generate.ts'
import type { Model } from './simulation/model.ts'
import { Random } from './simulation/random.ts'
import { LONG, sampled } from './support/form.ts'
import { readable } from './support/payload.ts'
import { atOnce, SHORT_SEGMENTS } from './support/search.ts'
import { goOnWithModel, RICH, runModel, simulatedRun } from './support/simulated-ledger.ts'

const SEEDS = Number(process.env.CUSTODY_SEEDS ?? (LONG ? 15 : 1))
/** Among its models is a join that matches. */
const FIRST = Number(process.env.CUSTODY_SEED ?? 51)
const FILTERS = LONG ? 40 : 2
/** One of so many filters is asked for in haste, too. */
const EACH = LONG ? 4 : 8
const BASE = { later: true, groups: true, crashes: false, max_nodes: 12, max_rows: 25 }
const SHAPES: readonly Shape[] = [
  { ...BASE, calls: true, nested: true, batched: true },
  { ...BASE, sorted: true, joined: true },
  { ...BASE, keyed: true, sends: true, batches: true },
]
const folder = mkdtempSync(join(tmpdir(), 'custody-search-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A row as others than the finder show it. */
interface Seen {
  readonly row: number
  readonly story: Story
  /** `node:label` of ways that its tokens left by or were born onto. */
  readonly edges: ReadonlySet<string>
  readonly branches: ReadonlySet<string>
  readonly texts: readonly string[]
  readonly data: Json | null
}

/** Of what a run has on record, by its rows. */
async function seenRows(reader: LedgerReader, log: number, n: number): Promise<readonly Seen[]> {
  const run = simulatedRun(n)
  const row_of = new Map<number, number>()
  const [edges, branches] = [new Map<number, Set<string>>(), new Map<number, Set<string>>()]
  const add = (to: Map<number, Set<string>>, row: number, what: string) =>
    to.set(row, (to.get(row) ?? new Set<string>()).add(what))
  for await (const { token_id, row_id, branch } of reader.view('tokens', run)) {
    if (row_id === null) continue
    row_of.set(Number(token_id), Number(row_id))
    if (branch !== null) add(branches, Number(row_id), `${branch}`)
  }
  for await (const { token_id, node, label } of reader.view('routing_events', run)) {
    const row = row_of.get(Number(token_id))
    if (row !== undefined) add(edges, row, `${node}:${label}`)
  }
  const rows: Seen[] = []
  for (const row of new Set(row_of.values())) {
    const texts: string[] = []
    let data: Json | null = null
    for (const { seq } of await reader.entriesOfRow(log, row)) {
      const payload = readable(await reader.payload(log, seq))
      const values: Json[] = JSON.parse(payload?.body ?? '[]')
      for (const value of values) {
        const [first, set] = Array.isArray(value) ? value : []
        textsIn(set === undefined ? (first ?? null) : set, texts)
        if (data === null && first !== undefined) data = first
      }
    }
    const story = await explainRow(reader, log, row)
    const { visits = [] } = story.tokens[0] ?? {}
    const is_rejected = visits[0]?.error != null
    const own = { edges: edges.get(row) ?? new Set<string>(), branches: branches.get(row) ?? new Set<string>() }
    rows.push({ row, story, ...own, texts, data: is_rejected ? null : data })
  }
  return rows.sort((a, b) => a.row - b.row)
}

function textsIn(value: Json, to: string[]): void {
  if (Array.isArray(value)) for (const each of value) textsIn(each as Json, to)
  else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) textsIn(each, to)
  else to.push(`${value}`)
}

const source = ({ story: { subject } }: Seen) => (subject.kind === 'row' ? subject.source : '')
const tokens = ({ story }: Seen) => story.tokens
const visits = (row: Seen) => tokens(row).flatMap(each => each.visits)
const errors = (row: Seen) => [
  ...visits(row).flatMap(({ node, error }) => (error === null ? [] : [{ node, code: error.code }])),
  ...tokens(row).flatMap(({ ending }) =>
    ending?.error == null ? [] : [{ node: ending.node, code: ending.error.code }],
  ),
]

/** What the filter asks for, the naive way. */
function fits(filter: RowFilter, row: Seen): boolean {
  const { source: sources, node, edge, branch, outcome, cause, sink, error_code, text, where } = filter
  const is = (wanted: readonly string[] | undefined, has: Iterable<string>) =>
    wanted === undefined || [...has].some(each => wanted.includes(each))
  const by_ending = outcome ?? cause ?? sink
  return (
    is(sources, [source(row)]) &&
    is(edge, row.edges) &&
    is(branch, row.branches) &&
    (error_code !== undefined
      ? errors(row).some(each => error_code.includes(each.code) && (node === undefined || node.includes(each.node)))
      : is(
          node,
          visits(row).map(each => each.node),
        )) &&
    (by_ending === undefined ||
      tokens(row).some(
        ({ ending }) =>
          ending !== null &&
          is(outcome, [ending.outcome]) &&
          is(cause, [ending.cause]) &&
          is(sink, [ending.sink ?? '']),
      )) &&
    (text === undefined || row.texts.some(each => each.toLowerCase().includes(text.toLowerCase()))) &&
    (where === undefined ||
      (typeof row.data === 'object' && row.data !== null && predicateOf(where).holds(row.data as never)))
  )
}

/** Some of what rows have, and a little that none has. */
function randomFilter(random: Random, rows: readonly Seen[]): RowFilter {
  const some = <T>(all: readonly T[]): T | undefined => all[random.below(Math.max(1, all.length))]
  const row = some(rows)
  const other = some(rows)
  if (row === undefined || other === undefined) return {}
  const filter: { -readonly [K in keyof RowFilter]: RowFilter[K] } = {}
  const maybe = (chance: number) => random.below(100) < chance
  const ending = some(tokens(row).flatMap(each => each.ending ?? []))
  const text = some([...row.texts, ...other.texts].filter(each => each.length >= 3))
  if (maybe(15)) filter.source = [source(row)]
  if (maybe(25)) filter.node = [...new Set([row, other].flatMap(each => some(visits(each))?.node ?? []))]
  if (maybe(25)) filter.edge = [some([...row.edges]) ?? []].flat()
  if (maybe(20) && row.branches.size > 0) filter.branch = [...row.branches]
  if (maybe(25) && ending !== undefined) filter.outcome = [ending.outcome]
  if (maybe(15) && ending !== undefined) filter.cause = [ending.cause]
  if (maybe(15) && ending?.sink != null) filter.sink = [ending.sink]
  if (maybe(25)) filter.error_code = [some([...errors(row), ...errors(other)])?.code ?? 'NONE']
  if (maybe(30) && text !== undefined) filter.text = text.slice(random.below(text.length - 2)).toUpperCase()
  if (maybe(15)) filter.where = `row.n >= ${random.below(20)}`
  return filter
}

/** All of them, a few at a time; how many it says there are; and the third one, asked for by its place. */
async function found(finder: LedgerRowFinder, filter: RowFilter) {
  const rows: number[] = []
  let count = 0
  const signal = new AbortController().signal
  for (let after: string | null = null; ; ) {
    const page = await finder.find(1, filter, { after, at: null, limit: 4, counts: true }, signal)
    rows.push(...page.rows)
    count = page.matches.count
    expect(page.matches.exact).toBe(true)
    if (page.next === null) break
    after = page.next
  }
  const { rows: third } = await finder.find(1, filter, { after: null, at: 2, limit: 1, counts: true }, signal)
  return { rows, count, third }
}

/** Each page by somebody who knows nothing of those before, and has hardly any time. */
async function inHaste(reader: LedgerReader, index: string | null, filter: RowFilter) {
  const rows: number[] = []
  const signal = new AbortController().signal
  for (let after: string | null = null; ; ) {
    let now_ms = 0
    const hasty = () => (now_ms += 1_000)
    const asked: PageAsked = { after, at: null, limit: 4, counts: true }
    const page: FoundRows = await atOnce(reader, index, finder => finder.find(1, filter, asked, signal), hasty)
    rows.push(...page.rows)
    expect(page.matches.count).toBeGreaterThanOrEqual(rows.length)
    if (page.next === null) return { rows, count: page.matches.count }
    after = page.next
  }
}

/** How many filters were asked for, and how many of them a row fits. */
let [asked_for, with_rows] = [0, 0]

/** `grows`: it is stopped at some time, if it hasn’t ended before, and resumed when its index is built. */
async function compare(name: string, model: Model, seed: number, grows = false): Promise<void> {
  const path = join(folder, `${name}.db`)
  await runModel(`sqlite:${path}`, model, seed, grows ? { after_us: 30_000, next: 'nothing' } : null)
  const reader = await openLedgerReader(`sqlite:${path}`)
  const index = `${path}-index`
  const random = new Random(seed)
  let rows = await seenRows(reader, 1, seed)
  const ask = async (used: string | null) => {
    const edges = new Set(rows.flatMap(each => [...each.edges]))
    const filters = [
      ...[...edges].map(edge => ({ edge: [edge] })),
      ...Array.from({ length: FILTERS }, () => randomFilter(random, rows)),
    ]
    await atOnce(reader, used, async finder => {
      for (const filter of filters) {
        const fitting = rows.filter(each => fits(filter, each)).map(each => each.row)
        const answer = { rows: fitting, count: fitting.length, third: fitting.slice(2, 3) }
        const asked = `${name}, ${JSON.stringify(filter)}, ${used === null ? 'no index' : 'index'}`
        expect(await found(finder, filter), asked).toEqual(answer)
        if (asked_for % EACH === 0)
          expect(await inHaste(reader, used, filter), asked).toEqual({ rows: fitting, count: fitting.length })
        if (fitting.length > 0) with_rows++
        asked_for++
      }
    })
  }
  try {
    const indexing = new Indexing(
      reader,
      { index, ledger: await ledgerId(reader), sizes: SHORT_SEGMENTS },
      async () => undefined,
    )
    await indexing.round()
    expect(await indexing.isWritten()).toBe((await reader.lease(1)) !== null)
    await ask(index)
    await ask(null)
    if ((await reader.lease(1)) !== null) {
      await goOnWithModel(`sqlite:${path}`, model, seed, 'resume')
      rows = await seenRows(reader, 1, seed)
      await ask(index)
      await indexing.round()
    } else {
      const segments = readdirSync(join(index, simulatedRun(seed)))
      for (const each of segments.slice(segments.length / 2)) rmSync(join(index, simulatedRun(seed), each))
    }
    await ask(index)
  } finally {
    await reader.close()
  }
}

test('the rows that others tell of, with an index and without', async () => {
  await compare('rich', RICH, 1)
  await compare('rich, stopped', RICH, 2, true)
  for (let i = 0; i < SEEDS; i++)
    for (const [k, shape] of sampled(SHAPES, 3).entries()) {
      const seed = FIRST + i
      await compare(`${seed}-${k}`, generateModel(new Random(seed * 10 + k), shape), seed, k === 0)
    }
  expect(with_rows / asked_for).toBeGreaterThan(0.5)
})

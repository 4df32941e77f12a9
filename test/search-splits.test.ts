/** The index of runs with splits: what it finds is what is found without, and it forgets what is erased. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RowFilter } from '../src/api/rows.ts'
import { openLedgerReader } from '../src/ledger/open.ts'
import { forgetRuns, RunFolder } from '../src/search/index/index-folder.ts'
import { Indexing } from '../src/search/index/indexing.ts'
import { ledgerId } from '../src/search/ledger-id.ts'
import type { FoundRows, PageAsked } from '../src/search/row-finder.ts'
import { HostRuns } from './support/host-runs.ts'
import { atOnce, IndexedLedger, SHORT_SEGMENTS } from './support/search.ts'
import { runSplitPipeline, SPLITS } from './support/split-ledger.ts'

const NEVER = new AbortController().signal
const FILTERS: readonly RowFilter[] = [
  {},
  { text: '100' },
  { text: 'a lot' },
  { value: ['shop=b'] },
  { value: ['shop=b'], where: 'row.amount > 2500' },
  { outcome: ['FAILED'] },
  { sink: ['problems'] },
  { sink: ['small'], text: '777' },
  { source: ['extra'] },
]

/** Each page that is given, with an index and without. */
async function pages(url: string, index: string | null, filter: RowFilter, limit: number) {
  const reader = await openLedgerReader(url)
  try {
    const found: { readonly rows: readonly number[]; readonly is_exact: boolean }[] = []
    let looked_at = 0
    for (let after: string | null = null; ; ) {
      const asked: PageAsked = { after, at: null, limit, counts: true }
      const page: FoundRows = await atOnce(reader, index, finder => finder.find(1, filter, asked, NEVER))
      found.push({ rows: page.rows, is_exact: page.matches.exact })
      looked_at += page.looked_at.rows
      after = page.next
      if (after === null) return { found, looked_at, state: page.index }
    }
  } finally {
    await reader.close()
  }
}

describe('a run that is sealed', () => {
  let folder: string
  let ledger: IndexedLedger
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'custody-search-splits-'))
    ledger = new IndexedLedger(join(folder, 'custody.db'))
    await runSplitPipeline(ledger.url, SPLITS, true)
    await ledger.build()
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each(FILTERS)('has the rows found by it that are found without: %j', async filter => {
    for (const limit of [5, 500]) {
      const by_index = await pages(ledger.url, ledger.index, filter, limit)
      const one_by_one = await pages(ledger.url, null, filter, limit)
      expect(by_index.found).toEqual(one_by_one.found)
      expect(by_index.state).toEqual({ state: 'ready', rows: 97, of: 97 })
      // What entries say of rows it knows for sure.
      const of_entries = [filter.outcome, filter.sink, filter.source].some(each => each !== undefined)
      if (of_entries && filter.text === undefined) expect(by_index.looked_at).toBe(0)
    }
  })

  test('has segments with entries of several splits, and is forgotten as a whole', async () => {
    const reader = await openLedgerReader(ledger.url)
    const run = (await reader.logs()).find(({ log }) => log === 1)?.run ?? ''
    let entries = 0
    for (let part = 1; part <= SPLITS; part++) entries += await reader.size(1 + part)
    await reader.close()
    const chain = new RunFolder(ledger.index, run).chain()
    expect(chain.at(-1)?.end).toBe(entries)
    expect(chain.length).toBeGreaterThan(5)
    forgetRuns(ledger.url, [run])
    expect(readdirSync(ledger.index)).toEqual([])
    await ledger.build()
    expect((await ledger.find({ text: 'a lot' })).rows.length).toBe(7)
  })
})

test('one under way has its closed splits indexed, and the rest is looked through; then all of it is', async () => {
  const runs = new HostRuns()
  try {
    const lines = Array.from({ length: 600 }, (_, i) => `${i + 1},${i % 7 === 0 ? 'seven' : 'other'}\n`)
    runs.write('in.csv', `id,kind\n${lines.join('')}`)
    runs.write(
      'p.yaml',
      `name: rows
splits: { count: 6 }
defaults: { on_error: discard, on_invalid: discard }
sources:
  in: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer, kind: string } }, to: out }
sinks:
  out: { plugin: jsonl, options: { path: out/all.jsonl } }
`,
    )
    const { run, result } = await runs.start({}, 350)
    expect(result.stopped_by).toBe('user')
    const index = `${join(runs.folder, 'custody.db')}-index`
    const reader = await openLedgerReader(runs.url)
    const indexing = new Indexing(
      reader,
      { index, ledger: await ledgerId(reader), sizes: { ...SHORT_SEGMENTS, most_entries: 50 } },
      async () => undefined,
    )
    const end = () => new RunFolder(index, run).chain().at(-1)?.end ?? 0
    const same = async () => {
      await indexing.round()
      const by_index = await pages(runs.url, index, { value: ['kind=seven'] }, 20)
      const one_by_one = await pages(runs.url, null, { value: ['kind=seven'] }, 20)
      expect(by_index.found).toEqual(one_by_one.found)
      return by_index.state
    }
    await same()
    expect(end()).toBeGreaterThan(300)
    expect(end()).toBeLessThan(500)
    await runs.resume(run)
    expect(await same()).toEqual({ state: 'ready', rows: 600, of: 600 })
    expect(end()).toBeGreaterThan(600)
    await reader.close()
  } finally {
    runs.close()
  }
})

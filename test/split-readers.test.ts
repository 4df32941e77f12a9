/** A run with splits is shown, searched, compared and erased like the same run without: only its numbers have parts. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RowFilter } from '../src/api/rows.ts'
import { encodeSigningKeys } from '../src/format/signing-key.ts'
import { RowLines } from '../src/host/answers/row-lines.ts'
import { checkedRun, UNOBSERVED } from '../src/host/checked-run.ts'
import { rowPredicate } from '../src/host/row-predicate.ts'
import { openLedgerReader } from '../src/ledger/open.ts'
import { partOf } from '../src/model/part-ids.ts'
import { LedgerRowFinder } from '../src/search/ledger-row-finder.ts'
import { sampled } from './support/form.ts'
import { runSplitPipeline, SPLITS } from './support/split-ledger.ts'
import { WorkFolder } from './support/work-folder.ts'

interface Shown {
  readonly row: number
  readonly source: string
  readonly origin: { readonly line: number; readonly index: number }
  readonly tokens: ReadonlyArray<{
    readonly token: number
    readonly parents: readonly number[]
    readonly [key: string]: unknown
  }>
}

const ROWS = 90
let work: WorkFolder
let whole: string
let split: string

describe.each(
  sampled(
    [
      ['several files', true],
      ['one file', false],
    ] as const,
    2,
  ),
)('of %s', (_of, many) => {
  beforeAll(async () => {
    work = new WorkFolder({})
    const url = `sqlite:${join(work.folder, 'custody.db')}`
    await runSplitPipeline(url, undefined, many)
    await runSplitPipeline(url, SPLITS, many)
    // That of `testPorts`.
    work.env = { ...work.env, CUSTODY_KEY: encodeSigningKeys('test', new Uint8Array(32).fill(9)) }
    const runs: ReadonlyArray<{ readonly run: string }> = await json('runs')
    split = runs[0]?.run ?? ''
    whole = runs[1]?.run ?? ''
  })
  afterAll(() => work.close())

  async function json(...argv: string[]) {
    const { json, exit, stderr } = await work.custody(...argv, '--json')
    expect(exit, stderr).toBe(0)
    return json
  }

  /** Without what depends on ids, times, and where a run wrote. */
  const OWN = new Set(
    'run checkpoint signed_by duration_ms started_at ended_at started_us duration_us entries file path sha256 bytes'.split(
      ' ',
    ),
  )
  function alike(value: unknown): unknown {
    return JSON.parse(JSON.stringify(value), (key, each) => (OWN.has(key) ? 0 : each))
  }

  test('it came to the same, and holds', async () => {
    const shown = await json('show', split)
    const { result_digest, split_summary, ...rest } = shown
    expect(alike(rest)).toEqual(alike(await json('show', whole)))
    expect(result_digest).toMatch(/^[0-9a-f]{64}$/)
    expect(split_summary.closed).toBe(split_summary.count)
    expect(shown.entries).toBeGreaterThan(ROWS)
    const [listed, other] = await json('runs')
    expect(alike(listed)).toEqual(alike(other))
    expect((await work.custody('verify', '--decisions')).stdout).toMatch(/holds\.\n$/)
  })

  test('its stories are those of the same records, and each number is there once', async () => {
    const seen = new Set<number>()
    const tale = ({ source, origin, tokens }: Shown) => ({
      ...{ source, line: origin.line, index: origin.index },
      tokens: tokens.map(({ branch, outcome, cause, sink, visits }) => alike({ branch, outcome, cause, sink, visits })),
    })
    const hashes = /"(?:input|output)_hash":"[0-9a-f]+",?/g
    const text = (story: Shown) => JSON.stringify(tale(story)).replaceAll(hashes, '')
    for (let index = 1; index <= ROWS; index += 8) {
      const own: Shown = await json('explain', split, '--row', `orders:${index}`)
      expect(text(own)).toBe(text(await json('explain', whole, '--row', `orders:${index}`)))
      expect(partOf(own.row)).toBeGreaterThan(0)
      expect(seen.has(own.row)).toBe(false)
      seen.add(own.row)
      expect(await json('explain', split, '--row', String(own.row))).toEqual(own)
    }
  })

  test('rows are found in all parts, by an expression and by filters', async () => {
    const ids = (stories: readonly Shown[]) => stories.map(({ origin: { index } }) => index)
    const found = await json('explain', split, '--where', 'row.amount > 2500')
    expect(ids(found)).toEqual(ids(await json('explain', whole, '--where', 'row.amount > 2500')))
    expect(new Set(found.map(({ row }: Shown) => partOf(row))).size).toBeGreaterThan(1)
    const reader = await openLedgerReader(`sqlite:${join(work.folder, 'custody.db')}`)
    try {
      const page = async (run: string, filter: RowFilter, limit: number, at: number) => {
        const { reader: checked, log } = await checkedRun(work.env, reader, run, UNOBSERVED)
        const finder = new LedgerRowFinder({ stored: reader, checked, index: null, predicateOf: rowPredicate })
        const asked = { after: null, at, limit, counts: true }
        const { rows, matches, entries } = await finder.find(log, filter, asked, new AbortController().signal)
        const lines = (await RowLines.of(checked, log, true)).of(entries)
        expect(lines.map(({ line }) => line.row)).toEqual(rows)
        return { matches, records: lines.map(({ line }) => [line.source, line.index, line.data]) }
      }
      for (const filter of [
        {},
        { where: 'row.shop == "b"' },
        { text: '1000' },
        { outcome: ['FAILED'] },
        { sink: ['problems'] },
      ])
        for (const [limit, at] of [
          [10, 0],
          [40, 20],
          [500, 0],
        ] as const)
          expect(await page(split, filter as RowFilter, limit, at)).toEqual(
            await page(whole, filter as RowFilter, limit, at),
          )
    } finally {
      await reader.close()
    }
  })

  test('compared with the same run without splits no row differs, by number and by key', async () => {
    for (const by of [[], ['--key', 'id']]) {
      const { rows, only, differences } = await json('diff', whole, split, ...by)
      expect({ ...rows, only, differences }).toEqual({
        ...{ compared: by.length === 0 ? ROWS + 7 : expect.any(Number), same: rows.compared, unknown: 0, different: 0 },
        ...{ only_old: 0, only_new: 0, only: [], differences: [] },
      })
    }
  })

  test('rows of it are erased, and then all of it is', async () => {
    const { erased, derived } = await json(
      'erase',
      split,
      '--row',
      'orders:64',
      '--row',
      'extra:3',
      '--derived',
      '--yes',
    )
    expect(erased.map(({ row }: Shown) => partOf(row))).toEqual([expect.any(Number), SPLITS])
    expect(derived.length).toBeGreaterThan(0)
    const { tokens } = await json('explain', split, '--row', 'orders:64')
    expect(JSON.stringify(tokens)).not.toContain('2331')
    expect((await json('explain', split, '--row', 'orders:65')).holds).toBe(true)
    expect((await work.custody('verify')).stdout).toMatch(/holds\.\n$/)
    expect((await work.custody('explain', split, '--row', '1:999')).stderr).toContain('the run has no row 1:999')
    const purged = await json('purge', '--older-than', '0s')
    expect(purged.purged.map(({ run }: { readonly run: string }) => run)).toContain(split)
    expect((await work.custody('verify')).stdout).toMatch(/holds\.\n$/)
    const { tokens: gone } = await json('explain', split, '--row', 'orders:66')
    expect(JSON.stringify(gone)).not.toContain('2405')
  })
})

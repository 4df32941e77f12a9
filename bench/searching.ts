/** Measures the index of rows on the ledger that a run has left: making it, and what is found by it. */
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { RowFilter } from '../src/api/rows.ts'
import { rowPredicate as predicateOf } from '../src/host/row-predicate.ts'
import { openLedgerReader } from '../src/ledger/open.ts'
import type { LedgerReader } from '../src/ledger/read-port.ts'
import { CheckedReader } from '../src/read/evidence/checked-reader.ts'
import { findRun } from '../src/read/runs/list.ts'
import { closingOf } from '../src/read/runs/run-log.ts'
import { indexFolder } from '../src/search/index/index-folder.ts'
import { Indexing } from '../src/search/index/indexing.ts'
import { ledgerId } from '../src/search/ledger-id.ts'
import { LedgerRowFinder } from '../src/search/ledger-row-finder.ts'
import type { SearchSample } from './task.ts'

/** One row, some, a fourth, half, and all of W1's; and none. */
const FILTERS: readonly RowFilter[] = [
  { text: 'customer 0000017' },
  { text: '0543' },
  { value: ['region=north'] },
  { sink: ['high'], min_duration_us: 1 },
  { text: 'asked for an offer' },
  { text: 'nobody wrote this' },
]
const PAGE_ROWS = 50
const NEVER = new AbortController().signal

export async function search(url: string): Promise<SearchSample> {
  const index = indexFolder(url) ?? ''
  rmSync(index, { recursive: true, force: true })
  const reader = await openLedgerReader(url)
  try {
    const { log } = await findRun(reader, 'latest')
    const { rows: counts } = (await closingOf(reader, log)).totals
    const rows = counts.read
    const begun = process.cpuUsage()
    await new Indexing(reader, { index, ledger: await ledgerId(reader) }, async () => undefined).round()
    const { user, system } = process.cpuUsage(begun)
    const rows_per_cpu_second = (rows * 1e6) / (user + system)
    const times: number[] = []
    for (const filter of FILTERS)
      for (const at of [0, Math.floor(rows * 0.7)]) {
        const asked_ms = performance.now()
        await firstPage(reader, index, filter, at)
        times.push(performance.now() - asked_ms)
      }
    return { rows_per_cpu_second, bytes_per_row: sizeOf(index) / rows, slowest_ms: Math.max(...times) }
  } finally {
    await reader.close()
  }
}

function firstPage(reader: LedgerReader, index: string, filter: RowFilter, at: number): Promise<unknown> {
  return reader.snapshot(async () => {
    const { log } = await findRun(reader, 'latest')
    const checked = new CheckedReader(reader, { remembered: null })
    const finder = new LedgerRowFinder({ stored: reader, checked, index, predicateOf })
    return finder.find(log, filter, { after: null, at, limit: PAGE_ROWS, counts: true }, NEVER)
  })
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(each => each.isFile())
    .reduce((sum, each) => sum + statSync(join(each.parentPath, each.name)).size, 0)
}

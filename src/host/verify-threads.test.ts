import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { opening, RUN, sampleRun, simpleRow, testPorts } from '../../test/support/ledger.ts'
import { openLedger, openLedgerReader } from '../ledger/open.ts'
import { fateNumber } from '../model/outcome.ts'
import { packed, unpacked } from '../read/verify/packed-page.ts'
import { isStretch, PAGE_ENTRIES, type Page, pagesHere } from '../read/verify/page.ts'
import { ReadThreads } from './read-threads.ts'
import { pagesOf } from './verify-threads.ts'

async function ledgerOf(rows: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'custody-pages-'))
  const url = `sqlite:${join(folder, 'ledger.db')}`
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const ledger = await openLedger(url, testPorts(), { create: true })
  const run = await ledger.openRun(RUN, opening())
  await sampleRun(run)
  for (let row = 5; row <= rows; row++) {
    const token = row + 6
    // The gate decided where it went.
    const endings = [{ token, fate: fateNumber('ROUTED', 'gate'), node: 3, sink: 9, group: 0, error: null }]
    run.append({ ...simpleRow(row, token), endings })
  }
  await run.commit()
  await ledger.close()
  return url
}

async function all(pages: AsyncIterable<Page>): Promise<Page[]> {
  const all: Page[] = []
  for await (const page of pages) all.push(page)
  return all
}

/** How many entries there are. */
function countIn(pages: readonly Page[]): number {
  return pages.flatMap(({ items }) => items).reduce((sum, each) => sum + (isStretch(each) ? each.count : 1), 0)
}

test('P1: what threads find is what is found here, in order', async () => {
  const url = await ledgerOf(3 * PAGE_ENTRIES)
  const reader = await openLedgerReader(url)
  const threads = new ReadThreads(url)
  try {
    for (const whole_rows of [false, true]) {
      const request = { log: 1, end: await reader.size(1), all_payloads: !whole_rows, whole_rows }
      const here = await all(pagesHere(reader)(request))
      expect(countIn(here)).toBe(request.end)
      expect(request.end).toBeGreaterThan(3 * PAGE_ENTRIES)
      expect(here.some(({ items }) => items.some(isStretch))).toBe(whole_rows)
      for (const page of here) expect(unpacked(packed(page))).toEqual(page)
      expect(await all(pagesOf(threads)(request))).toEqual(here)
    }
  } finally {
    await threads.close()
    await reader.close()
  }
})

test('P2: what can’t be read is reported with its code', async () => {
  const threads = new ReadThreads('sqlite:/nowhere/ledger.db')
  const request = { log: 1, end: 10, all_payloads: false, whole_rows: true }
  await expect(all(pagesOf(threads)(request))).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_NOT_FOUND' })
  await threads.close()
  await expect(all(pagesOf(threads)(request))).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_NOT_FOUND' })
  await threads.close()
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { runSplitPipeline } from '../../test/support/split-ledger.ts'
import { openLedgerReader } from '../ledger/open-reader.ts'
import { codeOnRecord } from './code-on-record.ts'
import { JoinedLedger } from './evidence/joined-ledger.ts'

test('what code a run had is said by its coordinator: its splits, of which there may be very many, aren’t looked through', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'custody-code-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const url = `sqlite:${join(folder, 'custody.db')}`
  await runSplitPipeline(url, 5)
  const reader = await openLedgerReader(url)
  try {
    const looked = vi.spyOn(reader, 'entriesOfRun')
    const { changed } = await codeOnRecord(new JoinedLedger(reader), 1)
    expect(changed).toEqual([])
    // Of the first split it is seen that it is one.
    expect(looked.mock.calls.map(([log]) => log)).toEqual([1, 2])
  } finally {
    await reader.close()
  }
})

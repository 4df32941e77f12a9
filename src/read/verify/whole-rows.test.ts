/** Rows that are added up (whole-rows.ts): the same is found as where each is looked at by itself, of a ledger that holds and of others. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { sampled } from '../../../test/support/form.ts'
import { commitDraft, full, opening, RUN, simpleRow, T0, testPorts, totals } from '../../../test/support/ledger.ts'
import { openLedger, openLedgerReader } from '../../ledger/open.ts'
import type { RunDraft } from '../../ledger/write-port.ts'
import { fateNumber } from '../../model/outcome.ts'
import { isStretch, type PageSource, pagesHere } from './page.ts'
import { verifyLedger } from './verify.ts'

const ROWS = 1500
const LOG = 1

/** Each of its rows is whole. */
async function ledger(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'custody-whole-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'ledger.db')
  const opened = await openLedger(`sqlite:${file}`, testPorts(), { create: true })
  const run = await opened.openRun(RUN, openingWithSinks())
  for (let row = 1; row <= ROWS; row++) {
    const endings = [{ token: row, fate: fateNumber('ROUTED', 'gate'), node: 3, sink: 9, group: 0, error: null }]
    run.append({ ...simpleRow(row), endings })
    if (row % 400 !== 0) continue
    const { entry, ...values } = commitDraft(row / 400, 4 + row / 400, totals(row, row, row))
    run.appendRun({ ...values, entry: { ...entry, t: T0 + row * 1000 + 900 } })
    await run.commit()
  }
  await run.commit()
  await opened.close()
  return file
}

/** Sinks 9 and 10 intend something. */
function openingWithSinks(): RunDraft {
  const { entry, values } = opening()
  const intent = { mode: 'fail', prior_bytes: 0, prior_sha256: null, replaced: null }
  const nodes = entry.values.nodes.map((node, i) => (i < 8 ? node : { intent: i - 5 }))
  return {
    entry: { ...entry, values: { ...entry.values, nodes } },
    first_value: 1,
    values: [...values, full(intent), full(intent)],
  }
}

/** What is found if whole rows are added up, and if they aren't; and how many were. */
async function found(file: string) {
  const reader = await openLedgerReader(`sqlite:${file}`)
  try {
    let added = 0
    const adding: PageSource = async function* (request) {
      for await (const page of pagesHere(reader)(request)) {
        for (const item of page.items) if (isStretch(item)) added += item.count
        yield page
      }
    }
    const one_by_one: PageSource = request => pagesHere(reader)({ ...request, whole_rows: false })
    const by = (pages: PageSource) => verifyLedger(reader, { keys: [], pages })
    return { added_up: await by(adding), one_by_one: await by(one_by_one), added }
  } finally {
    await reader.close()
  }
}

const CHANGES = {
  nothing: null,
  'a time': `UPDATE entries SET body = replace(body, '"t":', '"t":1') WHERE seq = 400`,
  'an outcome': `UPDATE entries SET body = replace(body, ',9,0]]', ',8,0]]') WHERE seq = 700`,
  'a row that is gone': `DELETE FROM entries WHERE seq = 900`,
  'a row under another number': `UPDATE entries SET row = 77 WHERE seq = 901`,
  'a value': `UPDATE payloads SET body = replace(body, '"amount":', '"amount":1') WHERE seq = 1200`,
  'a value that is gone': `DELETE FROM payloads WHERE seq = 1201`,
  'an ending': `UPDATE endings SET sink = 10 WHERE token = 1000`,
  'an ending that is gone': `DELETE FROM endings WHERE token = 1001`,
  'a tile': `UPDATE tiles SET hash = zeroblob(32) WHERE log = ${LOG} AND idx = 2`,
} as const

test.for(sampled(Object.entries(CHANGES), 3))(
  'the same is found of a ledger with another %s',
  async ([what, change]) => {
    const file = await ledger()
    if (change !== null) {
      const db = new DatabaseSync(file)
      for (const { name } of db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`).all())
        db.exec(`DROP TRIGGER ${String(name)}`)
      expect(db.prepare(change.replace(/(WHERE )/, `$1log = ${LOG} AND `)).run().changes).toBe(1)
      db.close()
    }
    const { added_up, one_by_one, added } = await found(file)
    expect(added_up).toEqual(one_by_one)
    const entries = added_up.runs[0]?.checks.find(({ name }) => name === 'entries')
    if (what === 'nothing') expect([added, entries?.problems]).toEqual([ROWS, []])
    expect(added).toBeGreaterThan(400)
  },
)

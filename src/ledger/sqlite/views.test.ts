import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SQLInputValue } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { opening, RUN, sampleRun, sealFacts, testPorts, totals } from '../../../test/support/ledger.ts'
import { readable } from '../../../test/support/payload.ts'
import { commitment } from '../../format/hash.ts'
import { idOf } from '../../model/part-ids.ts'
import { openLedger, openLedgerReader } from '../open.ts'
import { type LedgerReader, VIEW_COLUMNS, VIEW_NAMES, type ViewName } from '../read-port.ts'
import { QUERIES } from './queries.ts'
import { viewQueries } from './view-rows.ts'
import { VIEWS } from './views.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-views-'))
const url = `sqlite:${join(folder, 'ledger.db')}`
let reader: LedgerReader

beforeAll(async () => {
  const ledger = await openLedger(url, testPorts(), { create: true })
  const run = await ledger.openRun(RUN, opening())
  await sampleRun(run)
  await run.seal(sealFacts(totals(4, 10, 10)))
  const other = await ledger.openRun(RUN.replace(/1$/, '2'), opening(RUN.replace(/1$/, '2')))
  await sampleRun(other)
  await ledger.close()
  reader = await openLedgerReader(url)
})
afterAll(async () => {
  await reader.close()
  rmSync(folder, { recursive: true })
})

async function rowsOf(name: ViewName, where?: { column: string; value: string | number }, run = RUN) {
  const rows: unknown[][] = []
  for await (const each of reader.view(name, run, where)) {
    const { run_id, part, number, ...rest } = each
    expect(run_id).toBe(run)
    const cells = Object.values(rest)
    if ('number' in VIEW_COLUMNS[name]) expect([part, number]).toEqual([0, cells[0]])
    rows.push(cells)
  }
  return rows
}

/** The commitment to value `number` (from 1) among those of a row's entry. */
async function hashOf(row: number, number: number, text: string) {
  const [first] = await reader.entriesOfRow(1, row)
  const payload = readable(await reader.payload(1, first!.seq))
  return commitment(payload!.salts.subarray((number - 1) * 16, number * 16), text)
}

const CREATED = '2026-01-02T03:04:05.000Z'

/** Whether a step of a plan is one into tables of tokens and entries. */
const isLook = (step: string) => /^(SEARCH|SCAN) (e|endings|open_tokens)( |$)/.test(step)

/** Those of the arms that are for first logs of runs. */
function ofFirstLogs(steps: readonly string[]): readonly string[] {
  let is_split = false
  return steps.filter(step => {
    if (step.startsWith('SEARCH l ')) is_split = step.includes('part>')
    return !is_split && isLook(step)
  })
}

describe('views', () => {
  test('runs: sealed, and one whose process is still there', async () => {
    expect(await rowsOf('runs')).toEqual([
      ['sample', 'completed', CREATED, '2026-01-02T03:04:14.000Z', 'ab'.repeat(32), 4],
    ])
    // The test's clock is long past, so is the lease. It began when the other was sealed: a ledger's time never goes back.
    expect((await rowsOf('runs', undefined, RUN.replace(/1$/, '2')))[0]?.slice(1, 4)).toEqual([
      'interrupted',
      '2026-01-02T03:04:14.000Z',
      null,
    ])
  })

  test('nodes and edges', async () => {
    expect((await rowsOf('nodes')).slice(0, 4)).toEqual([
      ['in', 'source', 'csv'],
      ['screen', 'transform', 'explode'],
      ['tier', 'gate', null],
      ['split', 'fork', null],
    ])
    expect((await rowsOf('edges')).slice(0, 3)).toEqual([
      ['in', 'to', 'screen'],
      ['in', 'on_invalid', 'discard'],
      ['screen', 'to', 'tier'],
    ])
  })

  test('rows, rejected ones included', async () => {
    const hash = await hashOf(1, 1, '{"amount":1,"id":1}')
    const rows = await rowsOf('rows')
    expect(rows).toHaveLength(4)
    expect(rows[0]).toEqual([1, 'in', 1, hash, '2026-01-02T03:04:05.001Z'])
    expect(await rowsOf('rows', { column: 'row_id', value: 2 })).toEqual([rows[1]])
  })

  test('tokens and their parents', async () => {
    expect(await rowsOf('tokens')).toEqual([
      [1, 1, null, null],
      [2, 2, null, null],
      [3, 3, null, null],
      [4, 3, 'left', 1],
      [5, 3, 'right', 1],
      [6, 3, null, 2],
      [7, 4, null, null],
      [8, 4, null, 3],
      [9, 4, null, 3],
      [10, null, null, 4],
    ])
    expect(await rowsOf('token_parents')).toEqual([
      [4, 3, 0],
      [5, 3, 0],
      [6, 4, 0],
      [6, 5, 1],
      [8, 7, 0],
      [9, 7, 0],
      [10, 6, 0],
      [10, 9, 1],
    ])
  })

  test('groups, batches and their members', async () => {
    const at = (ms: string) => `2026-01-02T03:04:05.${ms}Z`
    expect(await rowsOf('groups')).toEqual([
      [1, 'fork', 'split', 3, 2, 'forked', at('003'), at('003')],
      [2, 'merge', 'join', 3, 2, 'merged', at('003'), at('003')],
      [3, 'expand', 'screen', 4, 2, 'expanded', at('004'), at('004')],
      [4, 'batch', 'stats', null, 0, 'count', at('004'), at('006')],
    ])
    expect(await rowsOf('batches')).toEqual([[4, 'stats', 'count', 2, null]])
    expect(await rowsOf('batch_members')).toEqual([
      [4, 6, 0],
      [4, 9, 1],
    ])
  })

  test('token_outcomes: one ending each, and each hold', async () => {
    const rows = await rowsOf('token_outcomes')
    const ends = rows.filter(each => each[4] === 1)
    expect(ends.map(each => each.slice(0, 9))).toEqual([
      [1, 1, 'ROUTED', 'gate', 1, 'low', 'low', null, null],
      [2, 2, 'QUARANTINED', 'source_invalid', 1, 'in', null, null, 'BAD_ROW'],
      [3, 3, 'FORKED', 'fork', 1, 'split', null, 1, null],
      [4, 3, 'COALESCED', 'merge', 1, 'join', null, 2, null],
      [5, 3, 'COALESCED', 'merge', 1, 'join', null, 2, null],
      [6, 3, 'CONSUMED_IN_BATCH', 'batch', 1, 'stats', null, 4, null],
      [7, 4, 'EXPANDED', 'expand', 1, 'screen', null, 3, null],
      [8, 4, 'ROUTED', 'gate', 1, 'low', 'low', null, null],
      [9, 4, 'CONSUMED_IN_BATCH', 'batch', 1, 'stats', null, 4, null],
      [10, null, 'COMPLETED', 'flow', 1, 'out', 'out', null, null],
    ])
    expect(ends[1]?.[9]).toBe(await hashOf(2, 2, '{"code":"BAD_ROW","message":"three cells, not two"}'))
    expect(rows.filter(each => each[4] === 0).map(each => each.slice(0, 9))).toEqual([
      [4, 3, 'BUFFERED', null, 0, 'join', null, 2, null],
      [5, 3, 'BUFFERED', null, 0, 'join', null, 2, null],
      [6, 3, 'BUFFERED', null, 0, 'stats', null, 4, null],
      [9, 4, 'BUFFERED', null, 0, 'stats', null, 4, null],
    ])
  })

  test('node_states: a held visit appears once, and values of earlier entries are found', async () => {
    const all = await rowsOf('node_states')
    const kept = await hashOf(4, 3, '{"id":4,"part":2}')
    expect(all.filter(each => each[0] === 9)).toEqual([
      [9, 'stats', 'aggregate', 1, 'ok', kept, null, '2026-01-02T03:04:05.006Z', 5],
    ])
    expect(all.filter(each => each[1] === 'join').map(each => each[4])).toEqual(['ok', 'ok'])
    expect(await rowsOf('node_states', { column: 'token_id', value: 2 })).toEqual([
      [2, 'in', 'source', 1, 'error', null, await hashOf(2, 1, '{"raw":"x"}'), '2026-01-02T03:04:05.002Z', 5],
    ])
    expect(all).toHaveLength(16)
  })

  test('routing_events: edges of visits, and those that tokens are born onto', async () => {
    expect((await rowsOf('routing_events')).filter(each => each[0] !== 8 && each[0] !== 9)).toEqual([
      [1, 'in', 'to', 'screen'],
      [1, 'screen', 'to', 'tier'],
      [1, 'tier', 'false', 'low'],
      [2, 'in', 'on_invalid', 'discard'],
      [3, 'in', 'to', 'screen'],
      [3, 'tier', 'true', 'split'],
      [4, 'split', 'left', 'a'],
      [5, 'split', 'right', 'b'],
      [6, 'join', 'to', 'stats'],
      [7, 'in', 'to', 'screen'],
      [10, 'stats', 'to', 'out'],
    ])
  })

  test('routing_events: children of an expansion', async () => {
    expect(await rowsOf('routing_events', { column: 'token_id', value: 9 })).toEqual([[9, 'screen', 'to', 'tier']])
  })

  test('calls and artifacts', async () => {
    expect(await rowsOf('calls')).toEqual([])
    expect(await rowsOf('artifacts')).toEqual([['low', '/tmp/low.csv', 2, 20, 'cd'.repeat(32)]])
  })

  test('a row or a token that is looked up needs no scan of its run, nor of all runs', async () => {
    const { DatabaseSync } = await import('node:sqlite')
    const db = new DatabaseSync(url.slice('sqlite:'.length), { readOnly: true })
    // Members of a batch stand in its entries: all batches are looked through. Calls of batches have no token, which needs no look.
    const lookups = { batch_members: ['row_id'], calls: [] }
    const logs = { parts: () => [0, 1], extentOf: () => null }
    for (const [name, { columns }] of Object.entries(VIEWS)) {
      const by = name in lookups ? lookups[name as keyof typeof lookups] : ['row_id', 'token_id']
      for (const column of by.filter(each => columns.includes(each))) {
        const steps = (text: string, values: readonly SQLInputValue[]) =>
          db
            .prepare(`EXPLAIN QUERY PLAN ${text}`)
            .all(...values)
            .map(each => String(each.detail))
            .filter(each => /^(SEARCH|SCAN) /.test(each))
        const stored = ofFirstLogs(steps(`SELECT * FROM ${name} WHERE run_id = ? AND ${column} = ?`, [RUN, 3]))
        // The arms of first logs come first.
        const of_any_run = steps(`SELECT * FROM ${name} WHERE ${column} = ?`, [3])
          .filter(isLook)
          .slice(0, stored.length)
        // Of a split, too, where a reader is asked.
        const asked = [3, idOf(1, 3)].flatMap(value => [...viewQueries(name as ViewName, RUN, logs, { column, value })])
        expect(asked.map(([, values]) => values)).toEqual(Array(2).fill([RUN, 3]))
        for (const looks of [stored, of_any_run, ...asked.map(each => steps(...each).filter(isLook))]) {
          expect(looks.length).toBeGreaterThan(0)
          for (const each of looks)
            expect(`${name} by ${column}: ${each}`).toMatch(/\((log=\?|ANY\(log\)) AND (token|row)=\?/)
        }
      }
    }
    db.close()
  })

  test('a row or a token that another view names is looked up, too', async () => {
    const { DatabaseSync } = await import('node:sqlite')
    const db = new DatabaseSync(url.slice('sqlite:'.length), { readOnly: true })
    for (const [view, column, by] of [
      ['tokens', 'token_id', 'row_id'],
      ['rows', 'row_id', 'token_id'],
    ]) {
      const text = `SELECT * FROM token_outcomes o JOIN ${view} v ON v.run_id = o.run_id AND v.${column} = o.${column} WHERE o.run_id = ? AND o.${by} = ?`
      const steps = db.prepare(`EXPLAIN QUERY PLAN ${text}`).all(RUN, 3)
      for (const step of ofFirstLogs(steps.map(each => String(each.detail))))
        expect(`${text}: ${step}`).toMatch(/\(log=\? AND (token|row)=\?|\(ANY\(log\) AND row=\?/)
    }
    db.close()
  })

  test('queries of the reader neither scan nor sort', async () => {
    const { DatabaseSync } = await import('node:sqlite')
    const db = new DatabaseSync(url.slice('sqlite:'.length), { readOnly: true })
    const { logs, all_logs, heads, leases, objects, integrity, sizes, error_counts, ...others } = QUERIES
    // Of these all is read, in order.
    const { newest_witnessed, newest_timestamps, ...lookups } = others
    expect([newest_witnessed, newest_timestamps].join()).not.toContain('WHERE')
    for (const [name, text] of Object.entries(lookups)) {
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${text}`).all()
      expect(
        plan.map(each => `${name}: ${each.detail}`).filter(each => /SCAN (?!CONSTANT)|TEMP B-TREE/.test(each)),
      ).toEqual([])
    }
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${QUERIES.entries_of_row}`).all()
    expect(plan.map(each => each.detail)).toEqual([
      'SEARCH entries USING INDEX entries_subject (log=? AND row=? AND batch=?)',
    ])
    expect(db.prepare(`EXPLAIN QUERY PLAN ${error_counts}`).all()[0]?.detail).toMatch(
      /^SEARCH endings USING PRIMARY KEY/,
    )
    expect([logs, heads, leases, objects, integrity, sizes]).toHaveLength(6)
    db.close()
  })

  test('all of them exist', async () => {
    const names = (await reader.objects()).filter(each => each.type === 'view').map(each => each.name)
    expect(new Set(names)).toEqual(new Set(VIEW_NAMES))
  })
})

/** What the views for auditors have to say of a run with splits, in either store: what they say of the same run without, but for ids. */
import { expect, test } from 'vitest'
import { type LedgerReader, VIEW_COLUMNS, VIEW_NAMES, type ViewName } from '../../src/ledger/read-port.ts'
import { idsAmong } from '../../src/ledger/view-columns.ts'
import { idOf, numberOf, partOf } from '../../src/model/part-ids.ts'
import { SPLITS } from './split-ledger.ts'

type Row = Readonly<Record<string, unknown>>

/** A ledger with three runs of one pipeline: without splits, with one, and with some. */
export interface SplitRuns {
  readonly reader: LedgerReader
  readonly whole: string
  readonly one: string
  readonly some: string
  /** What a client gets who asks the stored views. */
  ask(sql: string): Promise<readonly Row[]>
}

const columnsOf = (view: ViewName) => Object.keys(VIEW_COLUMNS[view])
const idsOf = (view: ViewName) => idsAmong(columnsOf(view))
const WITH_IDS = VIEW_NAMES.filter(view => idsOf(view).length > 0)
const OF_THE_RUN = VIEW_NAMES.filter(view => idsOf(view).length === 0)

/** Where each id of a view is one of: the view of what has it. */
const HOMES: { readonly [column: string]: ViewName } = {
  ...{ row_id: 'rows', token_id: 'tokens', parent_id: 'tokens', group_id: 'groups', batch_id: 'batches' },
}
/** What depends on when a run was, and on its salts. */
const OWN = /^run_id$|_at$|_us$|^hash$|_hash$/

export function testSplitViews(runs: () => SplitRuns): void {
  const all = async (view: ViewName, run: string, where?: Parameters<LedgerReader['view']>[2]): Promise<Row[]> => {
    const rows: Row[] = []
    for await (const each of runs().reader.view(view, run, where)) rows.push({ ...each })
    return rows
  }
  const alike = (rows: readonly Row[], part: number) =>
    rows.map(row =>
      Object.entries(row).map(([column, value]) => {
        if (OWN.test(column)) return value === null
        const is_id = typeof value === 'number' && column.endsWith('_id')
        return is_id ? value - idOf(part, 0) : column === 'part' ? Number(value) - part : value
      }),
    )

  test('one split has the rows that there are without, in the same order, as part 1', async () => {
    for (const view of VIEW_NAMES) {
      const rows = await all(view, runs().whole)
      if (!['calls', 'inputs'].includes(view)) expect(rows.length, view).toBeGreaterThan(0)
      const part = WITH_IDS.includes(view) ? 1 : 0
      const expected = view === 'artifacts' ? withoutPaths(rows) : rows
      const found = await all(view, runs().one)
      const rows_found = alike(view === 'artifacts' ? withoutPaths(found) : found, part)
      expect(inOrder(view, rows_found), view).toEqual(inOrder(view, alike(expected, 0)))
    }
  })

  test('what they say of a run they say once', async () => {
    for (const view of OF_THE_RUN) {
      const [whole, some] = [await all(view, runs().whole), await all(view, runs().some)]
      // What aggregates give depends on how many splits there are.
      const comparable = (rows: readonly Row[]) =>
        view === 'artifacts' ? withoutPaths(rows.filter(({ sink }) => sink !== 'totals')) : rows
      expect(alike(comparable(some), 0), view).toEqual(alike(comparable(whole), 0))
      expect(some).toHaveLength(whole.length)
    }
  })

  test('ids are the part and the number, each once, and stand in order of parts', async () => {
    for (const view of WITH_IDS) {
      const rows = await all(view, runs().some)
      const [own = ''] = idsOf(view)
      if (!('number' in VIEW_COLUMNS[view])) continue
      const ids = rows.map(row => Number(row[own]))
      expect(new Set(ids).size).toBe(ids.length)
      expect(ids).toEqual([...ids].sort((a, b) => a - b))
      for (const row of rows) expect(row[own]).toBe(idOf(Number(row.part), Number(row.number)))
      if (view === 'rows') expect(new Set(ids.map(partOf)).size).toBe(SPLITS)
    }
    const parts = (rows: readonly Row[]) => rows.map(({ token_id }) => partOf(Number(token_id)))
    for (const view of ['token_outcomes', 'node_states', 'routing_events', 'token_parents'] as const) {
      const found = parts(await all(view, runs().some))
      expect(found, view).toEqual([...found].sort((a, b) => a - b))
    }
  })

  test('rows, their tokens, decisions and endings are those of the same records without splits', async () => {
    for (const view of ['rows', 'tokens', 'token_outcomes', 'node_states', 'routing_events', 'groups'] as const) {
      const [whole, some] = [await byRecord(view, runs().whole), await byRecord(view, runs().some)]
      expect(some.length).toBeGreaterThan(50)
      expect(some, view).toEqual(whole)
    }
    const members = async (run: string) => (await all('batch_members', run)).length
    expect(await members(runs().some)).toBe(await members(runs().whole))
  })

  /** Rows of a view that are of a row, ids replaced by what record that is. */
  async function byRecord(view: ViewName, run: string): Promise<readonly string[]> {
    const records = new Map((await all('rows', run)).map(row => [row.row_id, `${row.source} ${row.source_index}`]))
    const rows_of = new Map((await all('tokens', run)).map(({ token_id, row_id }) => [token_id, row_id]))
    const found: string[] = []
    for (const row of await all(view, run)) {
      const record = records.get(row.row_id ?? rows_of.get(row.token_id) ?? null)
      if (record === undefined) continue
      const rest = Object.entries(row).filter(([column]) => !OWN.test(column) && !/_id$|^part$|^number$/.test(column))
      found.push(`${record} ${JSON.stringify(rest)}`)
    }
    return found.sort()
  }

  test('whatever has an id in one view is found by it in the others, as a client joins them', async () => {
    for (const run of [runs().whole, runs().one, runs().some])
      for (const view of WITH_IDS)
        for (const column of idsOf(view)) {
          const home = HOMES[column]
          if (home === undefined) continue
          const id = idsOf(home)[0]
          const [counted] =
            await runs().ask(`SELECT count(*) AS of_all, count(v.${column}) AS filled, count(h.${id}) AS found
            FROM ${view} v LEFT JOIN ${home} h ON h.run_id = v.run_id AND h.${id} = v.${column} WHERE v.run_id = '${run}'`)
          const rows = await all(view, run)
          const having = rows.filter(row => row[column] !== null).length
          expect(
            [counted?.of_all, counted?.filled, counted?.found].map(Number),
            `${view}.${column} in ${home}`,
          ).toEqual([rows.length, having, having])
        }
  })

  test('a client gets of a stored view what a reader gets', async () => {
    for (const view of VIEW_NAMES) {
      const stored = await runs().ask(`SELECT * FROM ${view} WHERE run_id = '${runs().some}'`)
      const texts = (rows: readonly Row[]) =>
        rows
          .map(row =>
            JSON.stringify(
              columnsOf(view)
                .map(each => row[each] ?? null)
                .map(each => (typeof each === 'bigint' ? Number(each) : each)),
            ),
          )
          .sort()
      expect(texts(stored), view).toEqual(texts(await all(view, runs().some)))
    }
  })

  test('looked up by an id, a part or a number there are those that have it', async () => {
    for (const run of [runs().whole, runs().some])
      for (const view of WITH_IDS) {
        const rows = await all(view, run)
        for (const column of [...idsOf(view), 'part', 'number'].filter(each => columnsOf(view).includes(each))) {
          const values = [
            ...new Set(rows.flatMap(row => (typeof row[column] === 'number' ? [Number(row[column])] : []))),
          ]
          const tried = [...values.filter((_, i) => i % 29 === 0), idOf(SPLITS + 1, 1), idOf(1, 999_999), 0]
          for (const value of tried)
            expect(
              await all(view, run, { column, value }),
              `${view} by ${column} ${partOf(value)}:${numberOf(value)}`,
            ).toEqual(rows.filter(row => row[column] === value))
        }
      }
    await expect(all('node_states', runs().some, { column: 'part', value: 1 })).rejects.toThrow('has no column part')
  })
}

/** Where times are part of the order, it isn't that of another run. */
const inOrder = (view: ViewName, rows: readonly unknown[]) =>
  ['node_states', 'token_outcomes'].includes(view) ? rows.map(each => JSON.stringify(each)).sort() : rows

/** Each run has a folder of its own. */
const withoutPaths = (rows: readonly Row[]) =>
  rows.map(({ path, ...rest }) => ({ ...rest, path: String(path).replace(/^.*\//, '') }))

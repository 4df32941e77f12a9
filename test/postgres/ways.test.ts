/** How often whoever explains a row, or shows a page of rows, waits for a server: what is asked at once goes there in one way. */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { findStory } from '../../src/host/answers/explained-row.ts'
import { Looking } from '../../src/host/answers/moment.ts'
import { rowsPage } from '../../src/host/answers/rows.ts'
import { UNOBSERVED } from '../../src/host/checked-run.ts'
import { seeLedger } from '../../src/host/seen-ledger.ts'
import { openLedgerReader } from '../../src/ledger/open.ts'
import { Connection } from '../../src/ledger/postgres/connection.ts'
import type { LedgerReader } from '../../src/ledger/read-port.ts'
import { newDatabase, postgres } from '../support/postgres.ts'
import { inPostgres } from '../support/postgres-ledger.ts'
import { WorkFolder } from '../support/work-folder.ts'

/** More than two tiles of the log's tree. */
const ROWS = 700
const PIPELINE = `name: many
defaults: { on_error: discard, on_invalid: discard }
sources: { rows: { plugin: jsonl, options: { path: rows.jsonl }, to: size } }
nodes: { size: { gate: row.i > 300, routes: { true: high, false: low } } }
sinks: { high: { plugin: jsonl, options: { path: high.jsonl } }, low: { plugin: jsonl, options: { path: low.jsonl } } }
`
const server = await postgres()

describe.skipIf(server.url === null)(`ways to a server${server.said}`, () => {
  let work: WorkFolder
  let place: Awaited<ReturnType<typeof newDatabase>>
  let sqlite: LedgerReader
  let other: LedgerReader
  beforeAll(async () => {
    const rows = Array.from({ length: ROWS }, (_, i) => `{"i":${i}}\n`)
    work = new WorkFolder({ 'p.yaml': PIPELINE, 'rows.jsonl': rows.join('') })
    await work.run()
    place = await newDatabase(server.url ?? '')
    sqlite = await openLedgerReader(`sqlite:${join(work.folder, 'custody.db')}`)
    other = await openLedgerReader(await inPostgres(join(work.folder, 'custody.db'), place.url, 'many'))
    await other.snapshot(() => seeLedger(other, null, work.env, () => undefined))
  })
  afterAll(async () => {
    await sqlite.close()
    await other.close()
    await place.remove()
    work.close()
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })

  /** How often nothing was under way when something was asked; and all that was asked. */
  async function asking(work: () => Promise<unknown>): Promise<{ ways: number; statements: number }> {
    let [ways, statements, under_way] = [0, 0, 0]
    for (const method of ['all', 'once', 'run'] as const) {
      const original = Connection.prototype[method] as (...of: unknown[]) => Promise<unknown>
      const counted = async function (this: Connection, ...of: unknown[]): Promise<unknown> {
        statements++
        if (under_way++ === 0) ways++
        try {
          return await original.apply(this, of)
        } finally {
          under_way--
        }
      }
      // cast: the same function, counted.
      vi.spyOn(Connection.prototype, method).mockImplementation(counted as never)
    }
    await work()
    vi.restoreAllMocks()
    return { ways, statements }
  }

  const explained = (reader: LedgerReader, row: number) =>
    reader.snapshot(() => findStory(work.env, reader, 'latest', { row }, UNOBSERVED))
  const page = (reader: LedgerReader, row: number) =>
    new Looking(reader, { env: work.env, before: null, index: null, keys: [] }).at(moment =>
      rowsPage(moment, { run: 'latest', at: row, limit: 50 }, true),
    )

  test('to explain a row are few, and the story is the same', async () => {
    expect((await explained(other, 400)).story).toEqual((await explained(sqlite, 400)).story)
    const { ways, statements } = await asking(() => explained(other, 401))
    expect(ways).toBeLessThanOrEqual(11)
    expect(statements).toBeLessThanOrEqual(30)
  })

  test('for a page of rows are few, and the rows are the same', async () => {
    expect(await page(other, 400)).toEqual(await page(sqlite, 400))
    const { ways, statements } = await asking(() => page(other, 401))
    expect(ways).toBeLessThanOrEqual(13)
    expect(statements).toBeLessThanOrEqual(30)
  })
})

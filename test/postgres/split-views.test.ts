/** The views for auditors of a run with splits, in PostgreSQL. */
// @module-tag proof
import pg from 'pg'
import { afterAll, beforeAll, describe } from 'vitest'
import { openLedgerReader } from '../../src/ledger/open.ts'
import { newDatabase, postgres } from '../support/postgres.ts'
import { runSplitPipeline, SPLITS } from '../support/split-ledger.ts'
import { type SplitRuns, testSplitViews } from '../support/split-views.ts'

const server = await postgres()

describe.skipIf(server.url === null)(`views of runs with splits in PostgreSQL${server.said}`, () => {
  let place: Awaited<ReturnType<typeof newDatabase>>
  let client: pg.Client
  let runs: SplitRuns

  beforeAll(async () => {
    place = await newDatabase(server.url ?? '')
    const url = `${place.url}?schema=ledger`
    for (const splits of [undefined, 1, SPLITS]) await runSplitPipeline(url, splits)
    client = new pg.Client({ connectionString: place.url })
    await client.connect()
    await client.query('SET search_path = ledger')
    const reader = await openLedgerReader(url)
    const [whole, one, some] = (await reader.logs()).flatMap(({ run }) => run ?? [])
    if (whole === undefined || one === undefined || some === undefined) throw new Error('a run is missing')
    runs = { reader, whole, one, some, ask }
  })
  afterAll(async () => {
    await runs.reader.close()
    await client.end()
    await place.remove()
  })

  /** Whole numbers come as texts. */
  async function ask(sql: string) {
    const { rows, fields } = await client.query(sql)
    const whole = new Set(
      fields.filter(({ dataTypeID }) => dataTypeID === pg.types.builtins.INT8).map(({ name }) => name),
    )
    return rows.map(row =>
      Object.fromEntries(
        Object.entries(row).map(([name, cell]) => [name, whole.has(name) && cell !== null ? Number(cell) : cell]),
      ),
    )
  }

  testSplitViews(() => runs)
})

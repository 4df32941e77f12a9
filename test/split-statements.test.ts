/** What a split costs the server of a ledger: as much as any other, however many there are. */
import { afterEach, expect, test, vi } from 'vitest'
import { Connection } from '../src/ledger/postgres/connection.ts'
import { newDatabase, postgres } from './support/postgres.ts'
import { runSplitPipeline } from './support/split-ledger.ts'

const server = await postgres()
afterEach(() => vi.restoreAllMocks())

/** A split that nothing is to be read for: its lease, its place, its first entry; its end; and what the coordinator looks at of it. */
const STATEMENTS_A_SPLIT = 10

/** Splits beyond the number of records have nothing to read. */
const [FEWER, MORE] = [40, 90]

test.skipIf(server.url === null)(`splits cost as few statements as ever${server.said}`, async () => {
  const database = await newDatabase(server.url ?? '')
  try {
    const fewer = await statementsOf(`${database.url}?schema=fewer`, FEWER)
    const more = await statementsOf(`${database.url}?schema=more`, MORE)
    // A few for each moment at which some of them are looked at.
    expect((more - fewer) / (MORE - FEWER)).toBeLessThan(STATEMENTS_A_SPLIT + 0.5)
  } finally {
    await database.remove()
  }
})

async function statementsOf(url: string, splits: number): Promise<number> {
  const asked = (['all', 'once', 'run'] as const).map(how => vi.spyOn(Connection.prototype, how))
  const before = asked.reduce((sum, { mock }) => sum + mock.calls.length, 0)
  await runSplitPipeline(url, splits)
  return asked.reduce((sum, { mock }) => sum + mock.calls.length, 0) - before
}

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, newDatabase, postgres } from '../../../test/support/postgres.ts'
import { Asking } from './asking.ts'
import type { Connection } from './connection.ts'
import { Session } from './session.ts'
import { Snapshot } from './snapshot.ts'

const server = await postgres()
const RECORDS = 20_000
const ALL = `SELECT n FROM numbers ORDER BY n`
/** Fails behind some hundred records. */
const FAILING = `SELECT n / (500 - n) AS n FROM numbers ORDER BY numbers.n`

describe.skipIf(server.url === null)(`a snapshot in which a statement fails${server.said}`, () => {
  let database: Awaited<ReturnType<typeof newDatabase>>
  let asking: Asking
  beforeAll(async () => {
    database = await newDatabase(server.url ?? '')
    await ask(
      database.url,
      `CREATE SCHEMA custody; CREATE TABLE custody.numbers AS SELECT n FROM generate_series(1, ${RECORDS}) n`,
    )
    asking = new Asking(await Session.open(database.url, 'read'))
  })
  afterAll(async () => {
    await asking.close()
    await database.remove()
  })

  async function all(text: string): Promise<number[]> {
    const numbers: number[] = []
    for await (const { n } of asking.stream<{ readonly n: number }>(text)) numbers.push(n)
    return numbers
  }
  const count = async () =>
    (await asking.get<{ readonly count: number }>('SELECT count(*) AS count FROM numbers'))?.count

  test('is read to its end by all others, as of the moment in which it began', async () => {
    const zero = { message: expect.stringContaining('division by zero') }
    await asking.snapshot(async () => {
      expect(await count()).toBe(RECORDS)
      await ask(database.url, 'DELETE FROM custody.numbers WHERE n % 2 = 0')
      const done = await Promise.allSettled([all(ALL), all(FAILING), asking.all('SELECT 1 / 0'), count(), all(ALL)])
      const numbers = Array.from({ length: RECORDS }, (_, i) => i + 1)
      const read = (value: unknown) => ({ status: 'fulfilled', value })
      const failed = { status: 'rejected', reason: expect.objectContaining(zero) }
      expect(done).toEqual([read(numbers), failed, failed, read(RECORDS), read(numbers)])
    })
    expect(await count()).toBe(RECORDS / 2)
  })

  test('is given up by whoever needs no more of it', async () => {
    await asking.snapshot(async () => {
      for await (const { n } of asking.stream<{ readonly n: number }>(ALL)) {
        await expect(asking.all('SELECT 1 / 0')).rejects.toThrow('division by zero')
        if (n > 200) break
      }
      expect(await count()).toBe(RECORDS / 2)
    })
  })
})

test('a snapshot whose connection is lost before it has answered begins once more, and ends whatever became of that', async () => {
  const cut = () => Promise.reject(new Error('Connection terminated unexpectedly'))
  const sound = { run: async () => undefined, rollback: async () => undefined }
  // cast: of a connection a snapshot uses no more than that.
  const connections = (...all: object[]) => {
    const left = all as Connection[]
    return new Snapshot(async () => left.shift() ?? cut())
  }
  const again = connections({ ...sound, run: cut }, sound)
  expect(await again.ask(async () => 'answer')).toBe('answer')
  await again.end()
  const gone = connections({ ...sound, run: cut })
  await expect(gone.ask(async () => 'answer')).rejects.toThrow('Connection terminated')
  await gone.end()
  const late = connections(sound, sound)
  await late.ask(async () => 'answer')
  await expect(late.ask(cut)).rejects.toThrow('Connection terminated')
})

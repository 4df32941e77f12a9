/**
 * Whatever happens to the connection, to a backend or to the server at any moment of a run: nothing is lost and nothing is there twice. The
 * ledger holds byte for byte what it would have held. A few faults of each kind; 200 in `npm run postgres`.
 */
import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openLedger, openLedgerReader } from '../../src/ledger/open.ts'
import { Connection } from '../../src/ledger/postgres/connection.ts'
import { QUERIES } from '../../src/ledger/postgres/queries.ts'
import type { RunLedger } from '../../src/ledger/write-port.ts'
import { thisProcess } from '../../src/model/holder.ts'
import { contents } from '../conformance/stage.ts'
import { Random } from '../simulation/random.ts'
import { commitDraft, opening, RUN, sealFacts, simpleRow, testPorts, totals } from '../support/ledger.ts'
import { ALL_OF_POSTGRES, ask } from '../support/postgres.ts'
import { PostgresServer } from '../support/postgres-server.ts'
import { Network } from './network.ts'
import { STRIKES } from './strikes.ts'

const FAULTS = ALL_OF_POSTGRES ? 200 : 5
const KINDS = ['cut_request', 'cut_answer', 'end_backends', 'kill_backend', 'restart'] as const
const COMMITS = 6
const ROWS = 8
/** About what one commit takes, there and back. */
const BYTES = { to_server: 6_000, to_client: 400 } as const

let server: PostgresServer | null = null
let why = ''
try {
  server = await PostgresServer.begin(['max_connections=100'])
} catch (error) {
  why = ` (no server: ${String(error)})`
}

const cluster = () => server as PostgresServer
let network: Network

/** Begins it; it may take effect while the next commit is under way. */
async function strike(kind: (typeof KINDS)[number], random: Random): Promise<unknown> {
  switch (kind) {
    case 'cut_request':
      return network.after('to_server', random.below(BYTES.to_server), 'cut')
    case 'cut_answer':
      return network.after('to_client', random.below(BYTES.to_client), 'cut')
    default:
      return STRIKES[kind](cluster(), random)
  }
}

/** `fault` is called before each commit. */
async function written(url: string, threaded: boolean, fault: (commit: number) => Promise<unknown> | undefined) {
  const ledger = await openLedger(url, testPorts('faults'), { create: true, thread_from_entries: threaded ? 0 : 1e9 })
  try {
    const run = await ledger.openRun(RUN, opening())
    for (let commit = 1; commit <= COMMITS; commit++) {
      for (let row = 1; row <= ROWS; row++) run.append(simpleRow((commit - 1) * ROWS + row))
      const rows = commit * ROWS
      run.appendRun(commitDraft(commit, rows, totals(rows, rows, rows)))
      const struck = fault(commit)
      await run.commit()
      await struck
    }
    const rows = COMMITS * ROWS
    await run.seal(sealFacts(totals(rows, rows, rows)))
  } finally {
    await ledger.close()
  }
}

async function held(url: string) {
  const reader = await openLedgerReader(url)
  try {
    return await reader.snapshot(() => contents(reader))
  } finally {
    await reader.close()
  }
}

beforeAll(async () => {
  if (server !== null) network = await Network.to(server.port)
})
afterAll(async () => {
  await network?.close()
  await server?.remove()
})

test.skipIf(server === null)('leases hold by the time of the server, whatever a machine says that it is', async () => {
  const ports = { ...testPorts('leases'), now_us: () => Date.now() * 1000, is_time_of_day: true } as const
  const url = `${cluster().url()}?schema=leases`
  const minute_us = 60_000_000
  const now = Date.now
  const ledger = await openLedger(url, ports, { create: true })
  await ledger.close()
  try {
    Date.now = () => now() - 60 * 60_000
    const behind = await openLedger(url, ports, { create: false })
    const { log } = await behind.openRun(RUN, opening())
    const lease = await behind.reader.lease(log)
    await behind.close()
    expect(Math.abs((lease?.expires_us ?? 0) - now() * 1000)).toBeLessThan(minute_us)
  } finally {
    Date.now = now
  }
})

test.skipIf(server === null)(
  'a server is asked for its time over each new connection, and not once more for a commit',
  async () => {
    const asked = vi.spyOn(Connection.prototype, 'all')
    const times = () => asked.mock.calls.filter(([text]) => text === QUERIES.now).length
    const ports = { ...testPorts('times'), now_us: () => 0, is_time_of_day: true } as const
    const ledger = await openLedger(`${cluster().url()}?schema=times`, ports, {
      create: true,
      thread_from_entries: 1e9,
    })
    try {
      const run = await ledger.openRun(RUN, opening())
      for (let row = 1; row <= 20; row++) {
        run.append(simpleRow(row))
        await run.commit()
      }
      expect(times()).toBe(1)
      await STRIKES.end_backends(cluster())
      run.append(simpleRow(21))
      await run.commit()
      expect(times()).toBe(2)
      expect(Math.abs(run.now_us() - Date.now() * 1000)).toBeLessThan(60_000_000)
    } finally {
      asked.mockRestore()
      await ledger.close()
    }
  },
)

test.skipIf(server === null)('a reader whose connection was cut while it read connects again', async () => {
  const url = `${cluster().url()}?schema=reading`
  await written(url, false, () => undefined)
  const reader = await openLedgerReader(url)
  try {
    const { log } = (await reader.logs()).at(-1) ?? { log: 0 }
    for (const read of [reader.entries(log), reader.payloads(log)]) {
      const given_up = (async () => {
        for await (const _ of read) {
          await STRIKES.end_backends(cluster())
          break
        }
      })()
      await given_up.catch(error => expect(error).toMatchObject({ code: 'CUSTODY_LEDGER_READ' }))
      expect(await reader.size(log)).toBeGreaterThan(COMMITS * ROWS)
    }
  } finally {
    await reader.close()
  }
})

test.skipIf(server === null)('a commit that arrives after its run was taken over changes nothing', async () => {
  const url = `${cluster().url()}?schema=late`
  const gone = { ...thisProcess(), start: 'before' }
  const former = await openLedger(network.url(url), testPorts('late'), { create: true, holder: gone })
  const run = await former.openRun(RUN, opening())
  network.hush()
  run.append(simpleRow(1))
  const late = run.commit().catch((error: { code: unknown }) => error.code)
  const next = await openLedger(url, testPorts('next'), { create: false })
  await next.takeOver(RUN, async () => null)
  const before = await held(url)
  network.heal()
  expect(await late).toBe('CUSTODY_RUN_LOST')
  expect(await held(url)).toEqual(before)
  for (const each of [former, next]) await each.close()
})

test.skipIf(server === null)(
  'a commit whose answer is lost is looked for behind the lease’s record, and not sent again',
  async () => {
    const direct = (schema: string) => `${cluster().url()}?schema=${schema}`
    const committed = async (url: string, commit: (of: RunLedger) => Promise<unknown>) => {
      const ledger = await openLedger(url, testPorts('unanswered'), { create: true, thread_from_entries: 1e9 })
      const run = await ledger.openRun(RUN, opening())
      run.append(simpleRow(1))
      run.appendRun(commitDraft(1, 1, totals(1, 1, 1)))
      await commit(run)
      await run.seal(sealFacts(totals(1, 1, 1)))
      await ledger.close()
    }
    await committed(direct('answered'), run => run.commit())
    const holder = new pg.Client({ connectionString: direct('unanswered') })
    await holder.connect()
    const waits = (what: string) =>
      vi.waitFor(async () => {
        const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${what}%'`
        expect((await ask(cluster().url(), waiting)).length).toBe(1)
      })
    await committed(network.url(direct('unanswered')), async run => {
      const asked = vi.spyOn(Connection.prototype, 'all')
      const times = (what: string) => asked.mock.calls.filter(([text]) => text.includes(what)).length
      // As long as somebody holds the lease's record the commit is under way; meanwhile its connection is gone, and the server doesn't know.
      await holder.query('BEGIN; SELECT FROM unanswered.leases WHERE log = 1 FOR UPDATE')
      const done = run.commit()
      await waits('write_batch')
      network.cut()
      await waits('SELECT FROM leases')
      await holder.query('COMMIT')
      await done
      expect([times('write_batch'), times('SELECT FROM leases')]).toEqual([1, 1])
      asked.mockRestore()
    })
    await holder.end()
    expect(await held(direct('unanswered'))).toEqual(await held(direct('answered')))
  },
)

test.skipIf(server === null)('a connection that is silent is closed all the same', { tags: ['proof'] }, async () => {
  const url = network.url(`${cluster().url()}?schema=silent`)
  const ledger = await openLedger(url, testPorts('silent'), { create: true })
  network.hush()
  await ledger.close()
  network.heal()
})

test.skipIf(server === null)(`${FAULTS} random faults leave what none leaves${why}`, { tags: ['proof'] }, async () => {
  const direct = (schema: string) => `${cluster().url()}?schema=${schema}`
  const cuttable = (schema: string) => network.url(direct(schema))
  await written(direct('undisturbed'), false, () => undefined)
  const expected = await held(direct('undisturbed'))
  const counts: Record<string, number> = {}
  for (let fault = 1; fault <= FAULTS; fault++) {
    const random = new Random(fault)
    const kind = KINDS[fault % KINDS.length] ?? 'restart'
    const at = random.between(1, COMMITS)
    const schema = `fault_${fault}`
    const name = `fault ${fault}: ${kind} at commit ${at}`
    counts[kind] = (counts[kind] ?? 0) + 1
    await written(cuttable(schema), fault % 2 === 0, commit =>
      commit === at ? strike(kind, random) : undefined,
    ).catch(error => {
      throw new Error(name, { cause: error })
    })
    expect(await held(direct(schema)), name).toEqual(expected)
    await ask(direct(schema), `DROP SCHEMA ${schema} CASCADE`)
  }
  expect(Object.keys(counts).sort()).toEqual([...KINDS].sort())
  // Bytes that are never sent cut nothing; most are.
  expect(network.met).toBeGreaterThan(FAULTS / 5)
})

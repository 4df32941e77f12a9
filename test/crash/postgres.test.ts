/**
 * Runs into a ledger in PostgreSQL, encrypted and not, killed as those in crash.test.ts: they leave what an undisturbed run into SQLite leaves.
 * Two of them in `npm test`, each point once in `npm run postgres`.
 */
// @module-tag proof
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ownKeychain } from '../../src/ledger/encryption/keychain.ts'
import { newLedgerKeyText, parseLedgerKey } from '../../src/ledger/encryption/ledger-key.ts'
import { parseHolder } from '../../src/model/holder.ts'
import { ALL_OF_POSTGRES, newDatabase, postgres } from '../support/postgres.ts'
import type { Moment } from './child.ts'
import { runUndisturbed, type Undisturbed } from './endure.ts'
import { hasHosts } from './hosts.ts'
import { eachPoint, testKills, undisturbedRuns } from './kills.ts'
import { inSplits, pipelineNamed } from './pipelines.ts'
import { type LedgerIn, type LedgerPlace, Place, type Program, reportOf } from './place.ts'

const SEED = Number(process.env.CUSTODY_SEED ?? 1)

const server = await postgres()
const key = newLedgerKeyText()
ownKeychain.add(parseLedgerKey(key, 'the test'))

let database: Awaited<ReturnType<typeof newDatabase>>
let ledgers = 0
/** Every other one is encrypted. */
const inPostgres: LedgerIn = folder => {
  const url = `${database.url}?schema=crashed_${++ledgers}`
  if (ledgers % 2 === 0) return { url }
  const key_file = join(folder, 'ledger.key')
  writeFileSync(key_file, key, { mode: 0o600 })
  return { url, key_file }
}

beforeAll(async () => {
  if (server.url !== null) database = await newDatabase(server.url)
})
afterAll(() => database?.remove())

/** By another machine, which begins until the lease has run out. @returns how often it was refused. */
async function resumedElsewhere(place: Place): Promise<number> {
  for (let refused = 0; ; refused++) {
    const { code } = reportOf(await place.begin({ resume: true }, 'beta').exit)
    if (code === null) return refused
    expect(code).toBe('CUSTODY_RUN_HELD')
  }
}

describe.skipIf(server.url === null || !hasHosts())(
  `several hosts${server.said}${hasHosts() ? '' : ' (no names of machines can be made here)'}`,
  () => {
    const pipeline = pipelineNamed('linear')
    const places: Place[] = []
    const programs: Program[] = []
    let whole: Undisturbed
    beforeAll(async () => {
      whole = await runUndisturbed(pipeline)
    })
    afterAll(() => {
      for (const { process } of programs) process.kill('SIGKILL')
      for (const place of places) place.close()
    })

    function newPlace(at: LedgerPlace): Place {
      const place = new Place(pipeline, () => at)
      places.push(place)
      return place
    }

    /** A process on `host` that suspends itself. */
    async function suspended(place: Place, suspend: Moment, host: string): Promise<Program> {
      const program = place.begin({ resume: false, suspend }, host)
      programs.push(program)
      await program.suspended()
      return program
    }

    async function isAsUndisturbed(place: Place): Promise<void> {
      expect(place.outputs()).toEqual(whole.outputs)
      expect(await place.problems(true)).toEqual([])
    }

    test('write two runs into one ledger at once', async () => {
      const at = inPostgres(mkdtempSync(join(tmpdir(), 'custody-hosts-')))
      const pairs = ['alpha', 'beta'].map(host => [newPlace(at), host] as const)
      const under_way = await Promise.all(
        pairs.map(([place, host]) => suspended(place, { point: 'after_commit', nth: 1 }, host)),
      )
      const held = await places[0]?.reading(reader => reader.leases())
      expect(held?.map(({ holder }) => parseHolder(holder)?.host.split(' ')[0]).sort()).toEqual(['alpha', 'beta'])
      for (const { process } of under_way) process.kill('SIGCONT')
      for (const program of under_way) expect(reportOf(await program.exit)).toMatchObject({ code: null })
      for (const [place] of pairs) await isAsUndisturbed(place)
    })

    test.runIf(ALL_OF_POSTGRES)(
      'take over the run of one that is gone when its lease has run out, and not before',
      async () => {
        const place = newPlace(inPostgres(mkdtempSync(join(tmpdir(), 'custody-hosts-'))))
        const kill = { point: 'after_commit', nth: 1 } as const
        expect((await place.begin({ resume: false, kill }, 'alpha').exit).signal).not.toBe(null)
        const [lease] = await place.reading(reader => reader.leases())
        expect(await resumedElsewhere(place)).toBeGreaterThan(0)
        // Both are processes of this machine, whose clock is the server's, too.
        expect(Date.now() * 1000).toBeGreaterThan(lease?.expires_us ?? 0)
        await isAsUndisturbed(place)
      },
    )

    test.runIf(ALL_OF_POSTGRES)('one that wakes up after another took its run over changes nothing', async () => {
      const place = newPlace(inPostgres(mkdtempSync(join(tmpdir(), 'custody-hosts-'))))
      const former = await suspended(place, { point: 'after_flush', nth: 2 }, 'alpha')
      expect(await resumedElsewhere(place)).toBeGreaterThan(0)
      const before = await place.records()
      former.process.kill('SIGCONT')
      expect(reportOf(await former.exit).code).toBe('CUSTODY_RUN_LOST')
      expect(await place.records()).toBe(before)
      await isAsUndisturbed(place)
    })
  },
)

describe.skipIf(server.url === null)(`a ledger in PostgreSQL${server.said}`, () => {
  const all = eachPoint(SEED)
  const cases = ALL_OF_POSTGRES ? all : all.filter(({ point }) => point === 'mid_rewind')
  testKills(cases, undisturbedRuns(), { often: ALL_OF_POSTGRES, ledgerIn: inPostgres })

  const outputs = { pipeline: inSplits(pipelineNamed('outputs'), 4), later: true, threaded: false }
  const points = ALL_OF_POSTGRES ? (['mid_flush', 'mid_publish'] as const) : (['mid_flush'] as const)
  const splits = points.map(point => ({ ...outputs, point }))
  describe('with splits', () => testKills(splits, undisturbedRuns(), { often: true, ledgerIn: inPostgres }))
})

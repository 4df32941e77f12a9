/**
 * A server that fails, and a replica that takes its place: one that had all loses nothing, and one that lags behind is noticed. docs/postgres.md
 * says what an asynchronous failover can lose.
 */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { compare, type Undisturbed } from '../crash/endure.ts'
import { type CrashPipeline, pipelineNamed } from '../crash/pipelines.ts'
import { type LedgerPlace, Place } from '../crash/place.ts'
import { ALL_OF_POSTGRES, ask, TWO_ROWS } from '../support/postgres.ts'
import { PostgresServer } from '../support/postgres-server.ts'
import { WorkFolder } from '../support/work-folder.ts'
import { attempt, driven, ownKeyFile, readableAt, undisturbed } from './driven.ts'
import { Hook, w1With } from './hooks.ts'
import { Network } from './network.ts'

describe.runIf(ALL_OF_POSTGRES)('failover', () => {
  let primary: PostgresServer
  let follower: PostgresServer
  /** Between the two servers. */
  let replication: Network
  /** By which clients come to the one that is in charge. */
  let way: Network
  const servers: PostgresServer[] = []
  const networks: Network[] = []

  beforeEach(async () => {
    primary = await PostgresServer.begin()
    replication = await Network.to(primary.port)
    way = await Network.to(primary.port)
    networks.push(replication, way)
    servers.push(primary)
    follower = await PostgresServer.following(primary, replication.port)
    servers.push(follower)
  })
  afterAll(async () => {
    for (const network of networks) await network.close()
    for (const server of servers) await server.remove()
  })

  /** Whether each commit waits for the replica. */
  async function waitForReplica(): Promise<void> {
    await ask(primary.url(), `ALTER SYSTEM SET synchronous_standby_names = 'follower'`)
    await ask(primary.url(), 'SELECT pg_reload_conf()')
    await follows()
  }

  async function follows(): Promise<void> {
    const behind = `SELECT count(*)::int AS following FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()`
    while ((await ask(primary.url(), behind))[0]?.following !== 1) await sleep(20)
  }

  async function failOver(): Promise<void> {
    await primary.crash()
    await ask(follower.url(), 'SELECT pg_promote()')
    way.leadTo(follower.port)
  }

  test('a replica that lacks the last commits is an older ledger to those who saw it later', async () => {
    const work = new WorkFolder(TWO_ROWS)
    const on = (...argv: string[]) => work.custody(...argv, '--ledger', way.url(primary.url()))
    try {
      expect((await on('run', 'p.yaml')).exit).toBe(0)
      await follows()
      replication.hush()
      expect((await on('run', 'p.yaml')).exit).toBe(0)
      writeFileSync(join(work.folder, 'later.txt'), (await on('checkpoint')).stdout)
      await failOver()
      expect((await on('show', 'latest')).stderr).toContain('is older than when you last saw it')
      expect((await on('run', 'p.yaml', '--json')).json.error.code).toBe('CUSTODY_LEDGER_ROLLED_BACK')
      const since = await on('verify', '--since', 'later.txt')
      expect([since.exit, since.stdout]).toEqual([1, expect.stringContaining('CUSTODY_LEDGER_ROLLED_BACK')])
    } finally {
      work.close()
    }
  })

  describe.each(['plain', 'encrypted'] as const)('in the middle of a run, with %s values', kind => {
    let calm: PostgresServer
    let folder: string
    let encryption: Pick<LedgerPlace, 'key_file'>
    beforeAll(async () => {
      calm = await PostgresServer.begin()
      servers.push(calm)
      folder = mkdtempSync(join(tmpdir(), 'custody-failover-'))
      encryption = kind === 'plain' ? {} : { key_file: ownKeyFile(folder) }
    })
    afterAll(() => rmSync(folder, { recursive: true }))

    /** What nobody disturbs, and how much goes to the server for it. */
    const runs = new Map<string, ReturnType<typeof measure>>()
    function measured(of: CrashPipeline): ReturnType<typeof measure> {
      const begun = runs.get(of.name) ?? measure(of)
      runs.set(of.name, begun)
      return begun
    }

    async function measure(of: CrashPipeline) {
      const network = await Network.to(calm.port)
      networks.push(network)
      const url = `${calm.url()}?schema=${of.name}`
      const whole = await undisturbed(of, () => ({ url, way: network.url(url), ...encryption }))
      return { whole, bytes: network.passed.to_server }
    }

    const atThe = (network: Network, of: CrashPipeline) =>
      new Place(of, () => ({ url: network.url('postgres://custody@127.0.0.1/postgres'), ...encryption }))

    /** What differs from what nobody disturbs, and whether it is encrypted as it should be. */
    async function differing(place: Place, whole: Undisturbed): Promise<string[]> {
      const readable = await readableAt(place.url)
      return [
        ...(readable > 0 === (kind === 'plain') ? [] : [`${readable} values are readable`]),
        ...(await compare(place, whole)),
      ]
    }

    /** At shares of what goes to the server: `first` happens, then the failover. */
    function failingOver(bytes: number, first: () => void, [at, then]: readonly [number, number]): void {
      way.after('to_server', Math.floor(at * bytes), async () => {
        first()
        way.after('to_server', Math.floor((then - at) * bytes), failOver)
      })
    }

    async function through(pipeline: CrashPipeline, first: () => void, at: readonly [number, number]) {
      const { whole, bytes } = await measured(pipeline)
      const place = atThe(way, pipeline)
      failingOver(bytes, first, at)
      try {
        const { problems, stops } = await driven(place, [way], false)
        return { problems: [...problems, ...(await differing(place, whole))], stops }
      } finally {
        place.close()
      }
    }

    test('a replica that has every commit continues it', async () => {
      await waitForReplica()
      const { problems, stops } = await through(pipelineNamed('linear'), () => undefined, [0.3, 0.7])
      expect(problems).toEqual([])
      expect(stops).not.toContain('CUSTODY_RUN_LOST')
    })

    test('a replica that lacks some: files that are appended to are cut by hand to what the ledger knows', async () => {
      const appending = pipelineNamed('outputs')
      const { whole, bytes } = await measured(appending)
      await follows()
      const place = atThe(way, appending)
      failingOver(bytes, () => replication.hush(), [0.6, 0.9])
      const stops: string[] = []
      for (let nth = 1; nth < 9; nth++) {
        const error = await attempt(place, nth, false)
        if (error === null) break
        stops.push(error.code)
        const [, file = '', left] = /^(\S+) has [\d,]+ bytes, and the run has left ([\d,]+)/.exec(error.message) ?? []
        if (left !== undefined) truncateSync(file, Number(left.replaceAll(',', '')))
      }
      expect(stops).toEqual(['CUSTODY_RUN_LOST', 'CUSTODY_OUTPUT_CHANGED', 'CUSTODY_OUTPUT_CHANGED'])
      expect(await differing(place, whole)).toEqual([])
      place.close()
    })

    test('a replica that lacks some: the run stops; resumed, it does again what was lost', async () => {
      const hook = await Hook.open()
      const pipeline = w1With(hook)
      const { whole } = await measured(pipeline)
      hook.forget()
      await follows()
      let replicated = 0
      const entries = async () => Number((await ask(primary.url(), 'SELECT count(*) FROM custody.entries'))[0]?.count)
      hook.after(0.3, async () => {
        replication.hush()
        replicated = await entries()
      })
      // Something is lost for sure.
      hook.after(0.6, async () => {
        while ((await entries()) === replicated) await sleep(20)
        await failOver()
      })
      const place = atThe(way, pipeline)
      const { problems, stops } = await driven(place, [way], false)
      const differ = await differing(place, whole)
      place.close()
      // With the keys that they had, since nothing else was under way.
      expect(hook.repeated).toBeGreaterThan(0)
      expect([...problems, ...differ, ...hook.problems()]).toEqual([])
      expect(stops).toEqual(['CUSTODY_RUN_LOST'])
      await hook.close()
    })
  })
})

/** Runs that several machines work on, each with a signing key of its own. */
// @module-tag proof
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { encodeSigningKeys } from '../../src/format/signing-key.ts'
import { reading } from '../support/hosts-at-work.ts'
import { HostsStage } from '../support/hosts-stage.ts'
import { newDatabase, postgres } from '../support/postgres.ts'

const server = await postgres()
const HOSTS = ['alpha', 'beta', 'gamma', 'delta'] as const
type Host = (typeof HOSTS)[number]

/** Of its own. */
const keyOf = (host: Host) => ({
  CUSTODY_KEY: encodeSigningKeys(host, new Uint8Array(32).fill(20 + HOSTS.indexOf(host))),
})

describe.skipIf(server.url === null)(`workers with keys of their own${server.said}`, () => {
  let database: Awaited<ReturnType<typeof newDatabase>>
  let stage: HostsStage

  beforeAll(async () => {
    database = await newDatabase(server.url ?? '')
  })
  afterAll(() => database?.remove())
  beforeEach(async () => {
    stage = new HostsStage(database.url)
    await stage.done('coordinator', ['ledger', 'init'])
    stage.put('office.pub', await stage.done('coordinator', ['key', 'show']))
  })
  afterEach(() => stage.close())

  async function request(host: Host): Promise<void> {
    await stage.done(host, ['key', 'trust', 'office.pub'], 0, keyOf(host))
    stage.put(`${host}.request`, await stage.done(host, ['key', 'request'], 0, keyOf(host)))
  }
  const admit = (host: Host) => stage.done('coordinator', ['key', 'add', `${host}.request`])

  test('each signs the heads of the splits that it has worked on, and verify holds', async () => {
    for (const host of ['alpha', 'beta', 'gamma'] as const) {
      await request(host)
      await admit(host)
    }
    const coordinator = stage.coordinate()
    await stage.works('coordinator')
    for (const host of ['alpha', 'beta', 'gamma'] as const) {
      stage.worker(host, [], keyOf(host))
      await stage.works(host)
    }
    stage.go()
    await stage.isAsUndisturbed(coordinator)
    expect(await signers()).toEqual(
      expect.objectContaining({ alpha: expect.any(Number), beta: expect.any(Number), gamma: expect.any(Number) }),
    )
    expect(await stage.done('coordinator', ['verify', 'latest'])).toContain('holds.')
  })

  test('one that isn’t admitted can’t begin', async () => {
    await stage.done('delta', ['key', 'trust', 'office.pub'], 0, keyOf('delta'))
    const { code, stderr } = await stage.worker('delta', ['--until-idle'], keyOf('delta')).exit
    expect([code, stderr]).toEqual([1, expect.stringContaining('CUSTODY_KEY_UNKNOWN')])
  })

  test('one that is admitted while a run is under way works on it when it has been resumed', async () => {
    const coordinator = stage.coordinate()
    await stage.works('coordinator')
    await request('delta')
    await admit('delta')
    const early = await stage.worker('delta', ['--until-idle'], keyOf('delta')).exit
    expect([early.code, early.stderr]).toEqual([1, expect.stringContaining('was admitted when the run had begun')])
    coordinator.process.kill('SIGINT')
    expect((await coordinator.exit).code).toBe(130)
    const again = stage.begin('coordinator', ['resume', 'latest', '--distributed', '--json'])
    stage.worker('delta', [], keyOf('delta'))
    await stage.works('delta')
    stage.go()
    await stage.isAsUndisturbed(again)
    expect(Object.keys(await signers())).toContain('delta')
  })

  /** How many logs have a head with a signature of that name. */
  const signers = () =>
    reading(stage, async reader => {
      const counts: Record<string, number> = {}
      for (const { note } of await reader.heads())
        for (const [, name = ''] of note.matchAll(/^— (\S+) /gmu)) counts[name] = (counts[name] ?? 0) + 1
      return counts
    })
})

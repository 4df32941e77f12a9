/** Runs that several machines work on, while the network, the database or the clock of one of them fails. */
// @module-tag proof
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { STRIKES } from '../postgres/strikes.ts'
import { clockOff, heldBy } from '../support/hosts-at-work.ts'
import { hostsServer } from '../support/hosts-server.ts'
import { HostsStage } from '../support/hosts-stage.ts'
import { SPLITS } from '../support/waiting-pipeline.ts'

const server = await hostsServer()

const HOUR_MS = 3_600_000

describe.skipIf(server.why !== '')(`workers on several machines${server.why}`, () => {
  let stage: HostsStage
  beforeEach(() => {
    stage = new HostsStage(server.cluster.url())
  })
  afterEach(async () => {
    server.network.heal()
    await stage.close()
  })

  /** Of whoever comes to the database by a network that fails. */
  const far = () => ({ CUSTODY_LEDGER: server.network.url(stage.url) })
  const runsOut = (host: string) =>
    stage.until(leases => !heldBy(leases, { host }).some(each => each.expires_us > Date.now() * 1000))

  test('the network between one and the database is silent for longer than a lease: another replaces it, and what it says late counts nothing', async () => {
    const coordinator = stage.coordinate()
    await stage.works('coordinator')
    const alpha = stage.worker('alpha', [], far())
    await stage.works('alpha')
    server.network.hush()
    stage.worker('beta', ['--threads', `${SPLITS}`])
    await stage.works('beta', SPLITS)
    server.network.heal()
    stage.go()
    await stage.isAsUndisturbed(coordinator)
    alpha.process.kill('SIGINT')
    const { code, stderr } = await alpha.exit
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('worked on 0 splits\n')
  })

  test('the network between one and the database is silent, and it continues its splits when nobody has taken them', async () => {
    const coordinator = stage.coordinate()
    await stage.works('coordinator')
    const alpha = stage.worker('alpha', [], far())
    await stage.works('alpha')
    server.network.hush()
    await runsOut('alpha')
    server.network.heal()
    stage.go()
    await stage.isAsUndisturbed(coordinator)
    alpha.process.kill('SIGINT')
    const { code, stderr } = await alpha.exit
    expect(code, stderr).toBe(0)
    expect(stderr).toContain(`worked on ${SPLITS} splits\n`)
  })

  test('connections of one are cut again and again', async () => {
    const coordinator = stage.coordinate()
    await stage.works('coordinator')
    stage.worker('alpha', ['--threads', '2'], far())
    for (let i = 0; i < 3; i++) {
      await stage.works('alpha', 2)
      server.network.cut()
    }
    stage.go()
    await stage.isAsUndisturbed(coordinator)
  })

  test('the network between the coordinator and the database is silent for longer than a lease: it continues, if nobody has taken the run', async () => {
    const coordinator = stage.coordinate(far())
    await stage.works('coordinator')
    stage.worker('alpha')
    await stage.works('alpha')
    server.network.hush()
    await runsOut('coordinator')
    server.network.heal()
    stage.go()
    await stage.isAsUndisturbed(coordinator)
  })

  test('the network between the coordinator and the database is silent, and another machine takes the run: the former changes nothing', async () => {
    const former = stage.coordinate(far())
    await stage.works('coordinator')
    stage.worker('alpha')
    await stage.works('alpha')
    server.network.hush()
    await runsOut('coordinator')
    const next = stage.begin('other', ['resume', 'latest', '--distributed', '--json'])
    await stage.works('other')
    server.network.heal()
    const { code, stdout } = await former.exit
    expect([code, stdout]).toEqual([1, expect.stringContaining('CUSTODY_RUN_LOST')])
    stage.go()
    await stage.isAsUndisturbed(next)
  })

  test.each(['restart', 'crash'] as const)('the database has a %s', async kind => {
    const coordinator = stage.coordinate()
    await stage.works('coordinator')
    for (const host of ['alpha', 'beta']) {
      stage.worker(host)
      await stage.works(host)
    }
    await STRIKES[kind](server.cluster)
    stage.go()
    await stage.isAsUndisturbed(coordinator)
  })

  test.each([
    ['worker', 'ahead', HOUR_MS],
    ['worker', 'behind', -HOUR_MS],
    ['coordinator', 'ahead', HOUR_MS],
    ['coordinator', 'behind', -HOUR_MS],
  ] as const)('the clock of a %s is an hour %s', async (who, _, ms) => {
    const shifted = clockOff(ms)
    const coordinator = stage.coordinate(who === 'coordinator' ? shifted : {})
    await stage.works('coordinator')
    const alpha = stage.worker('alpha', [], who === 'worker' ? shifted : {})
    await stage.works('alpha')
    const beta = stage.worker('beta')
    const leases = await stage.works('beta')
    for (const { expires_us } of leases.filter(({ holder }) => holder !== ''))
      expect(Math.abs(expires_us / 1000 - Date.now())).toBeLessThan(HOUR_MS / 2)
    // Whose clock is right replaces one whose isn't, and the other way round.
    alpha.process.kill('SIGSTOP')
    stage.worker('gamma', ['--threads', `${SPLITS - 1}`])
    await stage.works('gamma', SPLITS - 1)
    alpha.process.kill('SIGCONT')
    stage.go()
    await stage.isAsUndisturbed(coordinator)
    beta.process.kill('SIGINT')
    expect((await beta.exit).stderr).not.toContain('error')
  })
})

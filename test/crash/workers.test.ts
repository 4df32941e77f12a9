/**
 * Runs whose splits are worked on by workers on several machines, which are killed, suspended and stopped, as their coordinators are: they leave what
 * a run without splits leaves.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { heldBy } from '../support/hosts-at-work.ts'
import { HostsStage } from '../support/hosts-stage.ts'
import { newDatabase, postgres } from '../support/postgres.ts'
import { SPLITS } from '../support/waiting-pipeline.ts'

const server = await postgres()

describe.skipIf(server.url === null)(`workers on several machines${server.said}`, () => {
  let database: Awaited<ReturnType<typeof newDatabase>>
  let stage: HostsStage

  beforeAll(async () => {
    database = await newDatabase(server.url ?? '')
  })
  afterAll(() => database?.remove())
  beforeEach(() => {
    stage = new HostsStage(database.url)
  })
  afterEach(() => stage.close())

  test('one is killed, another is suspended past its lease and wakes up: the run comes to the same', async () => {
    const coordinator = stage.coordinate()
    await stage.works('coordinator')
    const [alpha, beta] = [stage.worker('alpha'), stage.worker('beta')]
    await stage.works('alpha')
    await stage.works('beta')
    alpha.process.kill('SIGKILL')
    beta.process.kill('SIGSTOP')
    stage.worker('gamma', ['--threads', `${SPLITS}`])
    await stage.works('gamma', SPLITS)
    beta.process.kill('SIGCONT')
    stage.go()
    await stage.isAsUndisturbed(coordinator)
    beta.process.kill('SIGINT')
    const { code, stderr } = await beta.exit
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/split \d is left, for this:\nerror CUSTODY_(RUN_LOST|LEDGER_IN_DOUBT)/)
  })

  /** Kills a coordinator while a worker has one split, and waits until nobody takes it for alive. */
  async function killed() {
    const coordinator = stage.coordinate()
    await stage.works('coordinator')
    const alpha = stage.worker('alpha', ['--until-idle'])
    await stage.works('alpha')
    coordinator.process.kill('SIGKILL')
    await stage.until(
      leases => !heldBy(leases, { host: 'coordinator' }).some(each => each.expires_us > Date.now() * 1000),
    )
    return alpha
  }

  test.each([['--distributed'], []])(
    'a coordinator is killed: a worker brings its split to its end and begins no other; resume %s on another machine does the rest',
    { tags: ['proof'] },
    async (...words) => {
      const alpha = await killed()
      stage.go()
      const { code, stderr } = await alpha.exit
      expect(code, stderr).toBe(0)
      expect(stderr).toContain('worked on 1 split\n')
      // One log for each split that isn't closed, and the coordinator's.
      await stage.until(leases => leases.length === SPLITS && heldBy(leases, { host: 'alpha' }).length === 0)
      const again = stage.begin('other', ['resume', 'latest', ...words])
      if (words.length > 0) stage.worker('beta')
      await stage.isAsUndisturbed(again)
    },
  )

  test.each([['--distributed'], []])(
    'a coordinator is killed, and another machine resumes the run %s while a worker still has a split',
    { tags: ['proof'] },
    async (...words) => {
      const alpha = await killed()
      const again = stage.begin('other', ['resume', 'latest', ...words])
      // Who offers the run again has the split done by whoever does it already.
      if (words.length > 0) await stage.works('other')
      else await alpha.printed('isn’t coordinated as it was')
      stage.go()
      if (words.length > 0) stage.worker('beta')
      await stage.isAsUndisturbed(again)
    },
  )

  test('a coordinator is stopped: workers let go, and whoever resumes the run right away finds all splits free', {
    tags: ['proof'],
  }, async () => {
    const coordinator = stage.coordinate()
    await stage.works('coordinator')
    const alpha = stage.worker('alpha', ['--threads', '2'])
    await stage.works('alpha', 2)
    coordinator.process.kill('SIGINT')
    await alpha.printed('isn’t coordinated as it was')
    stage.go()
    const { code, stderr } = await coordinator.exit
    expect(code, stderr).toBe(130)
    await stage.isAsUndisturbed(stage.begin('other', ['resume', 'latest', '--json']))
    alpha.process.kill('SIGINT')
    expect((await alpha.exit).stderr).toMatch(/split \d is left\n/)
  })

  test('a split fails: the run stops as one without workers does, and what is left is resumed', {
    tags: ['proof'],
  }, async () => {
    const failing = async (coordinator: ReturnType<HostsStage['coordinate']>) => {
      const { code, stdout } = await coordinator.exit
      expect(stdout).toContain('CUSTODY_PLUGIN_DEFECT')
      const { status, stopped } = JSON.parse(stdout)
      return { code, status, stopped }
    }
    stage.put('fail', '')
    stage.go()
    const coordinator = stage.coordinate()
    await stage.works('coordinator')
    stage.worker('alpha')
    const ended = await failing(coordinator)
    await stage.isAsUndisturbed(stage.begin('other', ['resume', 'latest', '--distributed', '--json']))
    stage.put('fail', '')
    expect(ended).toEqual(await failing(stage.begin('alone', ['run', 'p.yaml', '--json'])))
    expect(ended).toMatchObject({ code: 1, status: 'failed' })
  })
})

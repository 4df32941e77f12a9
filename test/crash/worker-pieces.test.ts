/** Who comes late to the folder for pieces: workers and coordinators that were suspended while the run came to its end without them. */
// @module-tag proof
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { heldBy } from '../support/hosts-at-work.ts'
import { HostsStage } from '../support/hosts-stage.ts'
import { newDatabase, postgres } from '../support/postgres.ts'
import { SPLITS } from '../support/waiting-pipeline.ts'
import type { Program } from './place.ts'

const server = await postgres()

describe.skipIf(server.url === null)(`the folder for pieces${server.said}`, () => {
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

  const folder = () => join(stage.folder, 'pieces')
  const pieces = () => readdirSync(folder())
  /** What coordinators have left for workers. */
  const invitations = () =>
    (existsSync(folder()) ? pieces() : []).flatMap(run => {
      const names = readdirSync(join(folder(), run)).filter(name => /^workers-[^.]*$/.test(name))
      return names.map(name => readFileSync(join(folder(), run, name), 'utf8'))
    })
  const invited = async (coordinators: number) => {
    while (invitations().length < coordinators) await sleep(20)
  }
  const runsOut = (host: string) =>
    stage.until(leases => !heldBy(leases, { host }).some(each => each.expires_us > Date.now() * 1000))

  async function asleep(program: Program): Promise<void> {
    program.process.kill('SIGSTOP')
    await program.suspended()
  }

  test('a worker that was suspended and wakes up after the seal leaves none', async () => {
    const coordinator = stage.coordinate()
    await stage.works('coordinator')
    const alpha = stage.worker('alpha')
    await stage.works('alpha')
    await asleep(alpha)
    stage.worker('beta', ['--threads', `${SPLITS}`])
    await stage.works('beta', SPLITS)
    stage.go()
    await stage.isAsUndisturbed(coordinator)
    alpha.process.kill('SIGCONT')
    await alpha.printed('is left')
    alpha.process.kill('SIGINT')
    const { code, stderr } = await alpha.exit
    expect(code, stderr).toBe(0)
    expect(pieces()).toEqual([])
  })

  /** Suspended until it has lost the run. */
  async function late(after: 'it has invited workers' | 'it holds the run'): Promise<Program> {
    const former = stage.coordinate()
    await stage.works('coordinator')
    if (after === 'it has invited workers') await invited(1)
    await asleep(former)
    await runsOut('coordinator')
    return former
  }

  async function finds(former: Program, problem: RegExp): Promise<void> {
    former.process.kill('SIGCONT')
    const { code, stdout } = await former.exit
    expect([code, stdout]).toEqual([1, expect.stringMatching(problem)])
  }

  test('a coordinator that was suspended and lost the run leaves workers to the one that took it up', async () => {
    const former = await late('it has invited workers')
    const next = stage.begin('other', ['resume', 'latest', '--distributed', '--json'])
    await invited(2)
    await finds(former, /CUSTODY_RUN_LOST/)
    expect(invitations()).toEqual(['wanted', 'wanted'])
    stage.go()
    stage.worker('alpha')
    await stage.isAsUndisturbed(next)
  })

  // What it was about to do decides what it finds first.
  test.each([
    ['it has invited workers', /CUSTODY_RUN_LOST/],
    ['it holds the run', /CUSTODY_(RUN_LOST|PIECES_UNSEEN)/],
  ] as const)(
    'a coordinator that is suspended when %s, and wakes up after the seal, leaves none',
    async (when, problem) => {
      const former = await late(when)
      stage.go()
      await stage.isAsUndisturbed(stage.begin('other', ['resume', 'latest', '--json']))
      await finds(former, problem)
      expect(pieces()).toEqual([])
    },
  )
})

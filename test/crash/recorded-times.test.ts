/** Times on record where the clocks of machines are wrong: those of the database, whoever wrote them. */
// @module-tag proof
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { decodeRunEntry, decodeSubjectEntry, isSubjectBody } from '../../src/read/decode.ts'
import { clockOff, reading } from '../support/hosts-at-work.ts'
import { HostsStage } from '../support/hosts-stage.ts'
import { ask, newDatabase, postgres } from '../support/postgres.ts'
import { SPLITS } from '../support/waiting-pipeline.ts'

const server = await postgres()

const HOUR_MS = 3_600_000
const AHEAD = clockOff(HOUR_MS)
const BEHIND = clockOff(-HOUR_MS)
/** What asking may take, and what clocks drift apart. */
const TOLERANCE_US = 1_000_000

describe.skipIf(server.url === null)(`machines whose clocks are an hour off${server.said}`, () => {
  let database: Awaited<ReturnType<typeof newDatabase>>
  let stage: HostsStage
  let before_us = 0
  const now = async () =>
    Number((await ask(database.url, 'SELECT extract(epoch FROM clock_timestamp()) AS s'))[0]?.s) * 1e6

  beforeAll(async () => {
    database = await newDatabase(server.url ?? '')
  })
  afterAll(() => database?.remove())
  beforeEach(async () => {
    stage = new HostsStage(database.url)
    before_us = await now()
  })
  afterEach(() => stage.close())

  /** Kinds of entries whose times lie outside of the test, by the database's clock; and how many entries there are of each log. */
  async function times(): Promise<{ readonly outside: readonly string[]; readonly entries: readonly number[] }> {
    const [from_us, to_us] = [before_us - TOLERANCE_US, (await now()) + TOLERANCE_US]
    const outside = new Set<string>()
    const entries: number[] = []
    await reading(stage, async reader => {
      // Those of splits stand behind that of their coordinator.
      for (let log = 0; (await reader.size(log)) > 0; log++) {
        entries.push(await reader.size(log))
        for await (const { seq, row, body } of reader.entries(log)) {
          for (const [kind, t] of timesOf(log, seq, row, body))
            if (t < from_us || t > to_us) outside.add(`${kind} of log ${log}: ${(t - from_us) / 3.6e9} h`)
        }
      }
    })
    return { outside: [...outside], entries }
  }

  test('a coordinator behind and a worker ahead write the time of the database, in all logs of the run', async () => {
    const coordinator = stage.coordinate(BEHIND)
    await stage.works('coordinator')
    stage.worker('alpha', ['--threads', '2'], AHEAD)
    await stage.works('alpha', 2)
    stage.worker('beta')
    await stage.works('beta')
    stage.go()
    await stage.isAsUndisturbed(coordinator)
    const { outside, entries } = await times()
    expect(outside).toEqual([])
    expect(entries).toHaveLength(2 + SPLITS)
    expect(Math.min(...entries)).toBeGreaterThan(2)
  })

  test('so do those who take a run over, give it up, erase and purge', async () => {
    const run = stage.begin('one', ['run', 'p.yaml', '--workers', '1'], AHEAD)
    await stage.works('one')
    run.process.kill('SIGINT')
    expect((await run.exit).code).toBe(130)
    stage.go()
    await stage.done('two', ['resume', 'latest'], 0, BEHIND)
    await stage.done('one', ['erase', 'latest', '--row', '1:5'], 0, AHEAD)
    stage.stay()
    const given_up = stage.begin('two', ['run', 'p.yaml', '--workers', '1'], BEHIND)
    await stage.works('two')
    given_up.process.kill('SIGINT')
    expect((await given_up.exit).code).toBe(130)
    await stage.done('one', ['abandon', 'latest'], 0, AHEAD)
    // Half an hour hasn't passed, whatever the clock says.
    expect(await stage.done('one', ['purge', '--older-than', '30m'], 0, AHEAD)).not.toContain('purged')
    const { outside } = await times()
    expect(outside).toEqual([])
    expect(await stage.problems()).toEqual([])
    const kinds = await reading(stage, async reader => {
      const found: string[] = []
      for await (const { body } of reader.entries(0)) found.push(JSON.parse(body).k)
      return found
    })
    expect(kinds).toEqual(expect.arrayContaining(['birth', 'opened', 'progress', 'taken_over', 'sealed', 'erase']))
  })
})

/** All times that an entry has, each with what it is of. */
function timesOf(log: number, seq: number, row: number | null, body: string): ReadonlyArray<readonly [string, number]> {
  if (log === 0) return [[JSON.parse(body).k, JSON.parse(body).t]]
  if (!isSubjectBody(row, body)) {
    const { facts } = decodeRunEntry(seq, body)
    return [[facts.k, facts.t]]
  }
  const { time_us, visits } = decodeSubjectEntry(seq, body)
  const ends = visits.flatMap(({ start_us, duration_us, stood_us }) => {
    const began_us = time_us + start_us
    return [['a visit', began_us] as const, ['the end of a visit', began_us + duration_us + stood_us] as const]
  })
  return [['a subject', time_us], ...ends]
}

/** Runs of several kinds that several machines work on, and what these are asked to do. */
// @module-tag proof
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { HostsStage } from '../support/hosts-stage.ts'
import { newDatabase, postgres } from '../support/postgres.ts'
import { type HostsPipeline, SPLITS, WAITING_PIPELINE } from '../support/waiting-pipeline.ts'

const server = await postgres()

const changed = (edit: (yaml: string) => string, files: HostsPipeline['files'] = {}): HostsPipeline => ({
  yaml: edit(WAITING_PIPELINE.yaml),
  files: { ...WAITING_PIPELINE.files, ...files },
})
/** Rows come in another order than without splits. */
const DEALT = { ...changed(yaml => yaml.replace('count: 6', 'count: 6, by: id')), in_splits: true } as const
const [header = '', ...lines] = (WAITING_PIPELINE.files['in.csv'] ?? '').trimEnd().split('\n')
const LISTS = changed(
  yaml => yaml.replace('path: in.csv', "path: 'in-*.csv'"),
  Object.fromEntries(
    [0, 1, 2, 3].map(i => [`in-${i}.csv`, `${[header, ...lines.slice(i * 750, (i + 1) * 750)].join('\n')}\n`]),
  ),
)
/** A row in a hundred is right at its second attempt only. */
const TRIED = changed(
  yaml =>
    yaml
      .replace('size: {', 'twice: { transform: twice, to: size }\n  size: {')
      .replace('to: size }', 'to: twice }')
      .replace('plugins: [', 'retry: { attempts: 1 }\nplugins: [./twice.mjs, '),
  {
    'twice.mjs': `
import { defineTransform, oneRow } from 'custody/sdk'
import { z } from 'zod'
export default defineTransform({
  name: 'twice', summary: 'Needs two attempts', options: z.strictObject({}), determinism: 'deterministic', errors: { ONCE_MORE: 'Try again' },
  examples: [{ title: 'One', options: {} }], cardinality: 'one', guarantees: (_, input) => input,
  create: () => ({ process: async (row, { attempt }) =>
    row.id % 100 === 7 && attempt === 1 ? { kind: 'error', code: 'ONCE_MORE', message: 'not yet', retryable: true } : oneRow(row) }),
})
`,
  },
)
const FEW = changed(yaml => yaml.replace('count: 6', 'count: 3'))

describe.skipIf(server.url === null)(`workers on several machines${server.said}`, () => {
  let database: Awaited<ReturnType<typeof newDatabase>>
  let stage: HostsStage

  beforeAll(async () => {
    database = await newDatabase(server.url ?? '')
  })
  afterAll(() => database?.remove())
  afterEach(() => stage.close())

  async function begun(pipeline: HostsPipeline = WAITING_PIPELINE, ...words: readonly string[]) {
    stage = new HostsStage(database.url, pipeline)
    const coordinator = stage.coordinate({}, ...words)
    await stage.works('coordinator')
    return coordinator
  }

  /** One is killed, another does the rest. */
  async function endures(coordinator: Awaited<ReturnType<typeof begun>>, ...words: readonly string[]): Promise<void> {
    const alpha = stage.worker('alpha', words)
    await stage.works('alpha')
    alpha.process.kill('SIGKILL')
    stage.worker('beta', words)
    await stage.works('beta')
    stage.go()
    await stage.isAsUndisturbed(coordinator)
  }

  test('one is stopped: it ends its work safely, and says what it has done', async () => {
    const coordinator = await begun()
    const alpha = stage.worker('alpha')
    await stage.works('alpha')
    alpha.process.kill('SIGINT')
    await alpha.printed('finishing')
    stage.go()
    const { code, stderr } = await alpha.exit
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/split \d is left\n/)
    expect(stderr).toContain('worked on 0 splits\n')
    await stage.until(leases => leases.filter(({ holder }) => holder !== '').length === 1)
    stage.worker('beta')
    await stage.isAsUndisturbed(coordinator)
  })

  test('one with three threads has three splits at once, and ends when there is nothing more to do', async () => {
    const coordinator = await begun()
    const alpha = stage.worker('alpha', ['--threads', '3', '--until-idle', '--json'])
    await stage.works('alpha', 3)
    stage.go()
    await stage.isAsUndisturbed(coordinator)
    const { code, stdout, stderr } = await alpha.exit
    expect([code, JSON.parse(stdout), stderr]).toEqual([0, { splits: SPLITS, runs_refused: 0 }, ''])
  })

  test('records are dealt by a field', async () => endures(await begun(DEALT)))

  test('a list of files is read', async () => endures(await begun(LISTS)))

  test('values are encrypted: workers need the ledger key', async () => {
    stage = new HostsStage(database.url)
    await stage.done('coordinator', ['ledger', 'key', 'new', 'ledger.key'])
    const coordinator = stage.coordinate({}, '--ledger-key', 'ledger.key')
    await stage.works('coordinator')
    const { code, stderr } = await stage.worker('gamma', ['--until-idle']).exit
    expect([code, stderr]).toEqual([1, expect.stringContaining('CUSTODY_LEDGER_KEY')])
    await endures(coordinator, '--ledger-key', 'ledger.key')
  })

  test('a run is given up: it is sealed, and nothing is written', async () => {
    const coordinator = await begun()
    const alpha = stage.worker('alpha')
    await stage.works('alpha')
    coordinator.process.kill('SIGINT')
    await alpha.printed('isn’t coordinated as it was')
    stage.go()
    expect((await coordinator.exit).code).toBe(130)
    const given_up = JSON.parse(await stage.done('other', ['abandon', 'latest', '--json']))
    expect(given_up).toMatchObject({ status: 'abandoned' })
    expect(await stage.problems()).toEqual([])
    expect(readdirSync(join(stage.folder, 'pieces'))).toEqual([])
    alpha.process.kill('SIGINT')
    expect((await alpha.exit).code).toBe(0)
  })

  test('workers heed what a resumed run is given besides', async () => {
    const coordinator = await begun(TRIED)
    coordinator.process.kill('SIGINT')
    expect((await coordinator.exit).code).toBe(130)
    const words = ['--set', 'retry.attempts=2', '--set', 'retry.backoff=1ms', '--set', 'ledger.url=sqlite:none.db']
    const again = stage.begin('coordinator', ['resume', 'latest', '--distributed', '--json', ...words])
    stage.go()
    stage.worker('alpha', ['--threads', '2'])
    const { code, stdout, stderr } = await again.exit
    expect(code, stderr).toBe(0)
    expect(Object.keys(JSON.parse(stdout).causes).sort()).toEqual(['gate', 'source_invalid'])
    expect(await stage.problems()).toEqual([])
  })

  test('two runs are offered at once', async () => {
    const first = await begun()
    stage.put('q.yaml', WAITING_PIPELINE.yaml.replaceAll('path: out/', 'path: second/'))
    const second = stage.begin('second', ['run', 'q.yaml', '--distributed', '--json'])
    await stage.works('second')
    stage.worker('alpha', ['--threads', `${2 * SPLITS}`])
    await stage.works('alpha', 2 * SPLITS)
    stage.go()
    await stage.isAsUndisturbed(first)
    expect((await second.exit).code).toBe(0)
    expect(await stage.problems()).toEqual([])
    expect(readdirSync(join(stage.folder, 'second')).sort()).toEqual(Object.keys(stage.outputs()).sort())
  })

  test('more of them than there are splits', async () => {
    const coordinator = await begun(FEW)
    const all = Array.from({ length: 12 }, (_, i) => stage.worker(`host-${i}`, ['--until-idle', '--json']))
    await stage.until(leases => leases.filter(({ holder }) => holder !== '').length === 1 + 3)
    stage.go()
    await stage.isAsUndisturbed(coordinator)
    const ends = await Promise.all(all.map(({ exit }) => exit))
    expect(ends.map(({ code, stderr }) => (code === 0 ? '' : stderr)).join('')).toBe('')
    expect(ends.reduce((sum, { stdout }) => sum + JSON.parse(stdout).splits, 0)).toBe(3)
  })
})

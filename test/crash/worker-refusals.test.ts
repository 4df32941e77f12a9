/** What a worker refuses, and says once. */
// @module-tag proof
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { HostsStage } from '../support/hosts-stage.ts'
import { newDatabase, postgres } from '../support/postgres.ts'
import { type HostsPipeline, WAITING_PIPELINE } from '../support/waiting-pipeline.ts'

const server = await postgres()

/** Names a file, and a variable. */
const KNOWN = 'id,name\n1,one\n'
const NAMING: HostsPipeline = {
  yaml: WAITING_PIPELINE.yaml
    .replace('to: size }', 'to: known }')
    .replace(
      '  size: {',
      "  known: { transform: lookup, options: { path: known.csv, key: { id: id }, select: [name], missing: 'null' }, to: size }\n  size: {",
    )
    .replace('row.amount >= 2000', '"row.amount >= ${LEAST:-2000}"'),
  files: { ...WAITING_PIPELINE.files, 'known.csv': KNOWN },
}
describe.skipIf(server.url === null)(`a worker${server.said}`, () => {
  let database: Awaited<ReturnType<typeof newDatabase>>
  let stage: HostsStage

  beforeAll(async () => {
    database = await newDatabase(server.url ?? '')
  })
  afterAll(() => database?.remove())
  afterEach(() => stage.close())

  /** That a worker says why it refuses, once, and that others aren't hindered. */
  async function refuses(error: string, changed: Readonly<Record<string, string>> = {}): Promise<void> {
    const { code, stdout, stderr } = await stage.worker('alpha', ['--until-idle', '--json'], changed).exit
    expect(stderr.split(error)).toHaveLength(2)
    expect([code, JSON.parse(stdout)]).toEqual([1, { splits: 0, runs_refused: 1 }])
  }

  async function begun(pipeline = NAMING) {
    stage = new HostsStage(database.url, pipeline)
    const coordinator = stage.coordinate()
    await stage.works('coordinator')
    return coordinator
  }

  async function endsWell(coordinator: Awaited<ReturnType<typeof begun>>): Promise<void> {
    stage.go()
    stage.worker('beta')
    await stage.isAsUndisturbed(coordinator)
  }

  test('that doesn’t see the folder for pieces', async () => {
    await begun({ ...NAMING, yaml: NAMING.yaml.replace(', pieces: pieces', '') })
    await refuses('CUSTODY_PIECES_UNSEEN')
  })

  test('that has another plugin', async () => {
    const coordinator = await begun()
    const own = NAMING.files['waiting.mjs']
    stage.put('waiting.mjs', `${own}// theirs\n`)
    await refuses('CUSTODY_CODE_CHANGED')
    stage.put('waiting.mjs', own ?? '')
    await endsWell(coordinator)
  })

  test('that finds another file where an option names one', async () => {
    const coordinator = await begun()
    stage.put('known.csv', 'id,name\n1,two\n')
    await refuses('CUSTODY_FILE_CHANGED')
    stage.put('known.csv', KNOWN)
    await endsWell(coordinator)
  })

  test('whose environment says something else', async () => {
    const coordinator = await begun()
    await refuses('CUSTODY_PLAN_CHANGED', { LEAST: '3000' })
    await endsWell(coordinator)
  })
})

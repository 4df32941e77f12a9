/** Workers on several machines that read ranges of a table: one is killed in the midst of its range, and another one takes it over. */
// @module-tag proof
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HostsStage } from '../support/hosts-stage.ts'
import { ask, newDatabase, postgres } from '../support/postgres.ts'
import { SPLITS, WAITING_PIPELINE } from '../support/waiting-pipeline.ts'

const server = await postgres()
const ROWS = 3_000

const SOURCE = 'plugin: postgres\n    options: { connection: { secret: ORDERS }, table: orders }'
const PIPELINE = {
  ...WAITING_PIPELINE,
  yaml: WAITING_PIPELINE.yaml.replace('plugin: csv\n    options: { path: in.csv }', SOURCE),
}

describe.skipIf(server.url === null)(`ranges of a table${server.said}`, () => {
  let database: Awaited<ReturnType<typeof newDatabase>>
  let stage: HostsStage
  beforeAll(async () => {
    database = await newDatabase(server.url ?? '')
    await ask(
      database.url,
      `CREATE TABLE orders AS SELECT i AS id, (i * 37) % 5000 AS amount FROM generate_series(1, ${ROWS}) AS s(i)`,
    )
    await ask(database.url, 'ALTER TABLE orders ADD PRIMARY KEY (id)')
    stage = new HostsStage(database.url, PIPELINE)
  })
  afterAll(async () => {
    await stage?.close()
    await database?.remove()
  })

  test('are read by whoever has the split, and read on by whoever takes it over', async () => {
    expect(PIPELINE.yaml).toContain(SOURCE)
    const env = { ORDERS: database.url }
    const coordinator = stage.coordinate(env)
    await stage.works('coordinator')
    const alpha = stage.worker('alpha', [], env)
    await stage.works('alpha')
    alpha.process.kill('SIGKILL')
    stage.worker('beta', ['--threads', `${SPLITS}`], env)
    await stage.works('beta', SPLITS)
    stage.go()
    const { code, stdout, stderr } = await coordinator.exit
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout).rows).toEqual({ read: ROWS, ingested: ROWS, rejected: 0 })
    const { 'small.csv': small = '', 'big.jsonl': big = '' } = stage.outputs()
    const ids = [
      ...small
        .trimEnd()
        .split('\n')
        .slice(1)
        .map(line => Number(line.split(',')[0])),
      ...big
        .trimEnd()
        .split('\n')
        .map(line => Number(JSON.parse(line).id)),
    ]
    expect(ids.toSorted((one, other) => one - other)).toEqual(Array.from({ length: ROWS }, (_, i) => i + 1))
    expect(await stage.problems()).toEqual([])
  })
})

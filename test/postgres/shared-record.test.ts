/** The text that the processes of a run share, in a real server. */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openLedgerReader } from '../../src/ledger/open.ts'
import { SharedRecord } from '../../src/ledger/postgres/shared-record.ts'
import { ask, newDatabase, postgres } from '../support/postgres.ts'
import { inPostgres } from '../support/postgres-ledger.ts'
import { WorkFolder } from '../support/work-folder.ts'

const PIPELINE = `name: few
defaults: { on_error: discard, on_invalid: discard }
sources: { rows: { plugin: jsonl, options: { path: rows.jsonl }, to: out } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl } } }
`
const LOG = 1
const server = await postgres()

describe.skipIf(server.url === null)(`what processes of a run share${server.said}`, () => {
  let work: WorkFolder
  let place: Awaited<ReturnType<typeof newDatabase>>
  let url: string
  beforeAll(async () => {
    work = new WorkFolder({ 'p.yaml': PIPELINE, 'rows.jsonl': '{"i":1}\n' })
    await work.run()
    place = await newDatabase(server.url ?? '')
    url = await inPostgres(join(work.folder, 'custody.db'), place.url, 'shared')
  })
  afterAll(async () => {
    await place.remove()
    work.close()
  })

  let records: SharedRecord[] = []
  beforeEach(async () => {
    records = await Promise.all(Array.from({ length: 4 }, () => SharedRecord.open(url, LOG)))
  })
  afterEach(async () => {
    await Promise.all(records.map(each => each.close()))
  })
  const one = () => records[0] as SharedRecord
  const removed = () => one().change(() => ({ text: null, answer: null }))

  test('each change knows the one before it, and time goes forwards from one to the next', async () => {
    const add = (record: SharedRecord) =>
      record.change(({ text, now_us }) => {
        const { count, last_us } = text === null ? { count: 0, last_us: 0 } : JSON.parse(text)
        return { text: JSON.stringify({ count: count + 1, last_us: now_us }), answer: now_us >= last_us }
      })
    await one().change(() => ({ text: '{"count":0,"last_us":0}', answer: null }))
    const all = await Promise.all(records.flatMap(record => Array.from({ length: 25 }, () => add(record))))
    expect(all.every(Boolean)).toBe(true)
    expect(JSON.parse((await one().read()) ?? '').count).toBe(100)
    await removed()
    expect(await one().read()).toBe(null)
  })

  test('what throws changes nothing, and keeps nobody from changing it', async () => {
    await one().change(() => ({ text: 'before', answer: null }))
    const broken = one().change(() => {
      throw new Error('no')
    })
    await expect(broken).rejects.toThrow('no')
    expect(await Promise.all(records.map(each => each.read()))).toEqual(records.map(() => 'before'))
    await Promise.all(records.map(each => each.change(({ text }) => ({ text: `${text}+`, answer: null }))))
    expect(await one().read()).toBe('before++++')
    await removed()
  })

  test('a change whose connection is cut is made again, over another one', async () => {
    let tries = 0
    await one().change(() => ({ text: '0', answer: null }))
    const held = one().change(({ text }) => {
      tries++
      return { text: `${text}1`, answer: tries }
    })
    const others = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`
    await ask(url.replace(/\?.*$/, ''), others)
    expect(await held).toBe(tries)
    expect(['01', '011']).toContain(await one().read())
    await removed()
  })

  test('it is no lease, and belongs to a run that is there', async () => {
    const reader = await openLedgerReader(url)
    const strays = () => reader.strayLogs(10)
    try {
      await one().change(() => ({ text: 'anything', answer: null }))
      expect(await reader.leases()).toEqual([])
      expect(await strays()).toEqual([])
      await ask(place.url, `INSERT INTO shared.leases (log, epoch, holder, expires_us) VALUES (-77, 1, 'nobody', 0)`)
      expect(await strays()).not.toEqual([])
      await ask(place.url, 'DELETE FROM shared.leases WHERE log = -77')
      await removed()
    } finally {
      await reader.close()
    }
  })
})

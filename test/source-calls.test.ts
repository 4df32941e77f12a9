/** A source that asks a web service, as a run of the command line: what is on record, who checks it, and what is made of it again. */
// @module-tag proof
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeSigningKeys } from '../src/format/signing-key.ts'
import { callsAnswer } from '../src/host/answers/calls.ts'
import type { Moment } from '../src/host/answers/moment.ts'
import { openLedgerReader } from '../src/ledger/open.ts'
import { checkRecord } from '../src/read/check/check-record.ts'
import { askPython, NO_PYTHON } from './python/python.ts'
import { type Body, Forger, problemTexts } from './support/forger.ts'
import { LONG } from './support/form.ts'
import { runInProcess } from './support/in-process.ts'
import { madeRecord } from './support/made-evidence.ts'
import { PageServer, type Trouble } from './support/page-server.ts'
import { numbersIn, withNumber } from './support/records.ts'

const ORDERS = 23
/** The key of `testPorts`, which forgers have. */
const CUSTODY_KEY = encodeSigningKeys('test', new Uint8Array(32).fill(9))
const WAYS = {
  page: 'url: URL/page, records: /data, pages: { by: page, size: 5 }',
  offset: 'url: URL/offset, records: /data, pages: { by: offset, limit: 5 }',
  cursor: 'url: URL/cursor, records: /data, pages: { by: cursor, at: /next, param: after }',
  link: 'url: URL/link, pages: { by: link }',
}

const pipeline = (way: string, port: number) => `
name: orders
defaults: { on_error: discard, on_invalid: discard }
retry: { attempts: 4, backoff: 1ms }
sources:
  orders:
    plugin: http
    options: { ${way.replace('URL', `http://127.0.0.1:${port}`)}, allow: ['127.0.0.1'] }
    schema: { mode: fixed, fields: { id: integer, total: number, note: string } }
    to: out
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace } }
`

const folder = mkdtempSync(join(tmpdir(), 'custody-source-calls-'))
const database = join(folder, 'custody.db')
const custody = async (...words: readonly string[]) => {
  const { exit, stdout, stderr } = await runInProcess(words, folder, {
    CUSTODY_KEY,
    XDG_CONFIG_HOME: join(folder, 'home'),
  })
  return { exit, stdout, stderr, json: words.includes('--json') && stdout !== '' ? JSON.parse(stdout) : null }
}
const holdsAsRecord = async (forger: Forger): Promise<boolean> => {
  async function* record() {
    yield madeRecord(forger, 1)
  }
  return (await checkRecord(record(), { trusted: forger.keys })).ok
}
/** Which of these records hold, as a second implementation reads them. */
const heldByPython = (records: readonly string[], key: string): readonly string[] => {
  const keys = join(folder, 'forged-keys')
  writeFileSync(keys, `${key}\n`)
  const files = records.map((record, i) => {
    const file = join(folder, `forged-${i}.gz`)
    writeFileSync(file, gzipSync(record, { level: 1 }))
    return file
  })
  const answers = askPython(files, keys)
  return records.filter((_, i) => answers[i]?.ok === true)
}
const query = (sql: string) => {
  const db = new DatabaseSync(database, { readOnly: true })
  const rows = db.prepare(sql).all()
  db.close()
  return rows
}
const output = () => readFileSync(join(folder, 'out.jsonl'), 'utf8')
const expected = PageServer.rows(0, ORDERS)
  .map(row => `${JSON.stringify(row)}\n`)
  .join('')

/** The second page is slow to come, the third breaks twice, the fourth is cut. */
const trouble = (page: number, nth: number): Trouble | null => {
  if (page === 1 && nth === 1) return { status: 429, headers: { 'retry-after': '0' } }
  if (page === 2 && nth < 3) return { status: 500 }
  return page === 3 && nth === 1 ? 'cut' : null
}

beforeAll(async () => {
  // How each way of paging is read, src/plugins/sources/http.test.ts shows; what is on record is alike.
  for (const way of LONG ? Object.values(WAYS) : [WAYS.offset, WAYS.link]) {
    const server = await PageServer.start({ orders: ORDERS, per_page: 5, trouble })
    writeFileSync(join(folder, 'p.yaml'), pipeline(way, server.port))
    const { exit, stderr } = await custody('run', 'p.yaml')
    await server.close()
    expect(exit, stderr).toBe(0)
    expect(output()).toBe(expected)
    expect(server.asked).toEqual([0, 1, 1, 2, 2, 2, 3, 3, 4])
    rmSync(join(folder, 'out.jsonl'))
    // The server is gone.
    const replayed = await custody('replay', 'p.yaml', '--from', 'latest')
    expect(replayed.exit, replayed.stderr).toBe(0)
    expect(output()).toBe(expected)
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('each request is a line of the view `calls`, with hashes of what was asked and answered', () => {
  const [run] = query('SELECT run_id FROM runs ORDER BY started_at LIMIT 1')
  const calls = query(`SELECT * FROM calls WHERE run_id = '${run?.run_id}' ORDER BY call_id`)
  expect(
    calls.map(({ call_id, token_id, node, attempt, status }) => [call_id, token_id, node, attempt, status]),
  ).toEqual([
    [1, null, 'orders', 1, 'ok'],
    [2, null, 'orders', 1, 'throttled'],
    [3, null, 'orders', 1, 'ok'],
    [4, null, 'orders', 1, 'error'],
    [5, null, 'orders', 2, 'error'],
    [6, null, 'orders', 3, 'ok'],
    [7, null, 'orders', 1, 'error'],
    [8, null, 'orders', 2, 'ok'],
    [9, null, 'orders', 1, 'ok'],
  ])
  for (const { request_hash, response_hash, service } of calls) {
    expect(`${request_hash} ${response_hash}`).toMatch(/^[0-9a-f]{64} [0-9a-f]{64}$/)
    expect(service).toMatch(/^127\.0\.0\.1:\d+$/)
  }
  const replayed = query(`SELECT status, count(*) AS n FROM calls GROUP BY status ORDER BY status`)
  expect(replayed).toContainEqual({ status: 'recorded', n: LONG ? 20 : 10 })
})

test('a row’s story says from which page it is, also of a replay and a re-run', async () => {
  const [first] = query('SELECT run_id FROM runs ORDER BY started_at LIMIT 1')
  const pageOf = async (run: unknown, row: number) => {
    const { json, stdout, stderr } = await custody('explain', String(run), '--row', String(row), '--json')
    expect(json, stdout + stderr).not.toBeNull()
    return json.origin
  }
  const calls = [1, 3, 6, 8, 9]
  for (const row of [1, 5, 6, 10, 11, 16, 20, 21, 23]) {
    const page = Math.ceil(row / 5)
    const url = expect.stringMatching(/^http:.*\?/)
    const service = expect.stringMatching(/^127\.0\.0\.1:\d+$/)
    expect(await pageOf(first?.run_id, row)).toEqual({
      ...{
        path: null,
        line: null,
        index: row,
        page: { page, call: calls[page - 1], service, url },
      },
    })
  }
  const { stdout } = await custody('explain', String(first?.run_id), '--row', '11')
  expect(stdout).toMatch(/^Row 11 of orders, run \S+, from page 3 of source orders \(http:\S+, call 6\), record 11$/m)
  const all = await custody('explain', String(first?.run_id), '--where', 'row.id >= 0', '--json')
  const pages = (all.json as { readonly origin: { readonly page: { readonly page: number } } }[]).map(
    ({ origin }) => origin.page.page,
  )
  expect(pages).toEqual(Array.from({ length: ORDERS }, (_, i) => Math.ceil((i + 1) / 5)))
  // Of the replay, which asked nobody.
  expect(await pageOf('latest', 23)).toMatchObject({ index: 23, page: { page: 5, call: 5 } })
})

test('they are among those that a run asked its services, for who asks a server', async () => {
  const reader = await openLedgerReader(`sqlite:${database}`)
  try {
    const env = { CUSTODY_KEY, XDG_CONFIG_HOME: join(folder, 'home') }
    const [run] = query('SELECT run_id FROM runs ORDER BY started_at LIMIT 1')
    const answer = await callsAnswer({ reader, env } as unknown as Moment, String(run?.run_id), true, {
      onProgress: () => undefined,
    })
    expect(answer).toMatchObject({ calls: 9, holds: true })
    expect(answer.groups).toMatchObject([{ node: 'orders', calls: 9, statuses: { ok: 5, error: 3, throttled: 1 } }])
    expect(answer.services).toMatchObject([{ calls: 9, throttled: 1, most_failed_in_a_row: 2, most_at_once: 1 }])
  } finally {
    await reader.close()
  }
})

test('all of it holds, for `verify`, for the verifier in Python, and as a record', async () => {
  const { exit, stdout } = await custody('verify', '--files')
  expect(exit, stdout).toBe(0)
  const keys = join(folder, 'keys')
  writeFileSync(keys, (await custody('key', 'show')).stdout)
  const files = [database]
  for (const n of [0, 1]) {
    const file = join(folder, `record-${n}`)
    expect((await custody('prove', `latest~${n}`, '--out', file)).exit).toBe(0)
    const checked = await custody('check', file, '--key', keys, '--json')
    expect(checked.json, checked.stderr).toMatchObject({ ok: true })
    files.push(file)
  }
  if (NO_PYTHON === null)
    expect(
      askPython(files, keys).map(({ ok, checks }) => ok || checks?.filter(each => each.problems.length > 0)),
    ).toEqual(files.map(() => true))
})

test('a plan that asks otherwise has no answer on record, and stops', async () => {
  const before = readFileSync(join(folder, 'p.yaml'), 'utf8')
  writeFileSync(join(folder, 'p.yaml'), before.replace('allow:', 'query: { state: open }, allow:'))
  const { exit, json } = await custody('replay', 'p.yaml', '--from', 'latest', '--json')
  writeFileSync(join(folder, 'p.yaml'), before)
  expect(exit).toBe(1)
  expect(json.error).toMatchObject({ code: 'CUSTODY_REPLAY_MISS' })
})

describe('who has the key and changes an entry of calls', () => {
  /** What nobody can contradict: when it was made, how long it took, and, within bounds, before which record and in which attempt. */
  const CLAIMS = [/^t$/, /^from$/, /^x\.\d+\.(3|9|10)$/]

  test('is found out, by `verify` and by whoever checks a record of it', async () => {
    const server = await PageServer.start({ orders: 8, per_page: 3, trouble })
    const forger = await Forger.of(async url => {
      writeFileSync(join(folder, 'forged.yaml'), pipeline(WAYS.cursor, server.port))
      const { exit, stderr } = await custody('run', 'forged.yaml', '--ledger', url)
      expect(exit, stderr).toBe(0)
    }, 50)
    await server.close()
    try {
      expect(problemTexts(await forger.after(() => undefined))).toEqual([])
      const entries = forger.all(`SELECT seq FROM entries WHERE log = 1 AND body LIKE '%"k":"calls"%' ORDER BY seq`)
      const unnoticed: string[] = []
      // The honest one first.
      const records = [madeRecord(forger, 1)]
      let tried = 0
      let at = 0
      const tamper = async (seq: number, change: Body) => {
        tried++
        const forge = () => {
          forger.put(1, seq, change)
          forger.rebuild(forger.signer)
        }
        const { ok } = await forger.after(forge)
        const record = await forger.within(forge, () => {
          records.push(madeRecord(forger, 1))
          return holdsAsRecord(forger)
        })
        if (ok || record) unnoticed.push(`entry ${seq}: ${JSON.stringify(change)}`)
      }
      for (const { seq } of entries) {
        const body = forger.body(1, Number(seq))
        for (const path of numbersIn(body)) {
          if (CLAIMS.some(each => each.test(path.join('.'))) || (!LONG && at++ % 3 !== 0)) continue
          await tamper(Number(seq), withNumber(body, path, tried % 2 === 0 ? 1 : -1))
        }
        const { x } = body as { x: number[][] }
        await tamper(Number(seq), { ...body, x: [...x, ...x] })
        await tamper(Number(seq), { ...body, x: x.map(each => each.with(3, Number(each[3]) + 2)) })
        await tamper(Number(seq), { ...body, from: seq === entries.at(-1)?.seq ? 1 : 99 })
        if (x.length > 1) await tamper(Number(seq), { ...body, x: x.toReversed() })
        await tamper(Number(seq), { ...body, x: x.slice(1) })
        await tamper(Number(seq), { ...body, x: x.slice(0, -1) })
      }
      expect(unnoticed).toEqual([])
      if (NO_PYTHON === null) expect(heldByPython(records, forger.signer.verifier_key)).toEqual([records[0]])
      expect(tried).toBeGreaterThan(LONG ? 60 : 20)
    } finally {
      forger.close()
    }
  })
})

test('erasing a row lists the pages that hold it, and takes them if that is wanted', async () => {
  const run = String(query('SELECT run_id FROM runs ORDER BY started_at LIMIT 1')[0]?.run_id)
  const holds = (text: string) =>
    query(`SELECT count(*) AS n FROM payloads WHERE log = 1 AND CAST(body AS TEXT) LIKE '%${text}%'`)[0]?.n
  expect(holds('order 8')).toBeGreaterThan(0)
  const kept = await custody('erase', run, '--row', '8', '--yes', '--json')
  expect(kept.exit, kept.stderr).toBe(0)
  expect(kept.json.derived).toContainEqual({ run, erased: false })
  expect(holds('order 8')).toBe(1)
  const gone = await custody('erase', run, '--row', '8', '--derived', '--yes', '--json')
  expect(gone.json.derived).toContainEqual({ run, erased: true })
  expect(holds('order 8')).toBe(0)
  // Another page stays as it was.
  expect(holds('order 12')).toBe(2)
  const { exit, stdout } = await custody('verify', run)
  expect(exit, stdout).toBe(0)
  const replayed = await custody('replay', '--from', run, '--json')
  expect(replayed.json.error).toMatchObject({ code: 'CUSTODY_REPLAY_MISS' })
})

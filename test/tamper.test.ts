/**
 * What an intruder could do to a ledger, and what `verify` says of it. All of it happens in transactions that are rolled
 * back, on the connection that the verifier reads from.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SqliteReader } from '../src/ledger/sqlite/reader.ts'
import { canonicalize } from '../src/model/canonical.ts'
import { commitment, hexToBytes, leafHash } from '../src/model/hash.ts'
import { Frontier } from '../src/model/merkle.ts'
import { checkpointText, makeSigner, parseVerifierKey, type Signer } from '../src/model/note.ts'
import type { Json } from '../src/model/row.ts'
import { type VerifyResult, verifyLedger } from '../src/read/verify/verify.ts'
import { testPorts } from './support/ledger.ts'
import { runSimulated, simulatedRun } from './support/simulated-ledger.ts'

const SHAPE = { later: true, groups: true, max_nodes: 12, max_rows: 30 }
/** Forks, expansions, merges, batches, errors and rejected records, in five commits. */
const SEALED = 35
/** Stopped while tokens were under way. */
const STOPPED = 125
const TABLES = ['logs', 'entries', 'payloads', 'endings', 'open_tokens', 'heads', 'leases'] as const
type Table = (typeof TABLES)[number]

const folder = mkdtempSync(join(tmpdir(), 'custody-tamper-'))
const path = join(folder, 'custody.db')
const signer = testPorts().signer
const keys = [parseVerifierKey(signer.verifier_key)]
const intruder = makeSigner('test', new Uint8Array(32).fill(7))
let db: DatabaseSync
let reader: SqliteReader

beforeAll(async () => {
  await runSimulated(`sqlite:${path}`, SEALED, SHAPE)
  await runSimulated(`sqlite:${path}`, STOPPED, SHAPE, 60_000)
  db = new DatabaseSync(path)
  db.exec('PRAGMA ignore_check_constraints = ON')
  reader = new SqliteReader(db, `sqlite:${path}`)
})
afterAll(() => {
  db.close()
  rmSync(folder, { recursive: true, force: true })
})

type Record_ = { [column: string]: SQLInputValue }
const all = (sql: string, ...values: SQLInputValue[]): Record_[] => db.prepare(sql).all(...values) as Record_[]
const run = (sql: string, ...values: SQLInputValue[]): void => {
  expect(db.prepare(sql).run(...values).changes, sql).toBeGreaterThan(0)
}

/** What `verify` finds after `tamper`, which is undone then. Triggers are out of its way, and back before anybody looks. */
async function after(tamper: () => void, trusted = keys): Promise<VerifyResult> {
  db.exec('BEGIN')
  try {
    const triggers = all("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`)
    tamper()
    for (const { sql } of triggers) db.exec(`${sql}`)
    return await verifyLedger(reader, { keys: trusted })
  } finally {
    db.exec('ROLLBACK')
  }
}

/** Problems of all checks, each once, with the check's name. */
function told(result: VerifyResult): string[] {
  const checks = [...result.runs.flatMap(each => each.checks), ...result.ledger.checks]
  const problems = checks.flatMap(({ name, problems: found }) => found.map(each => `${name}: ${each}`))
  expect(result.ok).toBe(problems.length === 0)
  return [...new Set(problems)]
}
const found = async (tamper: () => void, trusted = keys): Promise<string[]> => told(await after(tamper, trusted))

// ── what an intruder needs ──────────────────────────────────────────────────────────────────────────────────────────

type Body = { [key: string]: Json }
const bodyAt = (log: number, seq: number): Body =>
  JSON.parse(`${all('SELECT body FROM entries WHERE log = ? AND seq = ?', log, seq)[0]?.body}`) as Body
const put = (log: number, seq: number, body: Body): void =>
  run('UPDATE entries SET body = ? WHERE log = ? AND seq = ?', canonicalize(body), log, seq)

/** Rebuilds a log's tree, and signs its root. */
function resign(log: number, by: Signer): { size: number; root: string } {
  const tree = new Frontier()
  for (const { body } of all('SELECT body FROM entries WHERE log = ? ORDER BY seq', log))
    tree.append(leafHash(`${body}`))
  const head = { size: tree.size, root: tree.root() }
  const [ledger] = [bodyAt(0, 0).ledger]
  const note = by.sign(checkpointText({ origin: `custody/${ledger}/${log}`, ...head }))
  run('UPDATE heads SET note = ? WHERE log = ?', note, log)
  return head
}

/** Rewrites everything that can be rewritten for a run whose entries were changed: its seal, its head, log 0. */
function rebuild(by: Signer): void {
  const last = Number(all('SELECT max(seq) AS seq FROM entries WHERE log = 1')[0]?.seq)
  const tree = new Frontier()
  const leaves = all(`SELECT body, max(seq) FROM entries WHERE log = 1 AND row IS NOT NULL GROUP BY row ORDER BY row`)
  const batches = all(
    `SELECT body, max(seq) FROM entries WHERE log = 1 AND row IS NULL AND body LIKE '{"b":%'
     GROUP BY json_extract(body, '$.b') ORDER BY json_extract(body, '$.b')`,
  )
  for (const { body } of [...leaves, ...batches]) tree.append(leafHash(`${body}`))
  put(1, last, { ...bodyAt(1, last), subjects: { size: tree.size, root: tree.root() } })
  const head = resign(1, by)
  const sealed = all(`SELECT seq FROM entries WHERE log = 0 AND body LIKE '%"k":"sealed"%'`)[0]
  put(0, Number(sealed?.seq), { ...bodyAt(0, Number(sealed?.seq)), ...head })
  resign(0, by)
}

/** The first entry of log 1 that ends a token with this fate. */
function entryWithFate(fate: number): { seq: number; body: Body; token: number; row: number } {
  const [ending] = all('SELECT token, seq, row FROM endings WHERE log = 1 AND fate = ? ORDER BY token', fate)
  const seq = Number(ending?.seq)
  return { seq, body: bodyAt(1, seq), token: Number(ending?.token), row: Number(ending?.row) }
}
const number = (n: number): string => `${n}`.replace(/\B(?=(\d{3})+$)/g, ',')

// ── tests ───────────────────────────────────────────────────────────────────────────────────────────────────────────

test('nothing is found where nothing was done', async () => {
  const result = await after(() => undefined)
  expect(told(result)).toEqual([])
  expect(result.runs.map(({ run: id, ok, sealed }) => [id, ok, sealed])).toEqual([
    [simulatedRun(SEALED), true, true],
    [simulatedRun(STOPPED), true, false],
  ])
  expect(result.runs[0]!.tokens).toBe(all('SELECT count(*) AS n FROM endings WHERE log = 1')[0]?.n)
  expect(all('SELECT count(*) AS n FROM open_tokens')[0]?.n).toBeGreaterThan(10)
  const one = await verifyLedger(reader, { keys, run: simulatedRun(STOPPED) })
  expect(one.runs.map(each => each.run)).toEqual([simulatedRun(STOPPED)])
  await expect(verifyLedger(reader, { keys, run: 'none' })).rejects.toMatchObject({ code: 'CUSTODY_RUN_UNKNOWN' })
})

/** Where a change to a table must be told. */
const NAMED: { readonly [table in Table]: RegExp } = {
  logs: /log \d|run /,
  entries: /entr(y|ies) [\d,]+|stored entr|checkpoint/,
  payloads: /entry [\d,]+/,
  endings: /row instance [\d,]+/,
  open_tokens: /row instance [\d,]+/,
  heads: /checkpoint/,
  leases: /lease of /,
}
/** What nobody vouches for: who holds an open run, and until when, is the holder's claim. */
const CLAIMS = ['leases.holder', 'leases.expires_us']

/** First, middle and last row of a table within each log that it has rows of. */
function samples(table: Table): number[] {
  const key = all(`PRAGMA table_info(${table})`).filter(each => Number(each.pk) > 0)
  const order = key.map(each => each.name).join(', ')
  const rows = all(`SELECT row_number() OVER (ORDER BY ${order}) - 1 AS place, log FROM ${table}`)
  const places: number[] = []
  for (const log of new Set(rows.map(each => each.log))) {
    const own = rows.filter(each => each.log === log).map(each => Number(each.place))
    places.push(own[0]!, own[own.length >> 1]!, own.at(-1)!)
  }
  return [...new Set(places)]
}

function keyOf(table: Table, place: number): { where: string; values: SQLInputValue[]; record: Record_ } {
  const key = all(`PRAGMA table_info(${table})`)
    .filter(each => Number(each.pk) > 0)
    .map(each => `${each.name}`)
  const record = all(`SELECT * FROM ${table} ORDER BY ${key.join(', ')} LIMIT 1 OFFSET ?`, place)[0]!
  return { where: key.map(each => `${each} = ?`).join(' AND '), values: key.map(each => record[each]!), record }
}

/** Values that the column's type has, and that are near the one that is there. */
function others(type: string, value: SQLInputValue, nullable: boolean): SQLInputValue[] {
  const changed: SQLInputValue[] = []
  if (value === null) changed.push(type === 'INTEGER' ? 1 : type === 'TEXT' ? 'X' : new Uint8Array(32))
  else if (typeof value === 'number') changed.push(value + 1_000_000)
  else if (typeof value === 'string') {
    const middle = value.length >> 1
    changed.push(value.slice(0, middle) + (value[middle] === '1' ? '2' : '1') + value.slice(middle + 1), ` ${value}`)
  } else {
    const bytes = new Uint8Array(value as Uint8Array)
    bytes[bytes.length - 1]! ^= 1
    changed.push(bytes, bytes.subarray(1))
  }
  if (value !== null && nullable) changed.push(null)
  return changed
}

/** null if SQLite itself refuses: a key that is null, a text that an index can't read as JSON. */
async function unlessRefused<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Error && /^(datatype mismatch|malformed JSON)$/.test(error.message)) return null
    throw error
  }
}

describe.each(TABLES)('table %s', table => {
  test('a change of any column of its rows is found and named', async () => {
    let changes = 0
    for (const place of samples(table)) {
      const { where, values, record } = keyOf(table, place)
      for (const { name, type, notnull } of all(`PRAGMA table_info(${table})`)) {
        if (CLAIMS.includes(`${table}.${name}`)) continue
        for (const value of others(`${type}`, record[`${name}`]!, Number(notnull) === 0)) {
          const problems = await unlessRefused(() =>
            found(() => run(`UPDATE ${table} SET ${name} = ? WHERE ${where}`, value, ...values)),
          )
          if (problems === null) continue
          const what = `${table}.${name} of ${canonicalize(values as Json)} = ${value}`
          expect(problems.join('\n'), what).toMatch(NAMED[table])
          changes++
        }
      }
    }
    expect(changes).toBeGreaterThan(table === 'leases' ? 1 : 4)
  })

  test('a row that is gone is found and named', async () => {
    for (const place of samples(table)) {
      const { where, values } = keyOf(table, place)
      const problems = await found(() => run(`DELETE FROM ${table} WHERE ${where}`, ...values))
      expect(problems.join('\n'), `${table} ${canonicalize(values as Json)}`).toMatch(NAMED[table])
    }
  })

  test('a row too many is found and named', async () => {
    for (const place of samples(table)) {
      const { record } = keyOf(table, place)
      const columns = Object.keys(record)
      const last = columns.includes('token') ? 'token' : columns.includes('seq') ? 'seq' : 'log'
      const added = { ...record, [last]: Number(all(`SELECT max(${last}) AS n FROM ${table}`)[0]?.n) + 1 }
      if (table === 'logs') Object.assign(added, { run: simulatedRun(999) })
      const problems = await found(() =>
        run(`INSERT INTO ${table} VALUES (${columns.map(() => '?').join(', ')})`, ...columns.map(each => added[each]!)),
      )
      expect(problems.join('\n'), `${table} ${last}`).toMatch(NAMED[table])
    }
  })
})

describe('payloads', () => {
  const [seq, row] = [1, 1]
  const payload = () => all('SELECT salts, body FROM payloads WHERE log = 1 AND seq = ?', seq)[0]!
  const value = () => (JSON.parse(`${payload().body}`) as Json[][])[0]![0] as { [field: string]: Json }
  const store = (values: Json) =>
    run('UPDATE payloads SET body = ? WHERE log = 1 AND seq = ?', canonicalize(values), seq)

  test('a value was changed', async () => {
    const [, ...rest] = JSON.parse(`${payload().body}`) as Json[]
    expect(await found(() => store([[{ ...value(), n: 999_999 }], ...rest]))).toContain(
      `values: entry ${seq} (row ${row}): value 1 doesn't fit its commitment: the value, its salt or the entry was changed`,
    )
  })
  test('a value was changed, and its commitment with it', async () => {
    const problems = await found(() => {
      const salt = (payload().salts as Uint8Array).subarray(0, 16)
      const [, ...rest] = JSON.parse(`${payload().body}`) as Json[]
      const changed = { ...value(), extra: true }
      store([[changed], ...rest])
      const body = bodyAt(1, seq)
      put(1, seq, { ...body, c: [commitment(salt, canonicalize(changed)), ...(body.c as Json[]).slice(1)] })
    })
    expect(problems.join('\n')).toMatch(
      /^checkpoint: the 151 stored entries give root .* at least one was changed after/m,
    )
    expect(problems.join('\n')).toMatch(/^log 0: the run was sealed with 151 entries and root/m)
  })
  test('a salt was changed or cut', async () => {
    const salts = (bytes: Uint8Array) => run('UPDATE payloads SET salts = ? WHERE log = 1 AND seq = ?', bytes, seq)
    const flipped = () => (payload().salts as Uint8Array).map((byte, i) => (i === 3 ? byte ^ 1 : byte))
    expect(await found(() => salts(flipped()))).toEqual([
      `values: entry ${seq} (row ${row}): value 1 doesn't fit its commitment: the value, its salt or the entry was changed`,
    ])
    expect((await found(() => salts(flipped().subarray(0, 15)))).join()).toMatch('15 bytes of salt')
  })
  test('the same value in another spelling', async () => {
    const problems = await found(() =>
      run('UPDATE payloads SET body = ? WHERE log = 1 AND seq = ?', `${payload().body}`.replace(',', ', '), seq),
    )
    expect(problems[0]).toBe(`values: entry ${seq} (row ${row}): the payload is not its own canonical re-encoding`)
  })
})

describe('entries', () => {
  test('two were swapped', async () => {
    // The first two rows that begin and end in one entry each.
    const [one, other] = all(
      `SELECT seq, row FROM entries e WHERE log = 1 AND row IS NOT NULL
       AND (SELECT count(*) FROM entries WHERE log = 1 AND row = e.row) = 1 ORDER BY seq LIMIT 2`,
    ).map(each => ({ seq: Number(each.seq), row: Number(each.row) }))
    const problems = await found(() => {
      const bodies = [bodyAt(1, one!.seq), bodyAt(1, other!.seq)]
      put(1, one!.seq, bodies[1]!)
      put(1, other!.seq, bodies[0]!)
    })
    const name = `entry ${one!.seq} (row ${other!.row})`
    expect(problems).toContain(`entries: ${name}: its column says row ${one!.row}`)
    expect(problems).toContain(`entries: ${name}: its story begins, where row ${one!.row} comes next`)
    expect(problems.join('\n')).toMatch(/^checkpoint: the 151 stored entries give root/m)
  })
  test('the text of one is no JSON at all, and the index that would refuse it is gone', async () => {
    const [commit] = all(`SELECT seq FROM entries WHERE log = 1 AND body LIKE '%"k":"commit"%' ORDER BY seq`)
    const problems = await found(() => {
      db.exec('DROP INDEX entries_batch')
      run(`UPDATE entries SET body = 'x' || body WHERE log = 1 AND seq = ?`, commit!.seq!)
    })
    expect(problems).toContain('schema: index entries_batch is missing')
    expect(problems).toContain(`entries: entry ${commit!.seq}: its text is not JSON`)
    expect(problems.join('\n')).toMatch(/^entries: the log can't be read any further/m)
  })
  test('one was spelled differently', async () => {
    const problems = await found(() =>
      run(`UPDATE entries SET body = replace(body, '"o":', '"o": ') WHERE log = 1 AND seq = 3`),
    )
    expect(problems[0]).toMatch(/^entries: entry 3 \(row 2\): its text is not its own canonical re-encoding$/)
  })
  test('an outcome was changed in the table', async () => {
    const { token } = entryWithFate(1)
    const problems = await found(() => run('UPDATE endings SET fate = 2 WHERE log = 1 AND token = ?', token))
    expect(problems).toContain(
      `projections: row instance ${number(token)} is ROUTED / gate in the table, COMPLETED / flow in its entry`,
    )
  })
  test('an outcome was changed in entry and table alike, the tree rebuilt, and signed by another', async () => {
    const { seq, body, token, row } = entryWithFate(1)
    const forge = (by: Signer) => {
      const endings = (body.e as Json[][]).map(each => (each[0] === token ? each.with(1, 2) : each))
      put(1, seq, { ...body, e: endings })
      run('UPDATE endings SET fate = 2 WHERE log = 1 AND token = ?', token)
      rebuild(by)
    }
    const by_other = (await found(() => forge(intruder))).join('\n')
    expect(by_other).toMatch(
      /^checkpoint: its checkpoint can't be trusted: it is signed by test\+.*none of the trusted keys/m,
    )
    expect(by_other).toMatch(/^ledger: log 0: its checkpoint can't be trusted/m)
    // Whoever has the key can sign anything; that the story doesn't hold together is found all the same.
    const by_owner = (await found(() => forge(signer))).join('\n')
    expect(by_owner).not.toMatch(/^checkpoint:/m)
    expect(by_owner).toMatch(
      new RegExp(
        `^row instances: entry ${number(seq)} \\(row ${row}\\): row instance ${number(token)}: it ends as ROUTED / gate, and`,
        'm',
      ),
    )
    expect(by_owner).toMatch(/^totals: entry .*: it says 0 endings ROUTED \/ gate in sink0, and there are 1$/m)
  })
  test('a row instance was added', async () => {
    const { seq, body, token, row } = entryWithFate(1)
    const problems = await found(() => {
      const more = 1_000_000
      const [, , node, sink] = (body.e as Json[][]).find(each => each[0] === token) as number[]
      put(1, seq, {
        ...body,
        n: [...((body.n as Json[]) ?? []), [more]],
        v: [...(body.v as Json[]), [more, node!, 1, 0, 1, 0, 0, 0, 0]],
        e: [...(body.e as Json[]), [more, 1, node!, sink!, 0]],
      })
      run(
        `INSERT INTO endings SELECT log, ${more}, seq, row, fate, node, sink, grp, error_code, error_hash, recorded_us
         FROM endings WHERE log = 1 AND token = ?`,
        token,
      )
      rebuild(signer)
    })
    const text = problems.join('\n')
    expect(text).toMatch(
      new RegExp(
        `^row instances: entry ${number(seq)} \\(row ${row}\\): row instance 1,000,000 is born of nothing$`,
        'm',
      ),
    )
    expect(text).toMatch(
      /^row instances: entry .*: of the row instances that came into being before it, number .* is missing/m,
    )
    expect(text).toMatch(/^totals: entry .*: it says 83 row instances born, and there are 84$/m)
    expect(text).toMatch(/^totals: entry .*: sink .* has written \d+ rows?, and \d+ row instances? ended in it$/m)
  })
  test('the end of the log was cut', async () => {
    const cut = (from: number) => {
      for (const table of ['entries', 'payloads', 'endings']) {
        db.prepare(`DELETE FROM ${table} WHERE log = 1 AND seq >= ?`).run(from)
      }
    }
    const problems = (await found(() => cut(140))).join('\n')
    expect(problems).toMatch(
      /^checkpoint: its checkpoint covers 151 entries, and 140 are stored: entries were left out after it was signed$/m,
    )
    expect(problems).toMatch(/^log 0: log 0 says that the run was sealed, and its last entry is no seal$/m)
    // Even with an older head that was once signed.
    const older = (
      await found(() => {
        cut(140)
        resign(1, signer)
      })
    ).join('\n')
    expect(older).not.toMatch(/^checkpoint:/m)
    expect(older).toMatch(/^log 0: the run was sealed with 151 entries and root .*, and it has 140 and/m)
  })
  test('the middle of the log was cut', async () => {
    const problems = (await found(() => run('DELETE FROM entries WHERE log = 1 AND seq BETWEEN 5 AND 7'))).join('\n')
    expect(problems).toMatch(/^entries: entries 5 to 7 are missing$/m)
    expect(problems).toMatch(/^values: there is a payload of entry 5, and no such entry$/m)
  })
})

describe('runs', () => {
  const drop = () => {
    for (const table of TABLES) db.prepare(`DELETE FROM ${table} WHERE log = 1`).run()
  }
  test('one was dropped', async () => {
    const result = await after(drop)
    const opened = all(`SELECT seq FROM entries WHERE log = 0 AND body LIKE '%"k":"opened"%' ORDER BY seq`)[0]?.seq
    expect(told(result)).toContain(
      `ledger: run ${simulatedRun(SEALED)} was opened (log 0, entry ${opened}), and its log 1 isn't there`,
    )
    expect(result.runs[0]).toMatchObject({ run: simulatedRun(SEALED), ok: false, entries: 0 })
  })
  test('one was dropped, and log 0 with it', async () => {
    const problems = await found(() => {
      drop()
      run(`DELETE FROM entries WHERE log = 0 AND body LIKE '%${simulatedRun(SEALED)}%'`)
    })
    expect(problems.join('\n')).toMatch(/^ledger: log 0: entr(y|ies) .* (is|are) missing$/m)
    expect(problems.join('\n')).toMatch(/^ledger: log 0: its checkpoint covers/m)
  })
  test('one was given the name of another', async () => {
    const problems = await found(() => run('UPDATE logs SET run = ? WHERE log = 1', simulatedRun(77)))
    expect(problems).toContain(
      `ledger: log 1 is listed as that of run ${simulatedRun(77)}, and log 0 says ${simulatedRun(SEALED)}`,
    )
  })
  test('a lease came back after the seal', async () => {
    const problems = await found(() => run(`INSERT INTO leases VALUES (1, 1, '', 0)`))
    expect(problems).toContain(`ledger: run ${simulatedRun(SEALED)} is sealed, and there is a lease of it`)
  })
})

describe('the database', () => {
  const sqlOf = (name: string): string => `${all('SELECT sql FROM sqlite_schema WHERE name = ?', name)[0]?.sql}`
  test.each<[string, () => void, string]>([
    [
      'a view was replaced',
      () => {
        const sql = sqlOf('token_outcomes').replace('QUARANTINED', 'COMPLETED')
        db.exec('DROP VIEW token_outcomes')
        db.exec(sql)
      },
      'schema: view token_outcomes is not what the format has: its definition was changed',
    ],
    ['a view is gone', () => db.exec('DROP VIEW runs'), 'schema: view runs is missing'],
    ['an index is gone', () => db.exec('DROP INDEX entries_row'), 'schema: index entries_row is missing'],
    ['a table was added', () => db.exec('CREATE TABLE notes (a)'), 'schema: table notes is not part of the format'],
    [
      'a trigger was added',
      () => db.exec('CREATE TRIGGER t AFTER INSERT ON heads BEGIN DELETE FROM leases; END'),
      'schema: trigger t is not part of the format',
    ],
  ])('%s', async (_name, tamper, problem) => expect(await found(tamper)).toContain(problem))
  test('the triggers that refuse changes are gone', async () => {
    db.exec('BEGIN')
    db.exec('DROP TRIGGER entries_no_update')
    const result = await verifyLedger(reader, { keys })
    db.exec('ROLLBACK')
    expect(told(result)).toEqual(['schema: trigger entries_no_update is missing'])
  })
})

describe('keys and checkpoints', () => {
  test('no key is trusted', async () => {
    const problems = await found(() => undefined, [])
    expect(problems.filter(each => each.includes("can't be trusted")).length).toBe(2)
  })
  test('a checkpoint of another log', async () => {
    const problems = await found(() =>
      run('UPDATE heads SET note = (SELECT note FROM heads WHERE log = 2) WHERE log = 1'),
    )
    expect(problems.join('\n')).toMatch(
      /^checkpoint: its checkpoint is that of custody\/.*\/2, not of custody\/.*\/1$/m,
    )
  })
  test('a signature that is another text’s', async () => {
    const problems = await found(() => {
      const note = `${all('SELECT note FROM heads WHERE log = 1')[0]?.note}`
      run('UPDATE heads SET note = ? WHERE log = 1', note.replace('\n151\n', '\n150\n'))
    })
    expect(problems.join('\n')).toMatch(/^checkpoint: its checkpoint can't be trusted: the signature of test\+/m)
  })
  test('an error hash was changed', async () => {
    const { token } = all('SELECT token FROM endings WHERE log = 1 AND error_hash IS NOT NULL')[0]!
    const problems = await found(() =>
      run('UPDATE endings SET error_hash = ? WHERE log = 1 AND token = ?', hexToBytes('ab'.repeat(32)), token!),
    )
    expect(problems.join('\n')).toMatch(
      new RegExp(
        `^projections: row instance ${number(Number(token))} has error hash (ab){32} in the table, [0-9a-f]{64} in its entry$`,
        'm',
      ),
    )
  })
})

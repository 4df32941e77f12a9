/** What commands show of a ledger that somebody changed: that it doesn't hold, and nothing that isn't so. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runInProcess } from './support/in-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-shown-'))
const env = { XDG_CONFIG_HOME: join(folder, 'config'), XDG_CACHE_HOME: join(folder, 'cache'), COLUMNS: '200' }
const whole = join(folder, 'custody.db')
const ESCAPES = '\x1b]0;pwn\x07\x1b[31mEVIL\u009b2J\u202e'
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
const ACTIVE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/

const PIPELINE = `name: desk
defaults: { on_error: problems, on_invalid: problems }
sources:
  in: { plugin: jsonl, options: { path: in.jsonl }, to: tier }
nodes:
  tier: { gate: row.amount >= 10, routes: { true: high, false: low } }
sinks:
  high: { plugin: jsonl, options: { path: high.jsonl, if_exists: replace } }
  low: { plugin: jsonl, options: { path: low.jsonl, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: problems.jsonl, if_exists: replace }, on_error: discard }
`

beforeAll(async () => {
  writeFileSync(join(folder, 'pipeline.yaml'), PIPELINE)
  writeFileSync(join(folder, 'in.jsonl'), '{"id":1,"amount":5}\n{"id":2,"amount":50}\n{"id":3}\n')
  expect((await runInProcess(['run', 'pipeline.yaml'], folder, env)).exit).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const custody = (...argv: string[]) => runInProcess(argv, folder, env)

/** The ledger after a change in it, with its triggers in place again. */
function changed(change: (db: DatabaseSync) => void, ledger = whole): string {
  const path = join(folder, 'changed.db')
  copyFileSync(ledger, path)
  const db = new DatabaseSync(path)
  db.exec('PRAGMA ignore_check_constraints = ON')
  const triggers = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all()
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`)
  change(db)
  for (const { sql } of triggers) db.exec(`${sql}`)
  db.close()
  return path
}

const CHANGES: readonly (readonly [what: string, sql: string])[] = [
  ['a value', `UPDATE payloads SET body = replace(body, '"amount":5', '"amount":6') WHERE log = 1 AND seq = 1`],
  [
    'an expression',
    `UPDATE payloads SET body = replace(body, 'row.amount >= 10', 'row.amount >= 99') WHERE log = 1 AND seq = 0`,
  ],
  ['an entry', `UPDATE entries SET body = replace(body, '"o":0', '"o":1') WHERE log = 1 AND seq = 1`],
  ['the row of an entry', `UPDATE entries SET row = 2 WHERE log = 1 AND seq = 1`],
  [
    'the last entry, which is gone',
    `DELETE FROM entries WHERE log = 1 AND seq = (SELECT max(seq) FROM entries WHERE log = 1)`,
  ],
  [
    'the signed head',
    // How many entries there are depends on how many commits it took.
    `UPDATE heads SET note = replace(note, char(10) || n || char(10), char(10) || (n - 1) || char(10))
     FROM (SELECT count(*) AS n FROM entries WHERE log = 1) WHERE log = 1`,
  ],
  ['what the ledger’s own log says', `DELETE FROM entries WHERE log = 0 AND seq = 2`],
]

describe('explain', () => {
  test('shows what holds', async () => {
    const { exit, stdout } = await custody('explain', 'latest', '--row', '1')
    expect([exit, stdout]).toEqual([0, expect.stringMatching(/amount 5[\s\S]*in the sealed tree/)])
    const json = JSON.parse((await custody('explain', 'latest', '--row', '1', '--json')).stdout)
    expect(json).toMatchObject({ row: 1, holds: true })
    const all = JSON.parse((await custody('explain', 'latest', '--where', 'row.amount > 0', '--json')).stdout)
    expect(all.map((each: { holds: boolean }) => each.holds)).toEqual([true, true])
  })

  test.each(CHANGES)('after a change of %s says that it doesn’t hold', async (_, sql) => {
    const path = changed(db => expect(db.prepare(sql).run().changes).toBe(1))
    for (const how of [
      ['--row', '1'],
      ['--where', 'row.amount < 50'],
    ]) {
      const { exit, stdout } = await custody('explain', 'latest', ...how, '--ledger', `sqlite:${path}`)
      expect([exit, stdout]).toEqual([
        1,
        expect.stringMatching(/the record doesn’t hold, so that it isn’t shown\n {2}✗ /),
      ])
      expect(stdout).not.toMatch(/in the sealed tree|Ended/)
    }
    const { exit, stdout } = await custody('explain', 'latest', '--row', '1', '--json', '--ledger', `sqlite:${path}`)
    expect(exit).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      row: 1,
      tokens: [],
      holds: false,
      problems: expect.arrayContaining([expect.any(String)]),
    })
  })

  test('of rows that fit, those before the change are shown, and that there are no more', async () => {
    const path = changed(db =>
      expect(
        db
          .prepare(`UPDATE payloads SET body = replace(body, '"amount":50', '"amount":60') WHERE log = 1 AND seq = 2`)
          .run().changes,
      ).toBe(1),
    )
    const where = ['explain', 'latest', '--where', 'row.amount > 0', '--ledger', `sqlite:${path}`]
    const { exit, stdout } = await custody(...where)
    expect(exit).toBe(1)
    expect(stdout.match(/^Ended/gm)).toHaveLength(1)
    expect(stdout).toMatch(
      /amount 5[\s\S]*\n\nRows of run latest: the row above holds, and from there on the record doesn’t hold, so that no more of it is looked at or shown\n {2}✗ .*value 1 of entry 2/,
    )
    expect(JSON.parse((await custody(...where, '--json')).stdout)).toMatchObject([{ holds: false }])
  })
})

describe('show', () => {
  test('shows what holds', async () => {
    expect(JSON.parse((await custody('show', 'latest', '--json')).stdout)).toMatchObject({
      status: 'completed_with_failures',
      holds: true,
    })
  })

  test.each<readonly [string, string]>([
    ...CHANGES.filter(([what]) => !/value|row of/.test(what)),
    ['the code of an error', `UPDATE endings SET error_code = 'FINE' WHERE error_code IS NOT NULL`],
    ['an ending, which is gone', `DELETE FROM endings WHERE error_code IS NOT NULL`],
    [
      'the path of an output',
      `UPDATE payloads SET body = replace(body, 'high.jsonl', 'mine.jsonl') WHERE log = 1 AND seq > 3 AND body LIKE '%high.jsonl%'`,
    ],
  ])('after a change of %s says that it doesn’t hold', async (_, sql) => {
    const path = changed(db => expect(db.prepare(sql).run().changes).toBe(1))
    const text = await custody('show', 'latest', '--ledger', `sqlite:${path}`)
    expect([text.exit, text.stdout]).toEqual([1, expect.stringMatching(/^Run latest: the record doesn’t hold/)])
    const { exit, stdout } = await custody('show', 'latest', '--json', '--ledger', `sqlite:${path}`)
    expect([exit, JSON.parse(stdout)]).toEqual([
      1,
      { run: 'latest', holds: false, problems: expect.arrayContaining([expect.any(String)]) },
    ])
  })
})

test('diff shows nothing of a record that doesn’t hold', async () => {
  const path = changed(db => db.exec(CHANGES[0]?.[1] ?? ''))
  const { exit, stdout } = await custody('diff', 'latest', 'latest', '--json', '--ledger', `sqlite:${path}`)
  expect([exit, JSON.parse(stdout)]).toEqual([
    1,
    { old: 'latest', new: 'latest', holds: false, problems: expect.arrayContaining([expect.any(String)]) },
  ])
  const whole_diff = await custody('diff', 'latest', 'latest', '--json')
  expect(JSON.parse(whole_diff.stdout)).toMatchObject({ rows: { different: 0 }, holds: true })
})

test('a key that isn’t known is reported, and what is shown is what its holder signed', async () => {
  const stranger = { ...env, XDG_CONFIG_HOME: join(folder, 'another') }
  const { exit, stdout, stderr } = await runInProcess(['explain', 'latest', '--row', '1'], folder, stranger)
  expect([exit, stdout]).toEqual([0, expect.stringContaining('in the sealed tree')])
  expect(stderr).toMatch(
    /^note: this ledger is signed with key custody\/[0-9a-f]{8}\+[0-9a-f]{8}, which you don’t trust/,
  )
})

describe('nothing that a terminal acts on comes out of a ledger', () => {
  test.each([
    ['the id of a run', 'UPDATE logs SET run = ? WHERE log = 1'],
    [
      'a value',
      `UPDATE payloads SET body = replace(body, '"amount":5', '"amount":"' || ? || '"') WHERE log = 1 AND seq = 1`,
    ],
    [
      'the name of a run',
      `UPDATE entries SET body = replace(body, '"name":"desk"', '"name":"' || ? || '"') WHERE log = 1 AND seq = 0`,
    ],
    ['a note', `UPDATE heads SET note = note || ? WHERE log = 1`],
    ['who holds a run', `INSERT INTO leases VALUES (1, 1, ?, 1)`],
    ['an object of the database', `CREATE TABLE "${ESCAPES}" (x)`],
  ])('%s', async (_, sql) => {
    const path = changed(db => {
      if (sql.includes('?')) db.prepare(sql).run(ESCAPES)
      else db.exec(sql)
    })
    for (const argv of [
      ['verify'],
      ['runs'],
      ['show', 'latest'],
      ['explain', 'latest', '--row', '1'],
      ['show', ESCAPES],
    ])
      for (const json of [[], ['--json']]) {
        const { exit, stdout, stderr } = await custody(...argv, ...json, '--ledger', `sqlite:${path}`)
        expect(`${stdout}${stderr}`, argv.join(' ')).not.toMatch(ACTIVE)
        expect([0, 1, 2]).toContain(exit)
        expect(stderr + stdout).not.toContain('CUSTODY_INTERNAL')
      }
  })
})

describe('very many runs that are listed, and nothing of them is there', () => {
  const [MORE, ID] = [1_200, `'01a22711-1b6a-7de4-bb8a-' || printf('%012x', i)`]
  const path = () =>
    changed(db =>
      db.exec(`WITH RECURSIVE c (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM c WHERE i <= ${MORE})
        INSERT INTO logs SELECT i, ${ID}, 0 FROM c`),
    )

  test('are named up to a number, and the rest is counted', { tags: ['proof'] }, async () => {
    const ledger = ['--ledger', `sqlite:${path()}`]
    const runs = await custody('runs', ...ledger, '--limit', '50')
    expect(runs.exit).toBe(1)
    expect(runs.stderr).toMatch(/^and 30 runs more can’t be read$/m)
    expect(runs.stderr).toMatch(/^1,151 older runs left out: `--limit 1201` lists all\.$/m)
    const verified = await custody('verify', ...ledger)
    expect(verified.exit).toBe(1)
    expect(verified.stdout).toMatch(/^1 run more, of which all entries and values hold$/m)
    expect(verified.stdout).toMatch(/^1,100 runs more don’t hold$/m)
    expect(verified.stdout.split('\n').length).toBeLessThan(2_000)
    const json = JSON.parse((await custody('verify', '--json', ...ledger)).stdout)
    expect([json.runs.length, json.left_out]).toEqual([1_001, { runs: 200, not_ok: 200 }])
    expect((await custody('show', 'latest', ...ledger)).exit).toBe(1)
    const ambiguous = await custody('show', '01a22711-1b6a', ...ledger)
    expect(ambiguous.stderr).toContain('100 or more runs begin with')
  })
})

describe('data as deep as sources take it', () => {
  const deep = (levels: number) => `${'{"x":'.repeat(levels - 1)}{"n":1}${'}'.repeat(levels - 1)}`

  test('goes through merges, and errors at their end, into a record that holds', { tags: ['proof'] }, async () => {
    const place = mkdtempSync(join(folder, 'deep-'))
    writeFileSync(join(place, 'in.jsonl'), [1, 127, 128, 129].map(levels => `${deep(levels)}\n`).join(''))
    writeFileSync(
      join(place, 'pipeline.yaml'),
      `name: deep
defaults: { on_error: problems, on_invalid: problems }
sources:
  in: { plugin: jsonl, options: { path: in.jsonl }, to: split }
nodes:
  split: { fork: { a: both, b: both } }
  both: { coalesce: [a, b], merge: nested, to: again }
  again: { fork: { c: all, d: all } }
  all: { coalesce: [c, d], merge: nested, to: last }
  last: { gate: row.c.a.n == 5, routes: { true: out, false: out } }
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl } }
  problems: { plugin: jsonl, options: { path: problems.jsonl }, on_error: discard }
`,
    )
    const run = await runInProcess(['run', 'pipeline.yaml', '--json'], place, env)
    expect(JSON.parse(run.stdout)).toMatchObject({ rows: { read: 4, ingested: 3, rejected: 1 }, tokens: { open: 0 } })
    expect((await runInProcess(['verify'], place, env)).stdout).toMatch(/holds\.$/m)
    for (const row of ['1', '3', '4'])
      expect((await runInProcess(['explain', 'latest', '--row', row], place, env)).exit).toBe(0)
  })
})

describe('rows that go through several batches', () => {
  test('are shown to their end, each batch once', { tags: ['proof'] }, async () => {
    const place = mkdtempSync(join(folder, 'batches-'))
    const chain = 10
    const nodes = Array.from(
      { length: chain },
      (_, i) =>
        `  b${i}: { aggregate: batch_stats, trigger: { count: 1 }, options: { value: ${i === 0 ? 'n' : 'sum'} }, to: ${i + 1 < chain ? `b${i + 1}` : 'out'} }`,
    )
    writeFileSync(join(place, 'in.jsonl'), '{"n":1}\n{"n":2}\n')
    writeFileSync(
      join(place, 'pipeline.yaml'),
      `name: chain
defaults: { on_error: discard, on_invalid: discard }
sources:
  in: { plugin: jsonl, options: { path: in.jsonl }, schema: { mode: fixed, fields: { n: number } }, to: b0 }
nodes:
${nodes.join('\n')}
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl } }
`,
    )
    const run = await runInProcess(['run', 'pipeline.yaml'], place, env)
    expect([run.exit, run.stderr]).toEqual([0, expect.anything()])
    const { exit, stdout } = await runInProcess(['explain', 'latest', '--row', '2'], place, env)
    expect(exit).toBe(0)
    expect(stdout.match(/^Batch \d+ of chain/gm)).toHaveLength(chain)
    expect(stdout).not.toMatch(/Not ended yet/)
    expect(stdout.match(/in the sealed tree/g)).toHaveLength(chain + 1)
    expect(stdout).toMatch(/out\.jsonl/)
  })
})

describe('diff', () => {
  const two = join(folder, 'two.db')

  /** The same run twice, but for row 2. */
  beforeAll(async () => {
    copyFileSync(whole, two)
    writeFileSync(join(folder, 'in.jsonl'), '{"id":1,"amount":5}\n{"id":2,"amount":51}\n{"id":3}\n')
    expect((await custody('run', 'pipeline.yaml', '--ledger', `sqlite:${two}`)).exit).toBe(0)
  })

  const compared = (change: (db: DatabaseSync) => void, ...how: string[]) =>
    custody('diff', 'latest~1', 'latest', ...how, '--ledger', `sqlite:${changed(change, two)}`)

  test.each([[], ['--key', 'id']])('finds the row that differs (%s %s)', async (...how) => {
    const { exit, stdout } = await compared(() => undefined, ...how)
    expect([exit, stdout]).toEqual([1, expect.stringContaining('1 of 3 rows differs')])
  })

  test.each([[], ['--key', 'id']])('hides no row that an index hides (%s %s)', async (...how) => {
    const hide = `UPDATE entries SET row = 5000 WHERE log > 0 AND row = 2`
    const { exit, stdout, stderr } = await compared(db => db.exec(hide), ...how)
    expect([exit, stdout + stderr]).toEqual([1, expect.stringMatching(/row 2 isn’t there|listed as one of row 5000/)])
    expect(stdout).not.toMatch(/no row differs|erased/)
  })

  test.each([[], ['--key', 'id']])('believes no token to be open that has ended (%s %s)', async (...how) => {
    const open = `INSERT INTO open_tokens SELECT log, 2, 2, NULL, 2, seq FROM entries WHERE log > 0 AND row = 2`
    const { exit, stdout, stderr } = await compared(db => db.exec(open), ...how)
    expect([exit, stdout + stderr]).toEqual([1, expect.stringContaining('the table of open tokens has 1')])
    expect(stdout).not.toContain('no row differs')
  })
})

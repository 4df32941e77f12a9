/** What an intruder could do to a ledger, and what `verify` says of it. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { commitment, hexToBytes } from '../src/format/hash.ts'
import { makeSigner, type Signer } from '../src/format/signing-key.ts'
import { canonicalize } from '../src/model/canonical.ts'
import { CustodyError } from '../src/model/error.ts'
import type { Json } from '../src/model/row.ts'
import { verifyLedger } from '../src/read/verify/verify.ts'
import { Forger, problemTexts, TABLES } from './support/forger.ts'
import { RICH, runModel, simulatedRun } from './support/simulated-ledger.ts'

/** The runs of the ledger: one that is sealed, and one that was stopped while tokens were under way. */
const [SEALED, STOPPED] = [1, 2]

const intruder = makeSigner('test', new Uint8Array(32).fill(7))
let forger: Forger
/** Number of entries of the sealed run. */
let size: number

beforeAll(async () => {
  forger = await Forger.of(async url => {
    await runModel(url, RICH, SEALED)
    await runModel(url, RICH, STOPPED, { after_us: 30_000, next: 'nothing' })
  })
  size = Number(forger.all('SELECT count(*) AS n FROM entries WHERE log = 1')[0]?.n)
})
afterAll(() => forger.close())

const number = (n: number): string => `${n}`.replace(/\B(?=(\d{3})+$)/g, ',')

test('nothing is found where nothing was done', async () => {
  const result = await forger.after(() => undefined)
  expect(problemTexts(result)).toEqual([])
  expect(result.runs.map(({ run: id, ok, sealed }) => [id, ok, sealed])).toEqual([
    [simulatedRun(SEALED), true, true],
    [simulatedRun(STOPPED), true, false],
  ])
  expect(result.runs[0]!.tokens).toBe(forger.all('SELECT count(*) AS n FROM endings WHERE log = 1')[0]?.n)
  expect(forger.all('SELECT count(*) AS n FROM open_tokens')[0]?.n).toBeGreaterThan(10)
  const one = await verifyLedger(forger.reader, { keys: forger.keys, run: simulatedRun(STOPPED) })
  expect(one.runs.map(each => each.run)).toEqual([simulatedRun(STOPPED)])
  await expect(verifyLedger(forger.reader, { keys: forger.keys, run: 'none' })).rejects.toMatchObject({
    code: 'CUSTODY_RUN_UNKNOWN',
  })
})

describe('payloads', () => {
  const [seq, row] = [1, 1]
  const payload = () => forger.all('SELECT salts, body FROM payloads WHERE log = 1 AND seq = ?', seq)[0]!
  const value = () => (JSON.parse(`${payload().body}`) as Json[][])[0]![0] as { [field: string]: Json }
  const store = (values: Json) =>
    forger.run('UPDATE payloads SET body = ? WHERE log = 1 AND seq = ?', canonicalize(values), seq)

  test('a value was changed', async () => {
    const [, ...rest] = JSON.parse(`${payload().body}`) as Json[]
    expect(await forger.problems(() => store([[{ ...value(), n: 999_999 }], ...rest]))).toContain(
      `values: entry ${seq} (row ${row}): value 1 doesn't fit its commitment: the value, its salt or the entry was changed`,
    )
  })
  test('a value was changed, and its commitment with it', async () => {
    const problems = await forger.problems(() => {
      const salt = (payload().salts as Uint8Array).subarray(0, 16)
      const [, ...rest] = JSON.parse(`${payload().body}`) as Json[]
      const changed = { ...value(), extra: true }
      store([[changed], ...rest])
      const body = forger.body(1, seq)
      forger.put(1, seq, { ...body, c: [commitment(salt, canonicalize(changed)), ...(body.c as Json[]).slice(1)] })
    })
    expect(problems.join('\n')).toMatch(
      new RegExp(`^checkpoint: the ${size} stored entries give root .* at least one was changed after`, 'm'),
    )
    expect(problems.join('\n')).toMatch(new RegExp(`^log 0: the run was sealed with ${size} entries and root`, 'm'))
  })
  test('a salt was changed or cut', async () => {
    const salts = (bytes: Uint8Array) =>
      forger.run('UPDATE payloads SET salts = ? WHERE log = 1 AND seq = ?', bytes, seq)
    const flipped = () => (payload().salts as Uint8Array).map((byte, i) => (i === 3 ? byte ^ 1 : byte))
    expect(await forger.problems(() => salts(flipped()))).toEqual([
      `values: entry ${seq} (row ${row}): value 1 doesn't fit its commitment: the value, its salt or the entry was changed`,
    ])
    expect((await forger.problems(() => salts(flipped().subarray(0, 15)))).join()).toMatch('15 bytes of salt')
  })
  test('the same value in another spelling', async () => {
    const problems = await forger.problems(() =>
      forger.run('UPDATE payloads SET body = ? WHERE log = 1 AND seq = ?', `${payload().body}`.replace(',', ', '), seq),
    )
    expect(problems[0]).toBe(`values: entry ${seq} (row ${row}): the payload is not its own canonical re-encoding`)
  })
})

describe('entries', () => {
  test('two were swapped', async () => {
    // The first two rows that begin and end in one entry each.
    const [one, other] = forger
      .all(
        `SELECT seq, row FROM entries e WHERE log = 1 AND row IS NOT NULL
       AND (SELECT count(*) FROM entries WHERE log = 1 AND row = e.row) = 1 ORDER BY seq LIMIT 2`,
      )
      .map(each => ({ seq: Number(each.seq), row: Number(each.row) }))
    const problems = await forger.problems(() => {
      const bodies = [forger.body(1, one!.seq), forger.body(1, other!.seq)]
      forger.put(1, one!.seq, bodies[1]!)
      forger.put(1, other!.seq, bodies[0]!)
    })
    const name = `entry ${one!.seq} (row ${other!.row})`
    expect(problems).toContain(`entries: ${name}: its column says row ${one!.row}`)
    expect(problems).toContain(`entries: ${name}: its story begins, where row ${one!.row} comes next`)
    expect(problems.join('\n')).toMatch(new RegExp(`^checkpoint: the ${size} stored entries give root`, 'm'))
  })
  test('the text of one is no JSON at all', async () => {
    const [commit] = forger.all(`SELECT seq FROM entries WHERE log = 1 AND body LIKE '%"k":"commit"%' ORDER BY seq`)
    const result = await forger.after(() =>
      forger.run(`UPDATE entries SET body = 'x' || body WHERE log = 1 AND seq = ?`, commit!.seq!),
    )
    const problems = problemTexts(result)
    expect(problems).toContain(`entries: entry ${commit!.seq}: its text is not JSON`)
    // Without it nothing can be said of the seal.
    expect(result.runs[0]?.checks.find(({ name }) => name === 'seal')?.ok).toBe(false)
  })
  test('the log can’t be read to its end: what needs the rest isn’t found to hold, and nothing is concluded without it', async () => {
    const { reader } = forger
    const page = reader.page.bind(reader)
    vi.spyOn(reader, 'page').mockImplementation(async (log, from, end) => {
      if (log === 1 && from <= size - 3 && end > size - 3)
        throw new CustodyError('CUSTODY_LEDGER_FORMAT', 'a page is damaged')
      return page(log, from, end)
    })
    const { runs, ledger } = await forger.after(() => undefined)
    const [sealed, stopped] = runs
    const own = sealed!.checks.filter(({ name }) => !ledger.checks.some(each => each.name === name))
    const [first, ...rest] = own
    expect(first).toEqual({
      name: 'entries',
      ok: false,
      problems: ["the log can't be read any further: a page is damaged"],
    })
    expect(rest).toEqual(
      ['checkpoint', 'values', 'tokens', 'groups', 'totals', 'projections', 'seal', 'log 0'].map(name => ({
        ...{ name, ok: false, problems: [], unfinished: true },
      })),
    )
    expect(stopped!.checks.filter(({ ok }) => !ok)).toEqual([])
  })
  test('one is there, and makes no sense: what needs it isn’t found to hold', async () => {
    const { runs } = await forger.after(() => forger.put(1, 3, { nonsense: true }))
    const open = runs[0]!.checks.filter(({ unfinished }) => unfinished).map(({ name }) => name)
    expect(open).toEqual(['values', 'tokens', 'groups', 'totals', 'projections', 'seal'])
  })
  test('a table that follows from them can’t be read', async () => {
    const { runs } = await forger.after(() => forger.db.exec('DROP TABLE open_tokens'))
    const checks = runs[0]!.checks.filter(({ ok }) => !ok)
    expect(checks.map(({ name, unfinished }) => [name, unfinished])).toEqual([
      ['projections', true],
      ['schema', undefined],
      ['database', true],
    ])
    expect(checks[0]!.problems.join()).toMatch(/^it can't be checked to the end: .*open_tokens/)
  })
  test('one was spelled differently', async () => {
    const problems = await forger.problems(() =>
      forger.run(`UPDATE entries SET body = replace(body, '"o":', '"o": ') WHERE log = 1 AND seq = 3`),
    )
    expect(problems[0]).toMatch(/^entries: entry 3 \(row 3\): its text is not its own canonical re-encoding$/)
  })
  test('an entry says that nothing of its row is open, though more follows', { tags: ['proof'] }, async () => {
    let changed = 0
    for (let seq = 1; seq < size; seq++) {
      const { f, ...body } = forger.body(1, seq)
      if (!Number(body.o)) continue
      changed++
      const problems = await forger.problems(() => forger.put(1, seq, { ...body, o: 0 }))
      expect(problems.join('\n'), `entry ${seq}`).toMatch(/^tokens: .* it says that 0 tokens are open/m)
    }
    expect(changed).toBeGreaterThan(10)
  })
  test('a commit says of a tree that isn’t there that a tile of it is full', async () => {
    const seq = Number(
      forger.all(`SELECT min(seq) AS seq FROM entries WHERE log = 1 AND body LIKE '%"k":"commit"%'`)[0]?.seq,
    )
    const problems = await forger.problems(() =>
      forger.put(1, seq, { ...forger.body(1, seq), tiles: [[7, 0, '00'.repeat(32)]] }),
    )
    expect(problems.join('\n')).toMatch(/tile 0 of level 0 of tree 7 is recorded as full, and isn’t/)
  })
  test('an outcome was changed in the table', async () => {
    const { token } = forger.withFate(1)
    const problems = await forger.problems(() =>
      forger.run('UPDATE endings SET fate = 2 WHERE log = 1 AND token = ?', token),
    )
    expect(problems).toContain(
      `projections: token ${number(token)} is ROUTED / gate in the table, COMPLETED / flow in its entry`,
    )
  })
  test('an outcome was changed in entry and table alike, the tree rebuilt, and signed by another', async () => {
    const { seq, body, token, row } = forger.withFate(1)
    const forge = (by: Signer) => {
      const endings = (body.e as Json[][]).map(each => (each[0] === token ? each.with(1, 2) : each))
      forger.put(1, seq, { ...body, e: endings })
      forger.run('UPDATE endings SET fate = 2 WHERE log = 1 AND token = ?', token)
      forger.rebuild(by)
    }
    const by_other = (await forger.problems(() => forge(intruder))).join('\n')
    expect(by_other).toMatch(
      /^checkpoint: its checkpoint can't be trusted: it is signed by test\+.*none of the trusted keys/m,
    )
    expect(by_other).toMatch(/^ledger: log 0: its checkpoint can't be trusted/m)
    // Whoever has the key can sign anything; that the story doesn't hold together is found all the same.
    const by_owner = (await forger.problems(() => forge(forger.signer))).join('\n')
    expect(by_owner).not.toMatch(/^checkpoint:/m)
    expect(by_owner).toMatch(
      new RegExp(
        `^tokens: entry ${number(seq)} \\(row ${row}\\): token ${number(token)}: it ends as ROUTED / gate, and`,
        'm',
      ),
    )
    expect(by_owner).toMatch(/^totals: entry .*: it says \d+ endings ROUTED \/ gate in \w+, and there are \d+$/m)
  })
  test('a token was added', async () => {
    const { seq, body, token, row } = forger.withFate(1)
    const problems = await forger.problems(() => {
      const more = 1_000_000
      const [, , node, sink] = (body.e as Json[][]).find(each => each[0] === token) as number[]
      forger.put(1, seq, {
        ...body,
        n: [...((body.n as Json[]) ?? []), [more]],
        v: [...(body.v as Json[]), [more, node!, 1, 0, 1, 0, 0, 0, 0]],
        e: [...(body.e as Json[]), [more, 1, node!, sink!, 0]],
      })
      forger.run(
        `INSERT INTO endings SELECT log, ${more}, seq, row, batch, fate, node, sink, grp, error_code, error_hash, recorded_us
         FROM endings WHERE log = 1 AND token = ?`,
        token,
      )
      forger.rebuild(forger.signer)
    })
    const text = problems.join('\n')
    expect(text).toMatch(
      new RegExp(`^tokens: entry ${number(seq)} \\(row ${row}\\): token 1,000,000 is born of nothing$`, 'm'),
    )
    expect(text).toMatch(/^tokens: entry .*: of the tokens that came into being before it, number .* is missing/m)
    const [, says, are] = /^totals: entry .*: it says (\d+) tokens born, and there are (\d+)$/m.exec(text) ?? []
    expect(Number(are) - Number(says)).toBe(1)
    expect(text).toMatch(/^totals: entry .*: sink .* has written \d+ rows?, and \d+ tokens? ended in it$/m)
  })
  test('the order of what is under way was changed', { tags: ['proof'] }, async () => {
    const [commit] = forger.all(`SELECT seq FROM entries WHERE log = 2 AND body LIKE '%"line":%' ORDER BY seq DESC`)
    const seq = Number(commit?.seq)
    const body = forger.body(2, seq)
    const line = body.line as number[]
    const nodes = forger.body(2, 0).topology as { nodes: { name: string }[] }
    const [join, keep] = ['join', 'keep'].map(name => nodes.nodes.findIndex(each => each.name === name) + 1)
    const [fork] = forger.all(
      `SELECT json_extract(body, '$.g[0][0]') AS fork FROM entries JOIN open_tokens USING (log, row)
       WHERE log = 2 AND json_extract(body, '$.g[0][1]') = 0`,
    )
    const group = Number(fork?.fork)
    const problems = (more: Json) => forger.problems(() => forger.put(2, seq, { ...body, line: [...line, more] }))
    const misplaced = (n: number, branch: number, node: string) =>
      `entries: entry ${seq}: branch ${branch} of group ${number(n)} is in line, and doesn't come to ${node}`
    expect((await problems([group, join!, 1])).filter(each => each.startsWith('entries: '))).toEqual([])
    // Where nothing is written of groups that fail, nothing continues behind what comes from the fork.
    expect(await problems([group, join!, 2])).toContain(misplaced(group, 2, 'join'))
    expect(await problems([group, join!, 3])).toContain(misplaced(group, 3, 'join'))
    expect(await problems([group, keep!, 0])).toContain(misplaced(group, 0, 'keep'))
    expect(await problems([group + 1_000_000, join!, 0])).toContain(misplaced(group + 1_000_000, 0, 'join'))
    expect(await problems(line[0]!)).toContain(
      `entries: entry ${seq}: token ${number(line[0]!)} is in line, and isn't open or is there twice`,
    )
  })
  test('the end of the log was cut', async () => {
    const cut = (from: number) => {
      for (const table of ['entries', 'payloads', 'endings']) {
        forger.db.prepare(`DELETE FROM ${table} WHERE log = 1 AND seq >= ?`).run(from)
      }
    }
    const problems = (await forger.problems(() => cut(size - 5))).join('\n')
    expect(problems).toMatch(
      new RegExp(
        `^checkpoint: its checkpoint covers ${size} entries, and ${size - 5} are stored: entries were left out after it was signed$`,
        'm',
      ),
    )
    expect(problems).toMatch(/^log 0: log 0 says that the run was sealed, and its last entry is no seal$/m)
    // Even with an older head that was once signed.
    const older = (
      await forger.problems(() => {
        cut(size - 5)
        forger.resign(1, forger.signer)
      })
    ).join('\n')
    expect(older).not.toMatch(/^checkpoint:/m)
    expect(older).toMatch(
      new RegExp(`^log 0: the run was sealed with ${size} entries and root .*, and it has ${size - 5} and`, 'm'),
    )
  })
  test('the middle of the log was cut', async () => {
    const problems = (
      await forger.problems(() => forger.run('DELETE FROM entries WHERE log = 1 AND seq BETWEEN 5 AND 7'))
    ).join('\n')
    expect(problems).toMatch(/^entries: entries 5 to 7 are missing$/m)
    expect(problems).toMatch(/^values: there is a payload of entry 5, and no such entry, or it has another one$/m)
  })
})

describe('runs', () => {
  const drop = () => {
    for (const table of TABLES) forger.db.prepare(`DELETE FROM ${table} WHERE log = 1`).run()
  }
  test('one was dropped', async () => {
    const result = await forger.after(drop)
    const opened = forger.all(`SELECT seq FROM entries WHERE log = 0 AND body LIKE '%"k":"opened"%' ORDER BY seq`)[0]
      ?.seq
    expect(problemTexts(result)).toContain(
      `ledger: run ${simulatedRun(SEALED)} was opened (log 0, entry ${opened}), and its log 1 isn't there`,
    )
    expect(result.runs[0]).toMatchObject({ run: simulatedRun(SEALED), ok: false, entries: 0 })
  })
  test('one was dropped, and log 0 with it', async () => {
    const problems = await forger.problems(() => {
      drop()
      forger.run(`DELETE FROM entries WHERE log = 0 AND body LIKE '%${simulatedRun(SEALED)}%'`)
    })
    expect(problems.join('\n')).toMatch(/^ledger: log 0: entr(y|ies) .* (is|are) missing$/m)
    expect(problems.join('\n')).toMatch(/^ledger: log 0: its checkpoint covers/m)
  })
  test('one was given the name of another', async () => {
    const problems = await forger.problems(() => forger.run('UPDATE logs SET run = ? WHERE log = 1', simulatedRun(77)))
    expect(problems).toContain(
      `ledger: log 1 is listed as that of run ${simulatedRun(77)}, and log 0 says ${simulatedRun(SEALED)}`,
    )
  })
  test('a lease came back after the seal', async () => {
    const problems = await forger.problems(() => forger.run(`INSERT INTO leases VALUES (1, 1, '', 0)`))
    expect(problems).toContain(`ledger: run ${simulatedRun(SEALED)} is sealed, and there is a lease of it`)
  })
})

describe('the database', () => {
  const sqlOf = (name: string): string => `${forger.all('SELECT sql FROM sqlite_schema WHERE name = ?', name)[0]?.sql}`
  test.each<[string, () => void, string]>([
    [
      'a view was replaced',
      () => {
        const sql = sqlOf('token_outcomes').replace('QUARANTINED', 'COMPLETED')
        forger.db.exec('DROP VIEW token_outcomes')
        forger.db.exec(sql)
      },
      'schema: view token_outcomes is not what the format has: its definition was changed',
    ],
    ['a view is gone', () => forger.db.exec('DROP VIEW runs'), 'schema: view runs is missing'],
    [
      'an index is gone',
      () => forger.db.exec('DROP INDEX entries_subject'),
      'schema: index entries_subject is missing',
    ],
    [
      'a table was added',
      () => forger.db.exec('CREATE TABLE notes (a)'),
      'schema: table notes is not part of the format',
    ],
    [
      'a trigger was added',
      () => forger.db.exec('CREATE TRIGGER t AFTER INSERT ON heads BEGIN DELETE FROM leases; END'),
      'schema: trigger t is not part of the format',
    ],
  ])('%s', async (_name, tamper, problem) => expect(await forger.problems(tamper)).toContain(problem))
  test('the triggers that refuse changes are gone', async () => {
    forger.db.exec('BEGIN')
    forger.db.exec('DROP TRIGGER entries_no_update')
    const result = await verifyLedger(forger.reader, { keys: forger.keys })
    forger.db.exec('ROLLBACK')
    expect(problemTexts(result)).toEqual(['schema: trigger entries_no_update is missing'])
  })
})

describe('keys and checkpoints', () => {
  test('no key is trusted', async () => {
    const problems = await forger.problems(() => undefined, [])
    expect(problems.filter(each => each.includes("can't be trusted")).length).toBe(2)
  })
  test('a checkpoint of another log', async () => {
    const problems = await forger.problems(() =>
      forger.run('UPDATE heads SET note = (SELECT note FROM heads WHERE log = 2) WHERE log = 1'),
    )
    expect(problems.join('\n')).toMatch(
      /^checkpoint: its checkpoint is that of custody\/.*\/2, not of custody\/.*\/1$/m,
    )
  })
  test('a signature that is another text’s', async () => {
    const problems = await forger.problems(() => {
      const note = `${forger.all('SELECT note FROM heads WHERE log = 1')[0]?.note}`
      forger.run('UPDATE heads SET note = ? WHERE log = 1', note.replace(`\n${size}\n`, `\n${size - 1}\n`))
    })
    expect(problems.join('\n')).toMatch(/^checkpoint: its checkpoint can't be trusted: the signature of test\+/m)
  })
  test('an error hash was changed', async () => {
    const { token } = forger.all('SELECT token FROM endings WHERE log = 1 AND error_hash IS NOT NULL')[0]!
    const problems = await forger.problems(() =>
      forger.run('UPDATE endings SET error_hash = ? WHERE log = 1 AND token = ?', hexToBytes('ab'.repeat(32)), token!),
    )
    expect(problems.join('\n')).toMatch(
      new RegExp(
        `^projections: token ${number(Number(token))} has error hash (ab){32} in the table, [0-9a-f]{64} in its entry$`,
        'm',
      ),
    )
  })
})

/**
 * What a user saw of a ledger is remembered outside of it, and continued by nothing but itself: an older copy is noticed, another history is
 * refused, by whoever reads or writes. Two users have a configuration folder each.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runInProcess } from './support/in-process.ts'

const root = mkdtempSync(join(tmpdir(), 'custody-seen-'))
afterAll(() => rmSync(root, { recursive: true }))
const PIPELINE = `name: small
sources: { in: { plugin: csv, options: { path: in.csv }, on_invalid: discard, to: out } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace }, on_error: discard } }
`
const READING = [
  ['runs'],
  ['show', 'latest'],
  ['explain', 'latest', '--row', '1'],
  ['diff', 'latest', 'latest'],
  ['checkpoint'],
]

let users = 0
/** A user who sees nothing of others: commands in the folder `of`. */
function user(of: string) {
  const env = { XDG_CONFIG_HOME: join(root, `config-${++users}`), HOME: root, PATH: '' }
  const run = (...argv: string[]) => runInProcess(argv, of, env)
  return {
    env,
    run,
    known: () => readdirSync(join(env.XDG_CONFIG_HOME, 'custody', 'ledgers')).filter(each => each !== '.lock'),
  }
}

/** A folder that is a copy of another one. */
function copyOf(folder: string): string {
  const copy = mkdtempSync(join(root, 'copy-'))
  cpSync(folder, copy, { recursive: true })
  return copy
}

const home = join(root, 'home')
const owner = user(home)
/** As it was after the first run. */
let yesterday: string
/** What its owner gave away then. */
let kept: string

beforeAll(async () => {
  mkdirSync(home)
  writeFileSync(join(home, 'p.yaml'), PIPELINE)
  writeFileSync(join(home, 'in.csv'), 'id\n1\n2\n')
  expect((await owner.run('run', 'p.yaml')).exit).toBe(0)
  kept = join(root, 'kept.txt')
  writeFileSync(kept, (await owner.run('checkpoint')).stdout)
  yesterday = copyOf(home)
  expect((await owner.run('run', 'p.yaml')).exit).toBe(0)
})

/** The owner's words with the files of `folder`. */
const inFolder =
  (folder: string) =>
  (...argv: string[]) =>
    runInProcess(argv, folder, owner.env)

describe('an older copy', () => {
  test('is shown, and said to be one', async () => {
    const run = inFolder(copyOf(yesterday))
    for (const argv of READING) {
      const { exit, stderr } = await run(...argv)
      expect([argv, exit]).toEqual([argv, 0])
      expect(stderr).toMatch(
        /^warning: .* is older than when you last saw it: its own log has 3 entries, of .*Z, and had 5, of .*Z/,
      )
    }
    for (const argv of [
      ['show', 'latest'],
      ['explain', 'latest', '--row', '1'],
      ['diff', 'latest', 'latest'],
      ['verify'],
      ['checkpoint'],
    ]) {
      const { exit, stdout } = await run(...argv, '--json')
      expect([argv, exit, JSON.parse(stdout).rolled_back]).toEqual([argv, 0, { seen: 5, now: 3 }])
    }
    expect((await run('verify')).stdout).toMatch(
      /^ {2}! older than when you last saw it: its own log has 3 entries, of/m,
    )
    const now = JSON.parse((await owner.run('verify', '--json')).stdout)
    expect(now).not.toHaveProperty('rolled_back')
    expect(now).toMatchObject({ head: { size: 5 }, compared_with: { size: 5, root: now.head.root, from: 'memory' } })
  })

  test('is never written to', async () => {
    const folder = copyOf(yesterday)
    for (const argv of [
      ['run', 'p.yaml'],
      ['resume', 'latest'],
      ['erase', 'latest', '--row', '1', '--yes'],
      ['key', 'rotate'],
    ]) {
      const { exit, stderr } = await inFolder(folder)(...argv)
      // There is nothing to resume: it reads.
      if (argv[0] === 'resume') continue
      expect([argv, exit, stderr]).toEqual([argv, 1, expect.stringContaining('CUSTODY_LEDGER_ROLLED_BACK')])
    }
  })
})

describe('run --accept-rollback', () => {
  test('begins a new ledger that names the copy, and keeps that as it is', async () => {
    const folder = copyOf(yesterday)
    const run = inFolder(folder)
    const old = JSON.parse((await run('checkpoint', '--json')).stdout)
    const before = readFileSync(join(folder, 'custody.db'))
    const { exit, stderr } = await run('run', 'p.yaml', '--accept-rollback', '3')
    expect([exit, stderr]).toEqual([
      0,
      expect.stringMatching(/the copy of ledger .* is kept in .*custody\.db\.rolled-back-3/),
    ])
    expect(readFileSync(join(folder, 'custody.db.rolled-back-3')).equals(before)).toBe(true)
    const now = JSON.parse((await run('verify', '--json')).stdout)
    expect(now).toMatchObject({ ok: true, runs: [{}] })
    expect(now.head.ledger).not.toBe(old.ledger)
    const { size, root: hash } = old
    const db = new DatabaseSync(join(folder, 'custody.db'), { readOnly: true })
    const { body } = db.prepare('SELECT body FROM entries WHERE log = 0 AND seq = 0').get() as { body: string }
    db.close()
    expect(JSON.parse(body).succeeds).toEqual({ ledger: old.ledger, size, root: hash })
    const aside = ['--ledger', 'sqlite:custody.db.rolled-back-3']
    expect((await run('show', 'latest', ...aside)).exit).toBe(0)
    expect((await run('run', 'p.yaml', ...aside)).stderr).toContain('CUSTODY_LEDGER_ROLLED_BACK')
    expect(readdirSync(folder).filter(each => each.includes('.new-'))).toEqual([])
  })

  test('takes no other copy than was looked at, and none that isn’t older', async () => {
    const folder = copyOf(yesterday)
    const other = await inFolder(folder)('run', 'p.yaml', '--accept-rollback', '2')
    expect([other.exit, other.stderr]).toEqual([2, expect.stringContaining('has 3 entries, and not 2')])
    const newest = await inFolder(copyOf(home))('run', 'p.yaml', '--accept-rollback', '5')
    expect([newest.exit, newest.stderr]).toEqual([2, expect.stringContaining('isn’t older than what you saw of it')])
    expect(readdirSync(folder).filter(each => /rolled-back|new-/.test(each))).toEqual([])
  })

  test('takes none that somebody has open, and names runs that nobody can finish', async () => {
    const folder = copyOf(yesterday)
    const db = new DatabaseSync(join(folder, 'custody.db'))
    db.exec('BEGIN; SELECT * FROM heads')
    db.prepare('SELECT * FROM heads').all()
    const { exit, stderr } = await inFolder(folder)('run', 'p.yaml', '--accept-rollback', '3')
    db.close()
    expect([exit, stderr]).toEqual([1, expect.stringContaining('CUSTODY_LEDGER_BUSY')])
  })
})

describe('a copy that somebody wrote on', () => {
  let fork: string
  beforeAll(async () => {
    fork = copyOf(yesterday)
    // Who does so has the key, and doesn’t remember.
    const forger = user(fork)
    cpSync(join(owner.env.XDG_CONFIG_HOME, 'custody', 'key'), join(forger.env.XDG_CONFIG_HOME, 'custody', 'key'))
    expect((await forger.run('run', 'p.yaml')).exit).toBe(0)
  })

  test('is refused by everybody', async () => {
    for (const argv of [...READING, ['run', 'p.yaml']]) {
      const { exit, stderr } = await inFolder(fork)(...argv)
      expect([argv, exit, stderr]).toEqual([argv, 1, expect.stringContaining('CUSTODY_LEDGER_FORKED')])
    }
    const { exit, stdout } = await inFolder(fork)('verify')
    expect([exit, stdout]).toEqual([
      1,
      expect.stringMatching(/those that you saw: this is another history \(CUSTODY_LEDGER_FORKED\)/),
    ])
  })

  test('is nothing that another user could know, unless they have a checkpoint', async () => {
    const stranger = user(fork)
    const { exit, stderr } = await stranger.run('runs')
    expect([exit, stderr]).toEqual([
      0,
      expect.stringMatching(/^note: this ledger is signed with key .*\nnote: you see this ledger for the first time/),
    ])
    expect((await stranger.run('runs')).stderr).not.toContain('first time')
    expect(stranger.known().length).toBe(1)
    // Reading trusts nobody.
    expect((await stranger.run('verify')).exit).toBe(1)
    const theirs = await runInProcess(['runs'], home, stranger.env)
    expect([theirs.exit, theirs.stderr]).toEqual([1, expect.stringContaining('CUSTODY_LEDGER_FORKED')])
  })
})

describe('verify --since', () => {
  const verifyBy = (who: ReturnType<typeof user>, ...argv: string[]) => who.run('verify', '--since', kept, ...argv)

  test('proves that the ledger continues a checkpoint that was kept', async () => {
    const { size, root: hash } = JSON.parse((await inFolder(copyOf(yesterday))('checkpoint', '--json')).stdout)
    const { exit, stdout } = await verifyBy(owner, '--json')
    expect([exit, JSON.parse(stdout)]).toEqual([
      0,
      expect.objectContaining({ compared_with: { size, root: hash, from: 'checkpoint' } }),
    ])
    expect((await verifyBy(owner)).stdout).toContain('✓ it continues the checkpoint that was given')
  })

  test.each<[string, (note: string) => string, RegExp, number]>([
    [
      'another root',
      note => note.replace(/^(.*\n\d+\n).*\n/, `$1${'A'.repeat(43)}=\n`),
      /since: the checkpoint can’t be trusted/,
      1,
    ],
    [
      'another ledger',
      note => note.replace(/custody\/.*\/0/, 'custody/other/0'),
      /since: the checkpoint is one of custody\/other\/0/,
      1,
    ],
    ['no signature', note => note.replace(/^— .*\n/gm, ''), /CUSTODY_CHECKPOINT|can’t be trusted/, 1],
    ['no checkpoint', () => 'hello\n', /CUSTODY_CHECKPOINT/, 2],
  ])('doesn’t take %s', async (_, change, said, code) => {
    const file = join(root, 'changed.txt')
    writeFileSync(file, change(readFileSync(kept, 'utf8')))
    const { exit, stdout, stderr } = await owner.run('verify', '--since', file)
    expect([exit, stdout + stderr]).toEqual([code, expect.stringMatching(said)])
  })

  test('notices a ledger that is older than the checkpoint', async () => {
    const file = join(root, 'newest.txt')
    writeFileSync(file, (await owner.run('checkpoint')).stdout)
    const { exit, stdout } = await inFolder(copyOf(yesterday))('verify', '--since', file)
    expect([exit, stdout]).toEqual([
      1,
      expect.stringMatching(/since: the checkpoint is of 5 entries, and 3 are there: the ledger is older/),
    ])
  })
})

test('a checkpoint has what witnesses signed of that head beside its own signatures, each line once', async () => {
  const folder = copyOf(home)
  const run = inFolder(folder)
  const { note, size } = JSON.parse((await run('checkpoint', '--json')).stdout) as { note: string; size: number }
  const db = new DatabaseSync(join(folder, 'custody.db'))
  const put = db.prepare('INSERT INTO witnessed (size, note) VALUES (?, ?)')
  put.run(size - 1, `${note.replace(`\n${size}\n`, `\n${size - 1}\n`)}— other AAAAAAAA\n`)
  put.run(size, `${note}— witness AAAAAAAA\n`)
  db.close()
  expect((await run('checkpoint')).stdout).toBe(`${note}— witness AAAAAAAA\n`)
})

test('where nothing can be kept that is said, once, and all is shown', async () => {
  const { env, run } = user(home)
  mkdirSync(join(env.XDG_CONFIG_HOME, 'custody'), { recursive: true })
  writeFileSync(join(env.XDG_CONFIG_HOME, 'custody', 'ledgers'), '')
  for (const argv of READING) {
    const { exit, stderr } = await run(...argv)
    expect([argv, exit]).toEqual([argv, 0])
    expect(stderr.match(/what you know of this ledger can’t be kept/g)?.length).toBe(1)
  }
})

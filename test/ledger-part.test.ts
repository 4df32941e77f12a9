/** What log 0 says of one run, without reading all of it: the same that all of it says, or nothing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { leafHash } from '../src/format/hash.ts'
import { makeSigner, type Signer } from '../src/format/signing-key.ts'
import type { SoundHead } from '../src/format/standing.ts'
import { Frontier } from '../src/format/tree.ts'
import { signedChange } from '../src/ledger/keys/key-ring.ts'
import { openLedger } from '../src/ledger/open.ts'
import { canonicalize } from '../src/model/canonical.ts'
import { CheckedReader } from '../src/read/evidence/checked-reader.ts'
import { partOfLedger } from '../src/read/evidence/ledger-part.ts'
import { logTree } from '../src/read/evidence/log-tree.ts'
import { boundOf, seqsFor } from '../src/read/verify/bound.ts'
import { Check } from '../src/read/verify/check.ts'
import type { LedgerLog } from '../src/read/verify/ledger-log.ts'
import { readLedgerLog } from '../src/read/verify/read-ledger-log.ts'
import { type Body, Forger } from './support/forger.ts'
import { sampled } from './support/form.ts'
import { opening, RUN, sampleRun, sealFacts, T0, testPorts, totals } from './support/ledger.ts'

const RUNS = 400
/** What log 0 has of runs of which nothing else is there. */
const [ERASED, OPEN, TAKEN_OVER] = [30, 250, 260]
const second = makeSigner('second', new Uint8Array(32).fill(8), new Uint8Array(32).fill(8))
const third = makeSigner('third', new Uint8Array(32).fill(5), new Uint8Array(32).fill(5))
const runId = (log: number) => (log === 1 ? RUN : `019b7c1a-0000-7000-8000-${`${log}`.padStart(12, '0')}`)

let forger: Forger
let whole: LedgerLog

/** Appends to log 0 without a head. */
class Log {
  readonly #tree = new Frontier()
  size = 0

  constructor() {
    for (const { body } of forger.all('SELECT body FROM entries WHERE log = 0 ORDER BY seq')) this.#take(`${body}`)
  }

  append(facts: Body): void {
    const body = canonicalize({ ...facts, t: T0 + 60_000_000 + this.size, z: '00'.repeat(16) })
    forger.run('INSERT INTO entries (log, seq, body) VALUES (0, ?, ?)', this.size, body)
    this.#take(body)
  }

  change(word: 'add' | 'retire' | 'revoke', key: Signer, signers: readonly Signer[]): void {
    const place = { ledger: `${forger.body(0, 0).ledger}`, index: this.size, root: this.#tree.root() }
    this.append({ k: 'key', ...signedChange(word, key.verifier_keys, place, signers) } as unknown as Body)
  }

  #take(body: string): void {
    this.#tree.append(leafHash(body), ({ level, index, root }) =>
      forger.db
        .prepare('INSERT OR IGNORE INTO tiles VALUES (0, 0, ?, ?, ?)')
        .run(level, index, Buffer.from(root, 'hex')),
    )
    this.size++
  }
}

beforeAll(async () => {
  forger = await Forger.of(async url => {
    const ledger = await openLedger(url, testPorts(), { create: true })
    const run = await ledger.openRun(RUN, opening())
    await sampleRun(run)
    await run.seal(sealFacts({ ...totals(4, 10, 10), batches: [[8, 1]] }))
    await ledger.close()
  })
  forger.change(() => {
    const log = new Log()
    for (let n = 2; n <= RUNS; n++) {
      const of = { log: n, run: runId(n), root: leafHash(`run ${n}`) }
      log.append({ k: 'opened', ...of })
      if (n === 100) log.change('add', second, [forger.signer, second])
      if (n === 300) log.change('retire', forger.signer, [second])
      if (n === TAKEN_OVER) log.append({ k: 'taken_over', log: n, run: runId(n), epoch: 2 })
      if (n === OPEN || n === TAKEN_OVER) log.append({ k: 'progress', ...of, size: 5 })
      if (n !== OPEN) log.append({ k: 'sealed', ...of, size: 9 })
      if (n > ERASED && n % 30 === 0)
        log.append({ k: 'erase', log: ERASED, run: runId(ERASED), values: [[n < 300 ? 2 : 1, 2]] })
    }
    forger.resign(0, second)
  })
  whole = await wholeLog()
})
afterAll(() => forger.close())

async function wholeLog(): Promise<LedgerLog> {
  const check = new Check('ledger')
  const log = await readLedgerLog(forger.reader, { keys: 'any', remembered: null }, check)
  expect(check.result().problems).toEqual([])
  return log
}

const treeNow = () => logTree(forger.reader, 0, { signed: forger.treeOf(0).root })

/** As it was when the ledger had so many entries. */
async function soundAt(size: number): Promise<SoundHead> {
  const root = (await (await treeNow()).rootOf(size)) ?? ''
  const [{ logs } = {}] = forger.all(
    `SELECT count(*) AS logs FROM entries WHERE log = 0 AND seq < ? AND body LIKE '%"k":"opened"%'`,
    size,
  )
  return { size, root, changes: whole.sound.changes.filter(each => each < size), logs: Number(logs) }
}

async function partAt(size: number, log: number | null) {
  const sound = await soundAt(size)
  return partOfLedger(forger.reader, await treeNow(), log, { sound, heads: [sound] })
}

/** What readers ask of it. */
const said = (of: LedgerLog, log: number) => ({
  ...{ id: of.id, born: of.born, in_force: of.in_force, taken: of.keys.taken, sound: of.sound, last_us: of.last_us },
  ...{ bound: boundOf(of.known(log)), progress: of.progressOf(log), seqs: seqsFor(of, log) },
  sealed: of.known(log)?.sealed,
  keys: [0, log].map(each => of.keysOf(each, of.entries).good.map(({ text }) => text)),
  erased: [0, 1, 2, 3].map(seq => of.erasures.has(log, seq, 1)),
})

test('it says what all of it says, from wherever it was looked at as a whole', async () => {
  const { entries } = whole
  expect(entries).toBeGreaterThan(3 * 256)
  const sizes = [1, 3, 200, 256, 520, entries - 1, entries]
  const cases = sizes.flatMap(size =>
    [1, 2, ERASED, 99, OPEN, TAKEN_OVER, 299, 300, RUNS].map(log => [size, log] as const),
  )
  for (const [size, log] of sampled(cases, 5)) {
    const part = await partAt(size, log)
    expect(part && said(part, log), `run ${log}, seen with ${size} entries`).toEqual(said(whole, log))
  }
  const keys = await partAt(entries, null)
  expect(keys).toMatchObject({ in_force: second.verifier_keys, sound: whole.sound })
})

test('of a long log little is read', async () => {
  const { reader } = forger
  const own = { entry: reader.entry, entries: reader.entries, leaves: reader.leaves }
  const read = { entries: 0, leaves: 0 }
  try {
    reader.entry = (...of) => {
      read.entries++
      return own.entry.apply(reader, of)
    }
    reader.entries = async function* (...of) {
      for await (const each of own.entries.apply(reader, of)) {
        read.entries++
        yield each
      }
    }
    reader.leaves = (...of) => {
      read.leaves += of[2]
      return own.leaves.apply(reader, of)
    }
    const sound = await soundAt(whole.entries)
    read.leaves = 0
    const tree = await logTree(reader, 0, { signed: whole.root })
    expect(await partOfLedger(reader, tree, 2, { sound, heads: [sound] })).not.toBeNull()
  } finally {
    Object.assign(reader, own)
  }
  // Birth, two changes of keys, opening, seal, and the last one; their tiles, and the edge.
  expect(read.entries).toBeLessThan(8)
  expect(read.leaves).toBeLessThan(4 * 256)
})

describe('somebody without the key', () => {
  const changes: ReadonlyArray<readonly [string, () => void]> = [
    ['an entry that is used', () => forger.put(0, 2, { ...forger.body(0, 2), root: leafHash('another') })],
    ['a change of keys', () => forger.put(0, changeAt(1), { ...forger.body(0, changeAt(1)), change: 'revoke' })],
    ['a change of keys, which is gone', () => forger.run('DELETE FROM entries WHERE log = 0 AND seq = ?', changeAt(0))],
    ['the row of an entry', () => forger.run('UPDATE entries SET row = 3 WHERE log = 0 AND seq = 1')],
    [
      'the last entry, which is gone',
      () => forger.run('DELETE FROM entries WHERE log = 0 AND seq = ?', whole.entries - 1),
    ],
    ['the head', () => forger.run(`UPDATE heads SET note = replace(note, '— second', '— third') WHERE log = 0`)],
    ['payloads', () => forger.run(`INSERT INTO payloads VALUES (0, 0, zeroblob(16), '[[1]]')`)],
  ]
  const changeAt = (nth: number) => whole.sound.changes[nth] ?? -1

  test.each(changes)('changed %s: nothing is found, and all is looked at', async (_, tamper) => {
    const sound = await soundAt(whole.entries)
    await forger.within(tamper, async () => {
      const tree = await logTree(forger.reader, 0, { signed: whole.root })
      expect(await partOfLedger(forger.reader, tree, 1, { sound, heads: [sound] })).toBeNull()
      const reader = new CheckedReader(forger.reader, {
        remembered: { keys: [], written: false, heads: [sound], sound },
      })
      await expect(reader.check(1)).rejects.toThrow()
    })
  })

  test('hid what the index has: a seal is found all the same, and of an opening nothing is found', async () => {
    const { reader } = forger
    const listed = reader.entriesAbout.bind(reader)
    try {
      for (const kept of [1, 2]) {
        reader.entriesAbout = async log => (await listed(log)).slice(0, kept)
        for (const log of [2, 99, TAKEN_OVER, OPEN]) {
          const part = await partAt(whole.entries, log)
          expect(part && said(part, log)).toEqual(said(whole, log))
        }
      }
      reader.entriesAbout = async log => (await listed(log)).filter(({ body }) => !body.includes('"k":"erase"'))
      expect((await partAt(whole.entries, ERASED))?.erasures.has(ERASED, 1, 1)).toBe(false)
      for (const hide of [() => true, (body: string) => body.includes('"k":"opened"')]) {
        reader.entriesAbout = async log => (await listed(log)).filter(({ body }) => !hide(body))
        expect(await partAt(whole.entries, 2)).toBeNull()
      }
      reader.entriesAbout = async () => listed(99)
      expect(await partAt(whole.entries, 2)).toBeNull()
    } finally {
      reader.entriesAbout = listed
    }
  })
})

test('what was seen isn’t what is there, or was seen by nobody: nothing is found', async () => {
  const tree = await treeNow()
  const sound = await soundAt(500)
  const other = { ...sound, root: leafHash('another') }
  const newer = { size: whole.entries + 1, root: leafHash('another') }
  for (const known of [
    { heads: [sound] },
    { sound: other, heads: [sound] },
    { sound, heads: [other] },
    { sound, heads: [sound, newer] },
  ])
    expect(await partOfLedger(forger.reader, tree, 2, known)).toBeNull()
})

test('a thief of a key that was revoked since signs nothing that is believed', async () => {
  const sound = await soundAt(whole.entries)
  const part = async () => partOfLedger(forger.reader, await treeNow(), 2, { sound, heads: [sound] })
  const revoke = (by: Signer) => () => {
    const log = new Log()
    log.change('add', third, [third, second])
    log.change('revoke', second, [third])
    log.append({ k: 'opened', log: RUNS + 1, run: runId(RUNS + 1), root: leafHash('next') })
    forger.resign(0, by)
  }
  expect(await forger.within(revoke(second), part)).toBeNull()
  expect(await forger.within(revoke(third), part)).toMatchObject({ in_force: third.verifier_keys })
})

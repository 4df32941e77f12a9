import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addCheckpointText } from '../format/add-checkpoint.ts'
import { checkpointText } from '../format/checkpoint.ts'
import { cosignaturesOf } from '../format/cosignature.ts'
import { makeCosigner } from '../format/cosigning-key.ts'
import { leafHash } from '../format/hash.ts'
import { noteOf, openNote } from '../format/note.ts'
import { makeSigner, type Signer } from '../format/signing-key.ts'
import { consistencyProof, EMPTY_ROOT, Frontier } from '../format/tree.ts'
import { parseVerifierKey } from '../format/verifier-key.ts'
import { addCheckpoint, checkpointAnswer, type WitnessPorts } from './answer.ts'
import { parseKnownKey } from './logs.ts'
import { SqliteHeads } from './store.ts'

const seed = (n: number) => new Uint8Array(32).fill(n)
const cosigner = makeCosigner('w.example', { ed25519: seed(1), 'ml-dsa-44': seed(1) })
const log = makeSigner('custody/0a0a0a0a', seed(2), seed(2))
const other = makeSigner('custody/0b0b0b0b', seed(3))
const ORIGIN = 'custody/x/0'
const LEAVES = Array.from({ length: 40 }, (_, i) => leafHash(`entry ${i}`))
const leafAt = (i: number) => LEAVES[i] ?? ''
const rootOf = (size: number, leaves = LEAVES) => {
  const tree = new Frontier()
  for (const leaf of leaves.slice(0, size)) tree.append(leaf)
  return tree.root()
}
const noteAt = (size: number, signer: Signer = log, origin = ORIGIN, root = rootOf(size)) =>
  noteOf(checkpointText({ origin, size, root }), signer.signHead({ origin, size, root }))
const request = (old_size: number, size: number, note = noteAt(size), proof?: readonly string[]) =>
  addCheckpointText({
    old_size,
    proof: proof ?? (old_size === 0 || old_size >= size ? [] : consistencyProof(old_size, size, leafAt)),
    note,
  })

let folder: string
let store: SqliteHeads
let now: number
const ports = (logs: readonly string[]): WitnessPorts => ({
  cosigner,
  logs: logs.map(parseKnownKey),
  store,
  now_s: () => now,
})
const KNOWN = [`${ORIGIN} ${log.verifier_key}`]
const ask = (text: string, logs: readonly string[] = KNOWN) => addCheckpoint(text, ports(logs))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-witness-'))
  store = new SqliteHeads(folder)
  now = 1_800_000_000
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true, force: true })
})

test('heads that extend each other are cosigned, the same one again, too; monitors see the last', () => {
  for (const [old_size, size] of [
    [0, 3],
    [3, 3],
    [3, 17],
    [17, 40],
  ] as const) {
    now += 60
    const answer = ask(request(old_size, size))
    expect(answer).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8' })
    const cosigned = `${checkpointText({ origin: ORIGIN, size, root: rootOf(size) })}\n${answer.body}`
    expect(cosignaturesOf(cosigned, cosigner.keys)).toMatchObject({
      cosignatures: [{ timestamp: now }, { timestamp: now }],
    })
    const seen = checkpointAnswer(store.read(ORIGIN)).body
    expect(seen).toContain(answer.body)
    expect(openNote(seen, log.verifier_keys.slice(0, 1).map(parseVerifierKey)).ok).toBe(true)
  }
  expect(checkpointAnswer(store.read('another')).status).toBe(404)
})

describe('what isn’t cosigned, and leaves what is remembered', () => {
  test.each<readonly [what: string, text: () => string, status: number, body: string | null]>([
    ['nothing', () => '', 400, null],
    ['no note', () => 'old 0\n\nnothing', 400, null],
    ['no checkpoint', () => `old 0\n\n${log.sign('a text\n')}`, 400, null],
    ['an old size with a zero before it', () => request(5, 9).replace('old 5', 'old 05'), 400, null],
    ['a bad line of the proof', () => request(5, 9).replace('\n\n', '\nAAAA\n\n'), 400, null],
    ['too many lines', () => request(5, 9, noteAt(9), Array(64).fill(EMPTY_ROOT)), 400, null],
    ['an old size beyond the new one', () => request(5, 4), 400, null],
    ['an unknown origin', () => request(0, 9, noteAt(9, log, 'custody/y/0')), 404, null],
    ['another key', () => request(5, 9, noteAt(9, other)), 403, null],
    ['a bad signature of the key', () => request(5, 9, noteAt(9).replace('\n9\n', '\n8\n')), 403, null],
    ['another old size', () => request(4, 9), 409, '5\n'],
    ['no old size', () => request(0, 9), 409, '5\n'],
    ['a proof of other heads', () => request(5, 9, noteAt(9), consistencyProof(4, 9, leafAt)), 422, null],
    ['no proof', () => request(5, 9, noteAt(9), []), 422, null],
    ['another root of the same size', () => request(5, 5, noteAt(5, log, ORIGIN, rootOf(6))), 422, null],
    ['a proof of the same size', () => request(5, 5, noteAt(5), [EMPTY_ROOT]), 422, null],
  ])('%s', (_what, text, status, body) => {
    ask(request(0, 5))
    const before = store.read(ORIGIN)
    const answer = ask(text())
    expect(answer.status).toBe(status)
    if (body !== null) expect(answer).toMatchObject({ body, type: 'text/x.tlog.size' })
    expect(store.read(ORIGIN)).toEqual(before)
  })
  test('an empty tree with a root, and a proof where there is no old head', () => {
    expect(ask(request(0, 0, noteAt(0, log, ORIGIN, rootOf(1)))).status).toBe(422)
    expect(ask(request(0, 5, noteAt(5), [EMPTY_ROOT])).status).toBe(422)
    expect(ask(request(0, 0)).status).toBe(200)
  })
})

test('whatever is asked in which order, what was cosigned is one history, and its times never go back', () => {
  const step = fc.record({
    old_size: fc.nat(12),
    size: fc.nat(12),
    forked: fc.boolean(),
    later: fc.integer({ min: -9, max: 9 }),
  })
  let ledgers = 0
  const forked = LEAVES.with(4, leafHash('another'))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), steps => {
      const origin = `custody/${++ledgers}/0`
      let last = { size: 0, at: 0 }
      let is_forked: boolean | null = null
      for (const { old_size, size, forked: fork, later } of steps) {
        now += later
        const leaves = fork ? forked : LEAVES
        const note = noteAt(size, log, origin, rootOf(size, leaves))
        const proof = old_size > 0 && old_size < size ? consistencyProof(old_size, size, i => leaves[i] ?? '') : []
        const { status } = ask(request(old_size, size, note, proof), [log.verifier_key])
        const is_next = old_size === last.size && old_size <= size
        const extends_ = is_forked === null || last.size <= 4 || is_forked === fork
        if (status === 200) {
          expect([is_next, extends_]).toEqual([true, true])
          const stored = store.read(origin)
          expect(stored?.at).toBeGreaterThanOrEqual(last.at)
          last = { size, at: stored?.at ?? 0 }
          if (size > 4) is_forked = fork
        } else expect(is_next && extends_).toBe(false)
      }
    }),
    { numRuns: 40 },
  )
})

describe('a key that stands alone', () => {
  test('stands for each ledger whose first head it has signed, and for no other’s', () => {
    const logs = [log.verifier_key, other.verifier_key]
    expect(ask(request(0, 5), logs).status).toBe(200)
    expect(ask(request(5, 9, noteAt(9, other)), logs).status).toBe(403)
    expect(ask(request(0, 9, noteAt(9, other, 'custody/y/0')), logs).status).toBe(200)
    expect(ask(request(5, 9), logs).status).toBe(200)
  })
  test('and not for logs of runs', () => {
    expect(ask(request(0, 5, noteAt(5, log, 'custody/x/1')), [log.verifier_key]).status).toBe(404)
  })
  test('a new key of a ledger is registered with its origin', () => {
    ask(request(0, 5), [log.verifier_key])
    expect(ask(request(5, 9, noteAt(9, other)), [log.verifier_key, other.verifier_key]).status).toBe(403)
    expect(ask(request(5, 9, noteAt(9, other)), [log.verifier_key, `${ORIGIN} ${other.verifier_key}`]).status).toBe(200)
  })
  test('of another program stands for the log of its name', () => {
    const named = makeSigner('log.example/a', seed(7))
    expect(ask(request(0, 5, noteAt(5, named, 'log.example/a')), [named.verifier_key]).status).toBe(200)
    expect(ask(request(0, 5, noteAt(5, named)), [named.verifier_key]).status).toBe(404)
  })
})

test('what it remembers is there when it starts again; what can’t be stored isn’t cosigned', () => {
  ask(request(0, 5))
  store.close()
  store = new SqliteHeads(folder)
  expect(ask(request(0, 9))).toMatchObject({ status: 409, body: '5\n' })
  const broken: WitnessPorts = {
    ...ports(KNOWN),
    store: {
      read: origin => store.read(origin),
      change: (origin, decide) =>
        store.change(origin, last => {
          decide(last)
          throw new Error('the disk is full')
        }),
    },
  }
  expect(() => addCheckpoint(request(5, 9), broken)).toThrow('full')
  expect(store.read(ORIGIN)?.size).toBe(5)
})

test('of two that ask at the same time from one size the second meets what the first stored', () => {
  ask(request(0, 5))
  const second = new SqliteHeads(folder)
  try {
    expect(ask(request(5, 9)).status).toBe(200)
    const late = addCheckpoint(request(5, 12), { ...ports(KNOWN), store: second })
    expect(late).toMatchObject({ status: 409, body: '9\n' })
  } finally {
    second.close()
  }
})

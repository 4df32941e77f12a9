/** The vectors in test/vectors, of which all checkers are of one mind: Python's are asked by test/python/vectors.test.ts. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseCheckpoint } from '../src/format/checkpoint.ts'
import { hexToBytes } from '../src/format/hash.ts'
import { openNote } from '../src/format/note.ts'
import { PolicyError, parsePolicy, witnessedBy } from '../src/format/policy.ts'
import {
  isEd25519Key,
  type KeyType,
  PUBLIC_KEY_BYTES,
  SIGNATURE_BYTES,
  verifyEd25519,
  verifyMlDsa44,
} from '../src/format/signatures.ts'
import { isSignedBy as isSignedInBrowser } from '../src/format/signed-by.browser.ts'
import { parseTlogProof } from '../src/format/tlog-proof.ts'
import { checkConsistency, checkInclusion } from '../src/format/tree.ts'
import { NoteError, parseVerifierKey, utf8 } from '../src/format/verifier-key.ts'
import { isCanonical, NotJsonError } from '../src/model/canonical.ts'
import { JsonTextError, parseStored } from '../src/model/json.ts'
import { vectors, vectorText } from './vectors/make.ts'

const FOLDER = join(import.meta.dirname, 'vectors')
const stored = (name: string): unknown => JSON.parse(readFileSync(join(FOLDER, name), 'utf8'))

let made: ReadonlyMap<string, unknown>
beforeAll(async () => {
  made = await vectors()
})

test('the files are what the script makes (npm run vectors)', () => {
  for (const [name, value] of made)
    expect(readFileSync(join(FOLDER, name), 'utf8') === vectorText(value), `test/vectors/${name} is current`).toBe(true)
})

/** Those that aren't judged as they say. */
function wrong<T extends { readonly ok: boolean }>(of: readonly T[], judge: (vector: T) => boolean): readonly T[] {
  expect(new Set(of.map(each => each.ok))).toEqual(new Set([true, false]))
  return of.filter(each => judge(each) !== each.ok)
}

/** Whether it goes without an error of these kinds. */
function isTaken(of: () => unknown, ...kinds: ReadonlyArray<new (...some: never[]) => Error>): boolean {
  try {
    return of() !== null
  } catch (error) {
    if (kinds.some(kind => error instanceof kind)) return false
    throw error
  }
}

interface Signed {
  readonly key: string
  readonly message: string
  readonly signature: string
  readonly ok: boolean
}

describe.each(['ed25519', 'ml-dsa-44'] as const)('signatures of %s', type => {
  const of = (stored('signatures.json') as { readonly [type in KeyType]: readonly Signed[] })[type]
  const judged = (verify: (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean) =>
    wrong(of, each => verify(hexToBytes(each.key), hexToBytes(each.message), hexToBytes(each.signature)))

  test('are taken or refused', () => expect(judged(type === 'ed25519' ? verifyEd25519 : verifyMlDsa44)).toEqual([]))

  test('are in a browser, too', () => {
    const verify = (key: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
      key.length === PUBLIC_KEY_BYTES[type] &&
      signature.length === SIGNATURE_BYTES[type] &&
      (type !== 'ed25519' || isEd25519Key(key)) &&
      isSignedInBrowser(type, key, message, signature)
    expect(judged(verify)).toEqual([])
  })
})

test('canonical texts', () => {
  const of = stored('canonical.json') as ReadonlyArray<{ readonly text: string; readonly ok: boolean }>
  const is = (text: string) =>
    isTaken(() => (isCanonical(parseStored(text), text) ? text : null), JsonTextError, NotJsonError)
  expect(wrong(of, ({ text }) => is(text))).toEqual([])
})

describe('notes', () => {
  interface Texts {
    readonly text: string
    readonly ok: boolean
  }
  const { keys, notes, checkpoints, proofs } = stored('notes.json') as {
    readonly [list in 'keys' | 'checkpoints' | 'proofs']: readonly Texts[]
  } & { readonly notes: ReadonlyArray<{ readonly note: string; readonly key: string; readonly ok: boolean }> }

  test('verifier keys', () =>
    expect(wrong(keys, ({ text }) => isTaken(() => parseVerifierKey(text), NoteError))).toEqual([]))
  test('signed notes', () =>
    expect(wrong(notes, ({ note, key }) => openNote(note, [parseVerifierKey(key)]).ok)).toEqual([]))
  test('checkpoints', () =>
    expect(wrong(checkpoints, ({ text }) => isTaken(() => parseCheckpoint(text), NoteError))).toEqual([]))
  test('tlog-proofs', () => expect(wrong(proofs, ({ text }) => parseTlogProof(text) !== null)).toEqual([]))
})

test('policies, and heads by them', () => {
  const { policies, verdicts } = stored('policies.json') as {
    readonly policies: ReadonlyArray<{ readonly text: string; readonly ok: boolean }>
    readonly verdicts: ReadonlyArray<{ readonly policy: string; readonly note: string; readonly ok: boolean }>
  }
  expect(wrong(policies, ({ text }) => isTaken(() => parsePolicy(utf8(text)), PolicyError))).toEqual([])
  const isMet = (policy: string, note: string) => {
    const { quorum, problem } = witnessedBy(parsePolicy(utf8(policy)), note)
    return quorum && problem === null
  }
  expect(wrong(verdicts, ({ policy, note }) => isMet(policy, note))).toEqual([])
})

test('inclusion and consistency', () => {
  const { inclusion, consistency } = stored('trees.json') as {
    readonly inclusion: ReadonlyArray<{
      leaf: string
      index: number
      size: number
      path: string[]
      root: string
      ok: boolean
    }>
    readonly consistency: ReadonlyArray<{
      old_size: number
      old_root: string
      size: number
      root: string
      proof: string[]
      ok: boolean
    }>
  }
  expect(wrong(inclusion, each => checkInclusion(each.leaf, each.index, each.size, each.path, each.root))).toEqual([])
  expect(
    wrong(consistency, each => checkConsistency(each.old_size, each.old_root, each.size, each.root, each.proof)),
  ).toEqual([])
})

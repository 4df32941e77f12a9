import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  checkpointText,
  encodeSigningKey,
  generateSigningKey,
  makeSigner,
  NoteError,
  openNote,
  parseCheckpoint,
  parseSigningKey,
  parseVerifierKey,
} from './note.ts'
import { EMPTY_ROOT } from './tree.ts'

/** The example of Go's golang.org/x/mod/sumdb/note. */
const SIGNING_KEY = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'
const VERIFIER_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const SIGNATURE =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM='
const NOTE = `${TEXT}\n${SIGNATURE}\n`

const peter = parseVerifierKey(VERIFIER_KEY)
const other = makeSigner('other.example/log', new Uint8Array(32).fill(9))
const other_key = parseVerifierKey(other.verifier_key)
const problemOf = (note: string, keys = [peter]) => {
  const opened = openNote(note, keys)
  return opened.ok ? 'none' : opened.problem
}

describe('the published example', () => {
  test('is what the key signs', () => {
    const signer = parseSigningKey(SIGNING_KEY)
    expect(signer.verifier_key).toBe(VERIFIER_KEY)
    expect(signer.sign(TEXT)).toBe(NOTE)
    const seed = Buffer.from(SIGNING_KEY.slice(SIGNING_KEY.lastIndexOf('a3+') + 3), 'base64').subarray(1)
    expect(encodeSigningKey('PeterNeumann', seed)).toBe(SIGNING_KEY)
  })
  test('opens', () => {
    expect(openNote(NOTE, [other_key, peter])).toEqual({ ok: true, text: TEXT, key: peter })
    expect([peter.name, peter.hash]).toEqual(['PeterNeumann', 'c74f20a3'])
  })
})

describe('keys', () => {
  test('from a seed, a key object, or new', () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const seed = generateSigningKey()
    expect(seed.length).toBe(32)
    for (const signer of [makeSigner('a', privateKey), makeSigner('b', seed)]) {
      const opened = openNote(signer.sign('x\n'), [parseVerifierKey(signer.verifier_key)])
      expect(opened).toMatchObject({ ok: true, text: 'x\n', key: { name: signer.name, text: signer.verifier_key } })
    }
    expect(parseSigningKey(encodeSigningKey('b', seed)).verifier_key).toBe(makeSigner('b', seed).verifier_key)
  })
  test.each(['', 'a b', 'a+b', 'a\tb', 'a\u2003b', 'a\nb', '\ud800'])('%j is no name', name => {
    expect(() => makeSigner(name, new Uint8Array(32))).toThrow(NoteError)
  })
  test('other keys are refused', () => {
    const { privateKey, publicKey } = generateKeyPairSync('x25519')
    expect(() => makeSigner('a', privateKey)).toThrow(NoteError)
    expect(() => makeSigner('a', publicKey)).toThrow(NoteError)
    expect(() => makeSigner('a', new Uint8Array(31))).toThrow(NoteError)
    expect(createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })).type).toBe('private')
  })
  test.each([
    '',
    'PeterNeumann',
    VERIFIER_KEY.replace('c74f', 'c74e'),
    VERIFIER_KEY.replace('c74f20a3', 'C74F20A3'),
    VERIFIER_KEY.replace('PeterNeumann', 'PeterNeuman'),
    VERIFIER_KEY.replace('+ARpc', '+Ahpc'),
    `${VERIFIER_KEY}=`,
    `${VERIFIER_KEY}\n`,
    VERIFIER_KEY.slice(0, -4),
  ])('%j is no verifier key', text => expect(() => parseVerifierKey(text)).toThrow(NoteError))
  test.each(['', VERIFIER_KEY, SIGNING_KEY.replace('c74f', 'c74e'), `${SIGNING_KEY} `, SIGNING_KEY.slice(0, -4)])(
    '%j is no signing key',
    text => expect(() => parseSigningKey(text)).toThrow(NoteError),
  )
})

describe('notes', () => {
  test('signatures of unknown keys are passed over', () => {
    const second = other.sign(TEXT).slice(TEXT.length + 1)
    expect(openNote(`${NOTE}${second}`, [peter])).toMatchObject({ ok: true, key: peter })
    expect(openNote(`${NOTE}${second}`, [other_key])).toMatchObject({ ok: true, key: other_key })
    expect(problemOf(NOTE, [other_key])).toBe('unknown_key')
    expect(problemOf(NOTE, [])).toBe('unknown_key')
  })
  test('a bad signature of a trusted key spoils the note, even beside a good one', () => {
    const bad = other.sign('another text\n').slice('another text\n'.length + 1)
    expect(problemOf(`${NOTE}${bad}`, [peter, other_key])).toBe('bad_signature')
    expect(problemOf(NOTE.replace('cryptography', 'Cryptography'))).toBe('bad_signature')
  })
  test.each([
    ['nothing', ''],
    ['no signature', TEXT],
    ['no empty line', `${TEXT}${SIGNATURE}\n`],
    ['no newline at the end', NOTE.slice(0, -1)],
    ['an empty line behind', `${NOTE}\n`],
    ['a hyphen for the dash', NOTE.replace('— ', '- ')],
    ['base64 without padding', NOTE.replace('nAM=', 'nAM')],
    ['base64 with stray bits', NOTE.replace('nAM=', 'nAN=')],
    ['two spaces', NOTE.replace('Neumann x', 'Neumann  x')],
    ['a carriage return', NOTE.replaceAll('\n', '\r\n')],
    ['a control character in the text', `a\u0007\n\n${SIGNATURE}\n`],
    ['too many signatures', `${TEXT}\n${`${SIGNATURE}\n`.repeat(101)}`],
  ])('%s is malformed', (_name, note) => expect(problemOf(note)).toBe('malformed'))
  test('what can be signed can be opened; no single change goes unnoticed', () => {
    const line = fc.string({ unit: 'grapheme' }).filter(each => !/[\p{Cc}]/u.test(each))
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), fc.nat(), (lines, seed) => {
        const text = `${lines.join('\n')}\n`
        const note = other.sign(text)
        expect(openNote(note, [other_key])).toMatchObject({ ok: true, text })
        const at = seed % note.length
        const changed = note.slice(0, at) + (note[at] === 'x' ? 'y' : 'x') + note.slice(at + 1)
        expect(openNote(changed, [other_key]).ok).toBe(false)
      }),
    )
  })
  test('a text that is none can not be signed', () => {
    expect(() => other.sign('no newline')).toThrow(NoteError)
    expect(() => other.sign('a\tb\n')).toThrow(NoteError)
  })
})

describe('checkpoints', () => {
  const TEXT_0 = 'custody.example/log/1\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n'
  test('text and back', () => {
    const checkpoint = { origin: 'custody.example/log/1', size: 0, root: EMPTY_ROOT }
    expect(checkpointText(checkpoint)).toBe(TEXT_0)
    expect(parseCheckpoint(TEXT_0)).toEqual(checkpoint)
    const size = Number.MAX_SAFE_INTEGER
    expect(parseCheckpoint(checkpointText({ ...checkpoint, size })).size).toBe(size)
  })
  test.each([
    TEXT_0.slice(0, -1),
    `${TEXT_0}extension\n`,
    TEXT_0.replace('\n0\n', '\n00\n'),
    TEXT_0.replace('\n0\n', '\n-1\n'),
    TEXT_0.replace('\n0\n', '\n9007199254740992\n'),
    TEXT_0.replace('uFU=', 'uFV='),
    TEXT_0.replace('47DE', ''),
    `\n${TEXT_0}`,
    TEXT_0.replace('custody.example/log/1', ''),
    TEXT_0.replace('custody', 'cus\tody'),
  ])('%j is none', text => expect(() => parseCheckpoint(text)).toThrow(NoteError))
  test('what is none is not written', () => {
    expect(() => checkpointText({ origin: 'a\nb', size: 0, root: EMPTY_ROOT })).toThrow(NoteError)
    expect(() => checkpointText({ origin: 'a', size: -1, root: EMPTY_ROOT })).toThrow(NoteError)
    expect(() => checkpointText({ origin: 'a', size: 0, root: 'ab' })).toThrow(NoteError)
  })
})

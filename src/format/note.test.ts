import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkpointText, cosignedMessage, parseCheckpoint } from './checkpoint.ts'
import { noteOf, openNote, parseSignature } from './note.ts'
import { verifyEd25519, verifyMlDsa44 } from './signatures.ts'
import { encodeSigningKeys, makeSigner, newSeed, parseSigningKeys } from './signing-key.ts'
import { birthText, checkStatement, keyChangeText } from './statement.ts'
import { EMPTY_ROOT } from './tree.ts'
import { NoteError, parseVerifierKey, verifierKey } from './verifier-key.ts'

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
const SEED = new Uint8Array(32).fill(3)
const PAIR = encodeSigningKeys('pair', SEED, SEED)
const pair = parseSigningKeys(PAIR)
const P = 2n ** 255n - 19n
/** Order of the group of Ed25519. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n
const problemOf = (note: string, keys = [peter]) => {
  const opened = openNote(note, keys)
  return opened.ok ? 'none' : opened.problem
}

describe('the published example', () => {
  test('is what the key signs', () => {
    const signer = parseSigningKeys(SIGNING_KEY)
    expect(signer.verifier_key).toBe(VERIFIER_KEY)
    expect(signer.sign(TEXT)).toBe(NOTE)
    const seed = Buffer.from(SIGNING_KEY.slice(SIGNING_KEY.lastIndexOf('a3+') + 3), 'base64').subarray(1)
    expect(encodeSigningKeys('PeterNeumann', seed)).toBe(`${SIGNING_KEY}\n`)
  })
  test('opens', () => {
    expect(openNote(NOTE, [other_key, peter])).toEqual({ ok: true, text: TEXT, signed_by: [peter] })
    expect([peter.name, peter.hash]).toEqual(['PeterNeumann', 'c74f20a3'])
  })
})

describe('keys', () => {
  test('from a seed, a key object, or new', () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const seed = newSeed()
    expect(seed.length).toBe(32)
    for (const signer of [makeSigner('a', privateKey), makeSigner('b', seed)]) {
      const opened = openNote(signer.sign('x\n'), [parseVerifierKey(signer.verifier_key)])
      expect(opened).toMatchObject({
        ok: true,
        text: 'x\n',
        signed_by: [{ name: signer.name, text: signer.verifier_key }],
      })
    }
    expect(parseSigningKeys(encodeSigningKeys('b', seed)).verifier_key).toBe(makeSigner('b', seed).verifier_key)
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
  test.each([
    '',
    VERIFIER_KEY,
    SIGNING_KEY.replace('c74f', 'c74e'),
    SIGNING_KEY.slice(0, -4),
    `${SIGNING_KEY} ${SIGNING_KEY}`,
    `${SIGNING_KEY}\n${PAIR}`,
    PAIR.split('\n')[1]!,
    `${PAIR.split('\n')[0]} ${encodeSigningKeys('other', SEED, SEED).split('\n')[1]}`,
  ])('%j is no signing key', text => expect(() => parseSigningKeys(text)).toThrow(NoteError))
  test('two of one name are one signer, in any order, with any blanks', () => {
    const [ed25519, ml_dsa_44] = PAIR.trim().split('\n')
    for (const text of [PAIR, `${ml_dsa_44} ${ed25519}`, ` ${ed25519}\r\n\n${ml_dsa_44}\t`])
      expect(parseSigningKeys(text).verifier_keys).toEqual(pair.verifier_keys)
    expect(pair.verifier_keys[0]).toBe(pair.verifier_key)
    expect(pair.verifier_keys.map(each => parseVerifierKey(each)).map(({ type, name }) => [type, name])).toEqual([
      ['ed25519', 'pair'],
      ['ml-dsa-44', 'pair'],
    ])
  })
  test('an Ed25519 key has one spelling, and isn’t of small order', () => {
    const key = (y: bigint, sign: number) => {
      const bytes = Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse()
      bytes[31]! |= sign << 7
      return new Uint8Array(bytes)
    }
    const order_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n
    for (const y of [0n, 1n, P - 1n, order_8, P - order_8, P, P + 1n, P + 3n, 2n ** 255n - 1n])
      for (const sign of [0, 1]) expect(() => verifierKey('ed25519', 'a', key(y, sign)), `${y}`).toThrow(NoteError)
    expect(() => verifierKey('ed25519', 'a', key(3n, 0))).not.toThrow()
    // The point of order 1 would sign each message: S is 0, R the same point.
    const forged = new Uint8Array(64)
    forged[0] = 1
    expect(verifyEd25519(key(1n, 0), new TextEncoder().encode('anything'), forged)).toBe(false)
    expect(() => verifierKey('ml-dsa-44', 'a', new Uint8Array(1311))).toThrow(NoteError)
  })
  test('a signature has one spelling: S lies below the order of the group', () => {
    const signature = parseSignature(other.sign('x\n').split('— ')[1]!.trim())!.bytes
    const s = BigInt(`0x${Buffer.from(signature.slice(32)).reverse().toString('hex')}`)
    const message = new TextEncoder().encode('x\n')
    expect(verifyEd25519(other_key.public_key, message, signature)).toBe(true)
    const again = Buffer.from((s + L).toString(16).padStart(64, '0'), 'hex').reverse()
    const other_s = Uint8Array.of(...signature.slice(0, 32), ...again)
    expect(verifyEd25519(other_key.public_key, message, other_s)).toBe(false)
  })
})

describe('notes', () => {
  test('signatures of unknown keys are passed over', () => {
    const second = other.sign(TEXT).slice(TEXT.length + 1)
    expect(openNote(`${NOTE}${second}`, [peter])).toMatchObject({ ok: true, signed_by: [peter] })
    expect(openNote(`${NOTE}${second}`, [other_key])).toMatchObject({ ok: true, signed_by: [other_key] })
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

describe('heads that both keys of a signer have signed', () => {
  const head = { origin: 'custody/x/0', size: 5, root: 'ab'.repeat(32) }
  const keys = pair.verifier_keys.map(parseVerifierKey)
  const note = noteOf(checkpointText(head), pair.signHead(head))

  test('open, under either key or both', () => {
    expect(openNote(note, keys)).toMatchObject({ ok: true, signed_by: keys })
    for (const key of keys) expect(openNote(note, [key])).toMatchObject({ ok: true, signed_by: [key] })
  })
  test('what ML-DSA-44 signs is `cosigned_message` of C2SP tlog-cosignature, byte for byte', () => {
    const message = Buffer.from(cosignedMessage('pair', 7n, head))
    expect(message.subarray(0, 12).toString('latin1')).toBe('subtree/v1\n\0')
    expect(message.subarray(12).toString('hex')).toBe(
      [
        ...['04', Buffer.from('pair').toString('hex'), '0000000000000007'],
        ...['0b', Buffer.from('custody/x/0').toString('hex')],
        ...['0000000000000000', '0000000000000005', 'ab'.repeat(32)],
      ].join(''),
    )
    const line = parseSignature(note.split('— ')[2]!.trim())!
    expect(line.bytes.length).toBe(8 + 2420)
    // No statement of when the head was the largest.
    expect(line.bytes.slice(0, 8)).toEqual(new Uint8Array(8))
    expect(verifyMlDsa44(keys[1]!.public_key, cosignedMessage('pair', 0n, head), line.bytes.slice(8))).toBe(true)
    expect(() => cosignedMessage('p'.repeat(256), 0n, head)).toThrow(NoteError)
  })
  test('other heads, other names, other timestamps, other texts aren’t what was signed', () => {
    const [, ml_dsa_44] = pair.signHead(head)
    const lines = (bytes: Uint8Array) =>
      `pair ${Buffer.from([...Buffer.from(keys[1]!.hash, 'hex'), ...bytes]).toString('base64')}`
    const { bytes } = parseSignature(ml_dsa_44!)!
    expect(openNote(noteOf(checkpointText(head), [lines(bytes)]), keys).ok).toBe(true)
    const later = Uint8Array.from(bytes)
    later[7] = 1
    const far = Uint8Array.from(bytes)
    far[0] = 0x80
    for (const each of [later, far, bytes.slice(8), bytes.slice(0, -1), Uint8Array.of(...bytes, 0)])
      expect(problemOf(noteOf(checkpointText(head), [lines(each)]), keys)).toBe('bad_signature')
    for (const other_head of [
      { ...head, size: 6 },
      { ...head, origin: 'custody/x/1' },
      { ...head, root: 'ac'.repeat(32) },
    ])
      expect(problemOf(noteOf(checkpointText(other_head), [ml_dsa_44!]), keys)).toBe('bad_signature')
    expect(problemOf(noteOf('no checkpoint\n', [ml_dsa_44!]), keys)).toBe('bad_signature')
  })
})

describe('statements', () => {
  const keys = pair.verifier_keys.map(parseVerifierKey)
  const statement = { ledger: 'x', index: 3, root: 'ab'.repeat(32), change: 'add', keys: ['a+b', 'c'] }
  const text = keyChangeText(statement)
  const signatures = pair.signStatement(text)

  test('are a line that says what they are about, and canonical JSON', () => {
    expect(text).toBe(
      `custody key change\n{"change":"add","index":3,"keys":["a+b","c"],"ledger":"x","root":"${'ab'.repeat(32)}"}\n`,
    )
    const born = { k: 'birth', format: 1, ledger: 'x', keys: ['a'], signatures: ['s'], t: 5 } as const
    expect(birthText(born)).toBe('custody birth\n{"format":1,"keys":["a"],"ledger":"x","t":5}\n')
    expect(() => parseCheckpoint(text)).toThrow(NoteError)
  })
  test('hold with signatures of those who may sign, each once, and no others', () => {
    expect(checkStatement(text, signatures, keys)).toEqual({ ok: true, signed_by: keys })
    expect(checkStatement(text, [], keys)).toEqual({ ok: true, signed_by: [] })
    const wrong: ReadonlyArray<readonly string[]> = [
      [...signatures, signatures[0]!],
      [...signatures, ...other.signStatement(text)],
      ['nonsense'],
      [signatures[0]!.replace('pair', 'peer')],
    ]
    for (const each of wrong) expect(checkStatement(text, each, keys), `${each}`).toMatchObject({ ok: false })
  })
  test('any that is changed isn’t the one that was signed', () => {
    const variant = fc.constantFrom<Partial<typeof statement>>(
      ...[{ ledger: 'y' }, { index: 4 }, { root: 'ac'.repeat(32) }, { change: 'revoke' }],
      ...[{ keys: ['a+b'] }, { keys: ['c', 'a+b'] }, { keys: ['a+b,c'] }],
    )
    fc.assert(
      fc.property(variant, fc.nat(1), (change, which) => {
        const changed = keyChangeText({ ...statement, ...change })
        expect(checkStatement(changed, [signatures[which]!], keys).ok).toBe(false)
      }),
      { numRuns: 20 },
    )
  })
  test('a head’s signature is none of a statement, nor the other way round', () => {
    const head = { origin: 'custody/x/0', size: 5, root: 'ab'.repeat(32) }
    for (const each of pair.signHead(head)) expect(checkStatement(text, [each], keys).ok).toBe(false)
    for (const each of signatures)
      expect(openNote(noteOf(checkpointText(head), [each]), keys)).toMatchObject({ problem: 'bad_signature' })
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

import { createPublicKey, verify as verifyBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkpointText } from './checkpoint.ts'
import { cosignaturesOf, parseCosignerKey } from './cosignature.ts'
import { encodeCosigningKeys, makeCosigner, parseCosigningKeys } from './cosigning-key.ts'
import { noteOf, openNote, parseSignature } from './note.ts'
import { makeSigner, privateKey } from './signing-key.ts'
import { NoteError, parseVerifierKey } from './verifier-key.ts'

const SEED = new Uint8Array(32).fill(5)
const witness = makeCosigner('witness.example/w1', { ed25519: SEED, 'ml-dsa-44': SEED })
const signer = makeSigner('log.example', new Uint8Array(32).fill(6))
const head = { origin: 'custody/x/0', size: 5, root: 'ab'.repeat(32) }
const TEXT = checkpointText(head)
const cosigned = (time: number) => noteOf(TEXT, [...signer.signHead(head), ...witness.cosign(TEXT, head, time)])
const [ed25519, ml_dsa_44] = witness.keys

test('a witness’s cosignatures hold, with their time; the log’s own signature isn’t one, and still opens the note', () => {
  const note = cosigned(1679315147)
  expect(cosignaturesOf(note, witness.keys)).toEqual({
    ok: true,
    cosignatures: witness.keys.map(key => ({ key, timestamp: 1679315147 })),
  })
  expect(cosignaturesOf(note, [])).toEqual({ ok: true, cosignatures: [] })
  expect(openNote(note, [parseVerifierKey(signer.verifier_key)]).ok).toBe(true)
})

test('what Ed25519 signs is two lines and the text, as in C2SP tlog-cosignature', () => {
  const [line = ''] = witness.cosign(TEXT, head, 1679315147)
  const { bytes } = parseSignature(line) ?? { bytes: new Uint8Array() }
  const message = Buffer.from(`cosignature/v1\ntime 1679315147\n${TEXT}`)
  const key = createPublicKey(privateKey('ed25519', SEED))
  expect(Buffer.from(bytes.subarray(0, 8)).readBigUInt64BE()).toBe(1679315147n)
  expect(verifyBytes(null, message, key, bytes.subarray(8))).toBe(true)
})

describe('keys', () => {
  test('are of types 04 and 06: those of logs are none', () => {
    for (const key of witness.keys) expect(parseCosignerKey(key.text)).toEqual(key)
    expect(() => parseCosignerKey(signer.verifier_key)).toThrow('type 01')
    expect(() => parseVerifierKey(ed25519?.text ?? '')).toThrow(NoteError)
    for (const text of ['', 'a', `${ed25519?.text}=`, ed25519?.text.replace('/w1', '/w2') ?? ''])
      expect(() => parseCosignerKey(text), text).toThrow(NoteError)
  })
  test('of a witness are written and read', () => {
    const text = encodeCosigningKeys('w', { ed25519: SEED, 'ml-dsa-44': SEED })
    const [first = '', second = ''] = text.trim().split('\n')
    expect(parseCosigningKeys(text).keys.map(each => each.cosigns)).toEqual(['ed25519', 'ml-dsa-44'])
    expect(parseCosigningKeys(second).keys.map(each => each.cosigns)).toEqual(['ml-dsa-44'])
    const others = encodeCosigningKeys('v', { ed25519: SEED, 'ml-dsa-44': SEED }).split('\n')
    for (const bad of [
      '',
      `${first} ${first}`,
      `${first}\n${others[1]}`,
      first.replace('+w+', '+u+'),
      first.slice(0, -4),
    ])
      expect(() => parseCosigningKeys(bad), bad).toThrow(NoteError)
  })
})

test('any change of the head, the time, the name or the signature spoils the note', () => {
  const note = cosigned(1_800_000_000)
  const lines = note.split('\n')
  const change = fc.record({
    line: fc.constantFrom(0, 1, 2),
    key: fc.constantFrom(...witness.keys),
    time: fc.constantFrom(1, 8, 40),
  })
  fc.assert(
    fc.property(change, ({ line, key, time }) => {
      const changed = [...lines]
      changed[line] = ['custody/x/1', '6', `${'A'.repeat(43)}=`][line] ?? ''
      expect(cosignaturesOf(changed.join('\n'), [key])).toMatchObject({ ok: false })
      const at = lines.findIndex(each => parseSignature(each.slice(2))?.hash === key.hash)
      const bytes = Buffer.from(lines[at]?.split(' ')[2] ?? '', 'base64')
      bytes[3 + time] = (bytes[3 + time] ?? 0) ^ 1
      const other = lines.with(at, `— ${key.name} ${bytes.toString('base64')}`)
      expect(cosignaturesOf(other.join('\n'), [key])).toMatchObject({ ok: false })
      // Whoever doesn't know the key passes it over.
      expect(
        cosignaturesOf(
          other.join('\n'),
          witness.keys.filter(each => each !== key),
        ),
      ).toMatchObject({ ok: true })
    }),
    { numRuns: 20 },
  )
})

test('a second, bad line of a key spoils the note; one that holds is another cosignature', () => {
  const lines = [...witness.cosign(TEXT, head, 7), ...witness.cosign(TEXT, head, 8)]
  expect(cosignaturesOf(noteOf(TEXT, lines), witness.keys)).toMatchObject({
    cosignatures: [{ timestamp: 7 }, { timestamp: 7 }, { timestamp: 8 }, { timestamp: 8 }],
  })
  const bad = witness.cosign(TEXT.replace('5', '6'), { ...head, size: 6 }, 8)
  expect(cosignaturesOf(noteOf(TEXT, [...lines, ...bad]), witness.keys).ok).toBe(false)
})

test('the same key under another name says another thing with ML-DSA-44, and the same with Ed25519', () => {
  const other = makeCosigner('other.example', { ed25519: SEED, 'ml-dsa-44': SEED })
  const relabelled = (key = ed25519, at = 0) => {
    const bytes = Buffer.from(witness.cosign(TEXT, head, 9)[at]?.split(' ')[1] ?? '', 'base64')
    const to = other.keys[at]
    bytes.write(to?.hash ?? '', 'hex')
    return cosignaturesOf(
      noteOf(TEXT, [`${to?.name} ${bytes.toString('base64')}`]),
      key === undefined ? [] : other.keys,
    ).ok
  }
  expect(relabelled()).toBe(true)
  expect(relabelled(ml_dsa_44, 1)).toBe(false)
})

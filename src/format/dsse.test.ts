import { createPublicKey, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { envelopeOf, preAuthenticationEncoding } from './dsse.ts'
import { makeSigner } from './signing-key.ts'
import { parseVerifierKey } from './verifier-key.ts'

test('the encoding is that of the standard’s example, and counts bytes', () => {
  expect(preAuthenticationEncoding('http://example.com/HelloWorld', 'hello world')).toBe(
    'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
  )
  expect(preAuthenticationEncoding('é', '€')).toBe('DSSEv1 2 é 3 €')
})

test('each key of a signer signs, and names itself', () => {
  const signer = makeSigner('test', new Uint8Array(32).fill(1), new Uint8Array(32).fill(2))
  const { payload, payloadType, signatures } = envelopeOf('text/x', '{"a":"é"}', signer)
  expect(Buffer.from(payload, 'base64').toString()).toBe('{"a":"é"}')
  expect(payloadType).toBe('text/x')
  const keys = signer.verifier_keys.map(parseVerifierKey)
  expect(signatures.map(each => each.keyid)).toEqual(keys.map(each => `${each.name}+${each.hash}`))
  const [ed25519] = keys
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(ed25519?.public_key ?? []).toString('base64url') },
    format: 'jwk',
  })
  const signed = (text: string) => verify(null, Buffer.from(text), key, Buffer.from(signatures[0]?.sig ?? '', 'base64'))
  expect(signed('DSSEv1 6 text/x 10 {"a":"é"}')).toBe(true)
  expect(signed('{"a":"é"}')).toBe(false)
})

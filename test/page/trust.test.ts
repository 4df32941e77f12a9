import { expect, test } from 'vitest'
import { makeCosigner } from '../../src/format/cosigning-key.ts'
import { makeSigner } from '../../src/format/signing-key.ts'
import { trustIn } from '../../src/read/check/trust-text.ts'

const KEY = makeSigner('key', new Uint8Array(32).fill(1)).verifier_key
const WITNESS = makeCosigner('witness', { ed25519: new Uint8Array(32).fill(2) }).keys[0]?.text

const trusting = (text: string) => {
  const read = trustIn(text)
  if (!read.ok) throw new Error(read.message)
  const { trusted, policy, authorities } = read.trusting
  return {
    keys: trusted?.map(each => each.text) ?? null,
    logs: policy?.logs.length ?? null,
    authorities: authorities?.length,
  }
}

test('keys, a policy, or both, from one text', () => {
  expect(trusting('')).toEqual({ keys: [], logs: null, authorities: 0 })
  expect(trusting(`# whose\r\n${KEY}\r\n`)).toEqual({ keys: [KEY], logs: null, authorities: 0 })
  const policy = `log ${KEY}\nwitness w ${WITNESS}\nquorum w\n`
  // Whose log it is, the policy says.
  expect(trusting(policy)).toEqual({ keys: null, logs: 1, authorities: 0 })
  expect(trusting(`${policy}${KEY}`)).toEqual({ keys: [KEY], logs: 1, authorities: 0 })
  // It doesn't.
  expect(trusting(`witness w ${WITNESS}\r\nquorum w`)).toEqual({ keys: [], logs: 0, authorities: 0 })
})

test('what is none of these is named by its line, and not repeated', () => {
  const message = (text: string) => {
    const read = trustIn(text)
    return read.ok ? '' : read.message
  }
  expect(message(`${KEY}\nPRIVATE+KEY+a+00000000+SECRET`)).toMatch(/^Line 2 is a signing key/)
  expect(message(`${KEY}\nPRIVATE+KEY+a+00000000+SECRET`)).not.toContain('SECRET')
  expect(message(`${KEY}\n\nlog nothing\n`)).toMatch(/^Line 3 of the policy: /)
  expect(message('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')).toMatch(
    /^A certificate can’t be read: /,
  )
  expect(message('-----BEGIN CERTIFICATE-----\nAAAA\n')).toMatch(/^Line 1 is no verifier key/)
})

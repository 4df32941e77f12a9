/** docs/ledger-format.md shows what the code does. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { encodedBy } from '../../test/support/encoded.ts'
import { simpleRow } from '../../test/support/ledger.ts'
import { cosignedMessage } from '../format/checkpoint.ts'
import type { FieldOrders } from '../format/entry.ts'
import { fieldOrderOf } from '../format/field-order.ts'
import { bytesToHex, commitment, leafHash, nodeHash } from '../format/hash.ts'
import { makeSigner } from '../format/signing-key.ts'
import { keyChangeText } from '../format/statement.ts'
import { parseVerifierKey } from '../format/verifier-key.ts'
import { canonicalize } from '../model/canonical.ts'
import type { Json } from '../model/row.ts'
import { sha256Hex } from '../model/sha256.ts'
import { APPLICATION_ID, PAGE_SIZE_BYTES, schemaStatements } from './sqlite/schema.ts'
import { encodeSubject } from './write/encode.ts'
import { Entropy } from './write/entropy.ts'

const page = readFileSync(new URL('../../docs/ledger-format.md', import.meta.url), 'utf8')

test('the tables and indexes of the page are those of a ledger', () => {
  const shown = statementsOf([...page.matchAll(/```sql\n(.*?)```/gs)].map(match => match[1]).join(''))
  const real = schemaStatements().filter(each => /^CREATE (TABLE|INDEX|UNIQUE INDEX)/.test(each))
  expect(shown).toHaveLength(real.length)
  for (const statement of real) {
    // The page leaves out the check of `endings`.
    expect(shown).toContain(statement.startsWith('CREATE TABLE endings') ? statement.split(',\n  CHECK')[0] : statement)
  }
  expect(page).toContain(`is ${APPLICATION_ID}`)
  expect(page).toContain(`page size is ${PAGE_SIZE_BYTES}`)
})

function statementsOf(text: string): readonly string[] {
  return text
    .split(/;\n|\n(?=CREATE)/)
    .map(each => each.trim())
    .filter(each => each !== '')
}

test('the test vectors and the example', () => {
  // Salts of ones, and of twos.
  const salts = new Entropy(() => new Uint8Array([...Array<number>(16).fill(1), ...Array<number>(16).fill(2)]))
  const { body, payload, texts } = encodedBy((to, entropy) => encodeSubject(to, simpleRow(1), entropy), salts)
  const commitments = texts.map((text, i) => commitment(new Uint8Array(16).fill(i + 1), text))
  const [a, b] = [leafHash('a'), leafHash('b')] as const
  for (const text of [payload, body, leafHash(body), a, nodeHash(a, b), ...commitments]) {
    expect(page).toContain(text)
  }
})

test('the keys, and what they sign', () => {
  const signer = makeSigner('example', new Uint8Array(32).fill(1), new Uint8Array(32).fill(2))
  const [ed25519, ml_dsa_44] = signer.verifier_keys.map(parseVerifierKey)
  const head = { origin: 'custody/x/0', size: 1, root: 'ab'.repeat(32) }
  const change = keyChangeText({ ledger: 'x', index: 1, root: head.root, change: 'retire', keys: ['a'] })
  for (const text of [
    ...[ed25519?.text, ml_dsa_44?.hash, sha256Hex(ml_dsa_44?.public_key ?? '')],
    ...[`— ${signer.signHead(head)[0]}\n`, bytesToHex(cosignedMessage('example', 0n, head))],
    `${change}${signer.signStatement(change)[0]}\n`,
  ])
    expect(page).toContain(text)
})

test('the order of fields that is shown', () => {
  const [, order_text = '', canonical = '', row = ''] =
    /So `(\[.*?\])` says\s+that the rows of tokens 7 and 8, with the canonical text `(.*?)`, stand as `(.*?)`/s.exec(
      page,
    ) ?? []
  const [[tokens, ...order] = []] = JSON.parse(order_text) as FieldOrders
  expect(tokens).toEqual([7, 8])
  expect(`[${fieldOrderOf(JSON.parse(row) as Json)}]`).toBe(JSON.stringify(order))
  expect(canonicalize(JSON.parse(row) as Json)).toBe(canonical)
})

import { describe, expect, test } from 'vitest'
import type { Json } from '../model/row.ts'
import { DecodeError } from './decode.ts'
import { decodePayload, SubjectValues } from './values.ts'

const payload = (body: string, values: number, seq = 4) => ({ seq, salts: new Uint8Array(values * 16), body })
const problem = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (error instanceof DecodeError) return `${error.seq}: ${error.message}`
    throw error
  }
  return 'none'
}
const commits = (first_value: number, count: number) => ({
  first_value,
  commitments: Array.from({ length: count }, (_, i) => `hash ${first_value + i}`),
})
const plain = (value: Json | null): unknown => JSON.parse(JSON.stringify(value))

describe('payloads', () => {
  test('values in full and as changes, each with its salt', () => {
    const salts = new Uint8Array(32).map((_, i) => i)
    const decoded = decodePayload({ seq: 4, salts, body: '[[{"a":1}],[1,{"b":2},["a","c"]]]' })
    expect(plain(decoded.values as unknown as Json)).toEqual([
      { kind: 'full', value: { a: 1 } },
      { kind: 'patch', base: 1, set: { b: 2 }, unset: ['a', 'c'] },
    ])
    expect(decoded.salts.map(salt => [...salt].slice(0, 2))).toEqual([
      [0, 1],
      [16, 17],
    ])
  })
  test.each([
    ['[]', 0, 'the payload is not a list of values'],
    ['{}', 0, 'the payload is not a list of values'],
    ['[[1]', 1, /^the payload is not strict JSON/],
    ['[[{"a":1,"a":2}]]', 1, /^the payload is not strict JSON/],
    ['[[{"b":1,"a":2}]]', 1, 'the payload is not its own canonical re-encoding'],
    ['[ [1]]', 1, 'the payload is not its own canonical re-encoding'],
    ['[[1.0]]', 1, 'the payload is not its own canonical re-encoding'],
    ['[1]', 1, /^element 0 of the payload/],
    ['[[]]', 1, /^element 0 of the payload/],
    ['[[1],[0,{},[]]]', 2, /^element 1 of the payload/],
    ['[[1,{}]]', 1, /^element 0 of the payload/],
    ['[[1,[],[]]]', 1, /^element 0 of the payload/],
    ['[[1,{},[1]]]', 1, /^element 0 of the payload/],
    ['[[1,{},["b","a"]]]', 1, /^element 0 of the payload/],
    ['[[1,{},["a","a"]]]', 1, /^element 0 of the payload/],
    ['[[1]]', 2, 'the payload has 1 value and 32 bytes of salt, not 16'],
  ])('%s with %i salts', (body, salts, message) => {
    const found = problem(() => decodePayload(payload(body, salts)))
    expect(found.slice(0, 3)).toBe('4: ')
    expect(found.slice(3)).toMatch(message)
  })
})

describe('values of a subject', () => {
  test('fold in full, as changes of earlier ones, over several entries', () => {
    const values = new SubjectValues()
    values.add(4, commits(1, 2), decodePayload(payload('[[{"__proto__":1,"a":1}],[1,{"b":2},["a"]]]', 2)))
    expect(values.add(9, commits(0, 0), null)).toBe(3)
    expect(values.add(12, commits(3, 1), decodePayload(payload('[[2,{"c":3},[]]]', 1, 12)))).toBe(3)
    expect(values.count).toBe(3)
    expect([1, 2, 3, 4].map(n => JSON.stringify(values.get(n)))).toEqual([
      '{"__proto__":1,"a":1}',
      '{"__proto__":1,"b":2}',
      '{"__proto__":1,"b":2,"c":3}',
      'null',
    ])
    expect([1, 3, 4].map(n => values.commitment(n))).toEqual(['hash 1', 'hash 3', null])
  })
  test('erased ones are missing, and so is what is stored as a change of one; their salts are gone', () => {
    const values = new SubjectValues()
    const gone = payload('[null]', 1)
    expect(decodePayload(gone).values).toEqual([{ kind: 'erased' }])
    const salted = { ...gone, salts: new Uint8Array(16).fill(1) }
    expect(problem(() => decodePayload(salted))).toMatch('the salt of a value that is erased')
    values.add(4, commits(1, 1), decodePayload(gone))
    expect(values.isMissing(1)).toBe(true)
    values.add(5, commits(2, 2), decodePayload(payload('[[1,{"a":1},[]],[{"x":1}]]', 2)))
    expect([values.get(1), values.get(2), plain(values.get(3))]).toEqual([null, null, { x: 1 }])
  })
  test('numbers stay right after a problem, and the values in question are missing', () => {
    const values = new SubjectValues()
    const decoded = decodePayload(payload('[[1]]', 1))
    expect(problem(() => values.add(4, commits(2, 1), decoded))).toBe('4: its first value has number 2, not 1')
    expect(problem(() => values.add(5, commits(2, 2), decoded))).toBe(
      '5: the payload has 1 value, and the entry commits to 2',
    )
    expect(problem(() => values.add(6, commits(0, 0), decoded))).toBe('6: it has a payload and no commitments')
    expect(values.count).toBe(3)
    expect(values.get(2)).toBeNull()
  })
  test.each([
    ['[[1,{},[]]]', 'value 1 is stored as a change of value 1, which is none before it'],
    ['[[7],[1,{},[]]]', "value 2 is stored as a change of something that isn't a row"],
    ['[[{}],[1,{},["a"]]]', "value 2 is stored with a field removed that isn't there to be removed"],
    ['[[{"a":1}],[1,{"a":1},["a"]]]', "value 2 is stored with a field removed that isn't there to be removed"],
  ])('%s', (body, message) => {
    const decoded = decodePayload(payload(body, body.split('],[').length))
    const count = decoded.values.length
    expect(problem(() => new SubjectValues().add(4, commits(1, count), decoded))).toBe(`4: ${message}`)
  })
})

describe('changes of changes', () => {
  /** Value 1 has one field, each other one more than the one before. */
  const chain = (count: number) => {
    const body = `[[{"a":1}]${Array.from({ length: count - 1 }, (_, i) => `,[${i + 1},{"f${i}":1},[]]`).join('')}]`
    return decodePayload(payload(body, count))
  }

  test('are still right long after what they changed is forgotten', { tags: ['proof'] }, () => {
    const values = new SubjectValues()
    values.add(4, commits(1, 1_000), chain(1_000))
    for (const number of [1, 2, 700, 999, 1_000, 3])
      expect(Object.keys(values.get(number) as object)).toHaveLength(number)
  })
  test('that come to very much more than is stored of them are not looked at to the end', { tags: ['proof'] }, () => {
    const values = new SubjectValues()
    const decoded = chain(20_000)
    expect(problem(() => values.add(4, { first_value: 1, commitments: Array(20_000).fill('x') }, decoded))).toMatch(
      /^4: value 2002 isn't looked at: changes of changes have come to too much$/,
    )
  })
})

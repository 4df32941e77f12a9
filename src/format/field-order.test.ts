import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalize } from '../model/canonical.ts'
import { type Json, withoutPrototypes } from '../model/row.ts'
import { type FieldOrder, fieldOrderOf, inOrder } from './field-order.ts'

const parsed = (text: string): Json => withoutPrototypes(JSON.parse(text) as Json)
const orderOf = (value: Json): FieldOrder => JSON.parse(`[${fieldOrderOf(value)}]`) as FieldOrder

/** Few names, so that objects share them; some that JavaScript puts first, or could take for more than names. */
const name = fc.constantFrom('a', 'b', 'c', '10', '9', '', 'Z', '\u{1f600}', '\ufb33', '__proto__', 'constructor')
const { value: json } = fc.letrec<{ value: Json }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.constant('{')),
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .uniqueArray(fc.tuple(name, tie('value')), { selector: ([field]) => field, maxLength: 5 })
      .map(fields =>
        parsed(`{${fields.map(([field, each]) => `${JSON.stringify(field)}:${JSON.stringify(each)}`).join(',')}}`),
      ),
  ),
}))

describe('field order', () => {
  test('canonical text and order give the value back as it stood', () => {
    fc.assert(
      fc.property(json, value => {
        const restored = inOrder(parsed(canonicalize(value)), orderOf(value))
        expect(JSON.stringify(restored)).toBe(JSON.stringify(value))
      }),
    )
  })

  test('it does not matter in which order the fields stood that are put in order', () => {
    fc.assert(
      fc.property(json, value => {
        const order = orderOf(value)
        const restored = inOrder(value, order)
        expect(JSON.stringify(restored)).toBe(JSON.stringify(value))
        expect(JSON.stringify(inOrder(inOrder(value, []), order))).toBe(JSON.stringify(value))
      }),
    )
  })

  test('is empty where all fields are in canonical order', () => {
    expect(fieldOrderOf(parsed('{"a":1,"b":[{"c":null,"d":{"e":"x","f":2}}],"g":[]}'))).toBe('')
    expect(fieldOrderOf('a text')).toBe('')
  })

  test('has each object that stands otherwise, by the place of its brace in the canonical text', () => {
    const value = '{"z":[{},{"y":1,"x":{"b":1,"a":2}}],"m":{"q":1,"p":{}}}'
    expect(canonicalize(parsed(value))).toBe('{"m":{"p":{},"q":1},"z":[{},{"x":{"a":2,"b":1},"y":1}]}')
    expect(fieldOrderOf(parsed(value))).toBe('[0,1,0],[1,1,0],[4,1,0],[5,1,0]')
  })

  test('what stands so already is the same object', () => {
    const value = parsed('{"a":{"b":1,"c":[{"d":1}]},"e":[{"g":1,"f":2}]}')
    expect(inOrder(value, orderOf(value))).toBe(value)
    const { a } = value as { readonly a: Json }
    expect((inOrder(value, []) as { readonly a: Json }).a).toBe(a)
  })
})

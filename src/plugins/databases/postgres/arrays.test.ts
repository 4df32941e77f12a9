import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Unfit } from '../database.ts'
import { arrayCell } from './arrays.ts'

type Nested = string | null | readonly Nested[]

/** As array_out of PostgreSQL writes it. */
function written(value: Nested, delimiter: string): string {
  if (value === null) return 'NULL'
  if (typeof value !== 'string') return `{${value.map(each => written(each, delimiter)).join(delimiter)}}`
  const plain = value !== '' && !/[\\"{}\s]/.test(value) && !value.includes(delimiter) && !/^null$/i.test(value)
  return plain ? value : `"${value.replace(/[\\"]/g, '\\$&')}"`
}

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', 'NULL', 'null', '"', '\\', '{}', ',', ';', ' a ', 'a,b', '\n'),
)
const nested = fc.letrec<{ list: Nested[]; item: Nested }>(tie => ({
  list: fc.array(tie('item'), { maxLength: 4 }),
  item: fc.oneof({ depthSize: 'small' }, text, fc.constant(null), tie('list')),
})).list

test.each([',', ';'])('what the server writes with %s between elements is read as it was', delimiter => {
  fc.assert(
    fc.property(nested, value => {
      expect(arrayCell(written(value, delimiter), each => each, delimiter)).toEqual(value)
    }),
  )
})

test('an element that a row can’t hold makes the whole none, and so does another first number', () => {
  const read = (each: string) => (each === 'NaN' ? new Unfit(each, 'it is no finite number') : Number(each))
  expect(arrayCell('{1,{2,NULL}}', read, ',')).toEqual([1, [2, null]])
  expect(arrayCell('{1,NaN}', read, ',')).toEqual(new Unfit('{1,NaN}', 'of an element: it is no finite number'))
  expect(arrayCell('[0:1]={1,2}', read, ',')).toMatchObject({ why: 'its first element isn’t number 1' })
  expect(() => arrayCell('{1,2', read, ',')).toThrow(SyntaxError)
})

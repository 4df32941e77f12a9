import { describe, expect, test } from 'vitest'
import { filterOf, lineOf } from './filter-line.ts'

describe('a line of search', () => {
  test('has keys of the API; words without one are looked for as text', () => {
    expect(filterOf('outcome=ROUTED call after')).toEqual({ outcome: ['ROUTED'], text: 'call after' })
    expect(filterOf('node=a node=b value=id=17 min_cost_usd=0.5')).toEqual({
      ...{ node: ['a', 'b'], value: ['id=17'], min_cost_usd: 0.5 },
    })
    expect(filterOf('  ')).toEqual({})
  })

  test('may have quotes around what has blanks, and is the same when it is written again', () => {
    const line = 'cause=gate text="a \\"b\\" \\\\ c" where="row.amount > 5"'
    expect(filterOf(line)).toEqual({ cause: ['gate'], text: 'a "b" \\ c', where: 'row.amount > 5' })
    expect(filterOf(lineOf(filterOf(line)))).toEqual(filterOf(line))
    expect(filterOf('"open')).toEqual({ text: '"open' })
  })

  test('is refused with a reason', () => {
    expect(() => filterOf('note=x')).toThrow('rows can’t be searched by `note`')
    expect(() => filterOf('constructor=x')).toThrow('can’t be searched')
    expect(() => filterOf('a text=b')).toThrow('there is a `text=`, too')
    expect(() => filterOf('min_cost_usd=much')).toThrow('min_cost_usd: ')
  })
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MemoryShelf } from '../read/verify/shelf.ts'
import { TextShelf } from './text-shelf.ts'

const number = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constant(Number.MAX_SAFE_INTEGER))
const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), number, text: fc.string({ maxLength: 20 }) }),
  fc.record({ kind: fc.constantFrom('take' as const, 'look' as const), number }),
)

test('what is put there is found there, until it is taken', () => {
  fc.assert(
    fc.property(fc.array(step), steps => {
      const [shelf, plain] = [new TextShelf(), new MemoryShelf()]
      for (const each of steps) {
        if (each.kind === 'put') {
          shelf.put(each.number, `ä😀${each.text}`)
          plain.put(each.number, `ä😀${each.text}`)
        } else expect(shelf[each.kind](each.number)).toBe(plain[each.kind](each.number))
      }
      expect([...shelf.all()]).toEqual([...plain.all()])
      shelf.close()
      plain.close()
      expect([...shelf.all()]).toEqual([...plain.all()])
    }),
    { numRuns: 50 },
  )
})

test('much more than stays in memory', () => {
  const shelf = new TextShelf()
  const text = (number: number) => `${number} ${'x'.repeat(10_000)}`
  for (let number = 1; number <= 2_000; number++) shelf.put(number, text(number))
  for (const number of [1_999, 1, 1_000]) expect(shelf.take(number)).toBe(text(number))
  expect(shelf.take(1)).toBeNull()
  expect([...shelf.all()].length).toBe(1_997)
  shelf.close()
})

test('what can’t be done says what to do', () => {
  const shelf = new TextShelf()
  shelf.put(1, 'text')
  const stream = shelf.all()[Symbol.iterator]()
  shelf.close()
  expect(() => stream.next()).not.toThrow()
  shelf.put(1, 'text')
  expect(() => shelf.put(1.5, 'text')).toThrow(
    expect.objectContaining({ code: 'CUSTODY_SPILL', hint: expect.stringContaining('SQLITE_TMPDIR') }),
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OpenRows } from './open-rows.ts'

test('each row comes once, in order, with the number of its tokens', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 200 }),
      fc.constantFrom(1, 2 ** 40),
      (rows, by) => {
        const open = new OpenRows()
        const counts = new Map<number, number>()
        for (const row of rows) {
          open.add(row * by)
          counts.set(row * by, (counts.get(row * by) ?? 0) + 1)
        }
        expect([...open]).toEqual([...counts].sort(([a], [b]) => a - b))
      },
    ),
  )
})

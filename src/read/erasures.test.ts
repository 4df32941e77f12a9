import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Erasures } from './erasures.ts'

const SIZE = 40
/** What one entry of log 0 may name: in order, and apart from each other. */
const one = fc
  .uniqueArray(fc.nat(SIZE - 1), { minLength: 1, maxLength: 12 })
  .map(seqs => seqs.sort((a, b) => a - b))
  .chain(seqs =>
    fc.array(fc.boolean(), { minLength: seqs.length, maxLength: seqs.length }).map(kinds => ({ seqs, kinds })),
  )
  .map(({ seqs, kinds }) => {
    const erased: number[][] = []
    for (let i = 0; i < seqs.length; i++) {
      const first = seqs[i] as number
      if (kinds[i] !== true) erased.push([first, first, 1, 3])
      else if (i + 1 < seqs.length) erased.push([first, seqs[++i] as number])
      else erased.push([first, first])
    }
    return erased
  })

test('has exactly what entries of log 0 named, of that log', () => {
  fc.assert(
    fc.property(fc.array(one, { maxLength: 4 }), entries => {
      const erasures = new Erasures()
      for (const each of entries) expect(erasures.add(1, each, SIZE)).toBeNull()
      for (let seq = 0; seq < SIZE; seq++)
        for (const place of [1, 2, 3]) {
          const named = entries
            .flat()
            .some(([first = 0, last = 0, ...places]) =>
              places.length === 0 ? first <= seq && seq <= last : first === seq && places.includes(place),
            )
          expect(erasures.has(1, seq, place)).toBe(named)
          expect(erasures.has(2, seq, place)).toBe(false)
        }
    }),
  )
})

test('what names nothing, or what can’t be, is refused', () => {
  for (const bad of [
    [],
    [[1]],
    [[2, 1]],
    [[0, SIZE]],
    [[1, 1, 0]],
    [[1, 2, 1]],
    [[1, 1, 2, 2]],
    [
      [1, 2],
      [2, 3],
    ],
  ])
    expect(new Erasures().add(1, bad, SIZE)).not.toBeNull()
})

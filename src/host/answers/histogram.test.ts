import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Histogram } from './histogram.ts'

test('HISTOGRAM-1: quantiles are those of all values, or up to 1/64 more', () => {
  const values = fc.array(fc.oneof(fc.nat(300), fc.nat(), fc.nat(Number.MAX_SAFE_INTEGER)), { minLength: 1 })
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
      const histogram = new Histogram()
      for (const each of all) histogram.add(each)
      const exact = all.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * all.length)) - 1] ?? 0
      const found = histogram.quantile(share)
      expect(found).toBeGreaterThanOrEqual(exact)
      expect(found).toBeLessThanOrEqual(exact * (1 + 1 / 64))
    }),
  )
})

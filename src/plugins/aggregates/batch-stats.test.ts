import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tryBatch } from '../../../test/support/try-batch.ts'
import { leaving, refusals, schemaOf } from '../../../test/support/try-out.ts'
import type { Json } from '../../model/row.ts'
import { batchStats } from './batch-stats.ts'

type Stats = { [name: string]: number | null }

const statsOf = async (values: readonly Json[], options: { [option: string]: Json } = {}) => {
  const result = await tryBatch(
    batchStats,
    { value: 'v', ...options },
    values.map(v => ({ v })),
  )
  return typeof result === 'string' ? result : (result[0] as unknown as Stats)
}

/** By the textbook, in plain doubles. */
function naive(values: readonly number[], divisor: number): Stats {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => {
    const rank = (sorted.length - 1) * share
    const [low, high] = [sorted[Math.floor(rank)] as number, sorted[Math.ceil(rank)] as number]
    return low + (high - low) * (rank - Math.floor(rank))
  }
  const sum = values.reduce((a, b) => a + b, 0)
  const mean = sum / values.length
  const squares = values.reduce((all, value) => all + (value - mean) ** 2, 0)
  return {
    count: values.length,
    sum,
    mean,
    min: Math.min(...values),
    max: Math.max(...values),
    stddev: divisor === 0 ? null : Math.sqrt(squares / divisor),
    p50: at(0.5),
    p95: at(0.95),
  }
}

const value = fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.double({ min: -1e6, max: 1e6, noNaN: true }))

describe('against the textbook', () => {
  test.each(['sample', 'population'])('%s', async stddev => {
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1 }), async values => {
        const expected = naive(values, stddev === 'sample' ? values.length - 1 : values.length)
        const got = (await statsOf(values, { stddev })) as Stats
        expect(Object.keys(got)).toEqual(Object.keys(expected))
        for (const [name, each] of Object.entries(expected)) {
          if (each === null) expect(got[name]).toBeNull()
          else expect(Math.abs((got[name] as number) - each)).toBeLessThanOrEqual(1e-6)
        }
        const { min, p50, p95, max, mean } = got as { [name: string]: number }
        const order = [min, p50, p95, max]
        expect(order.toSorted((a, b) => (a as number) - (b as number))).toEqual(order)
        expect(mean).toBeGreaterThanOrEqual(min as number)
        expect(mean).toBeLessThanOrEqual(max as number)
      }),
    )
  })

  test('the deviation of large values that are close together', async () => {
    const values = [4, 7, 13, 16].map(each => each + 1e15)
    expect(await statsOf(values)).toMatchObject({ stddev: Math.sqrt(30) })
    expect(await statsOf([1e-200, 3e-200], { stddev: 'population' })).toMatchObject({ stddev: 1e-200 })
    expect(((await statsOf([0, 2e200], { stddev: 'population' })) as Stats).stddev).toBeCloseTo(1e200, -190)
    expect(await statsOf([0.1, 0.1, 0.1])).toMatchObject({ mean: 0.1, stddev: 0 })
    // Their distance is no double, their deviation is.
    const huge = (await statsOf([1e308, 1e308, -1e308])) as Stats
    expect(huge).toMatchObject({ sum: 1e308, p50: 1e308 })
    expect((huge.stddev as number) / 1e308).toBeCloseTo(Math.sqrt(4 / 3), 12)
  })
})

test('the order of rows doesn’t matter, but for the order of groups', async () => {
  const row = fc.record({ g: fc.constantFrom('a', 'b', 1, '1', null), v: fc.oneof(value, fc.constant(null)) })
  await fc.assert(
    fc.asyncProperty(fc.array(row), async rows => {
      const options = { value: 'v', group_by: 'g' }
      const there = await tryBatch(batchStats, options, rows)
      const back = await tryBatch(batchStats, options, rows.toReversed())
      expect(new Set([...back].map(each => JSON.stringify(each)))).toEqual(
        new Set([...there].map(each => JSON.stringify(each))),
      )
      const groups = (there as unknown as { g: Json; count: number }[]).map(({ g }) => g)
      expect(groups).toEqual([...new Set(rows.map(({ g }) => g))])
      const counts = (there as unknown as { count: number }[]).reduce((sum, { count }) => sum + count, 0)
      expect(counts).toBe(rows.filter(({ v }) => v !== null).length)
    }),
  )
})

test('any numbers give statistics that the ledger can hold, or an error', async () => {
  const number = fc.oneof(
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter(each => !Number.isInteger(each)),
    fc.constantFrom(Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 1e21, -0, Number.MAX_SAFE_INTEGER),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(number, { minLength: 1 }), async values => {
      // tryBatch itself writes the rows as canonical JSON.
      const got = await statsOf(values)
      if (typeof got === 'string') {
        expect(got).toBe('BATCH_NUMBER_TOO_LARGE')
        return
      }
      for (const each of Object.values(got)) expect(Object.is(each, -0)).toBe(false)
      if (!values.every(Number.isSafeInteger)) return
      expect(BigInt(got.sum as number)).toBe(values.reduce((sum, each) => sum + BigInt(each), 0n))
    }),
  )
})

test('a sum of whole numbers beyond 2^53 − 1 is an error, never rounded', async () => {
  const most = Number.MAX_SAFE_INTEGER
  expect(await statsOf([most - 1, 1])).toMatchObject({ sum: most })
  expect(await statsOf([most, 1])).toBe('BATCH_NUMBER_TOO_LARGE')
  expect(await statsOf([most, 1, -1])).toMatchObject({ sum: most })
  expect(await statsOf(Array.from({ length: 112_000 }, () => most))).toBe('BATCH_NUMBER_TOO_LARGE')
  expect(await statsOf([1e300, 2e300])).toMatchObject({ sum: 3e300 })
})

describe('values that are no numbers', () => {
  test('null and missing aren’t counted', async () => {
    expect(await tryBatch(batchStats, { value: 'v' }, [{ v: null }, {}])).toEqual([
      { count: 0, sum: 0, mean: null, min: null, max: null, stddev: null, p50: null, p95: null },
    ])
    expect(await statsOf([null, 3, null])).toMatchObject({ count: 1, mean: 3, stddev: null })
    expect(await statsOf([3], { stddev: 'population' })).toMatchObject({ stddev: 0 })
  })

  test.each(['1', true, [1], { a: 1 }])('%j is an error', async each => {
    expect(await statsOf([1, each])).toBe('BATCH_NOT_NUMBER')
  })
})

test('groups by values of any kind', async () => {
  const keys: Json[] = [{ a: 1, b: 2 }, { b: 2, a: 1 }, [1], '[1]', null, 'null', true, 'true']
  const rows = await tryBatch(batchStats, { group_by: ['k', 'l'] }, [...keys.map(k => ({ k })), {}])
  expect(rows).toEqual([
    { k: { a: 1, b: 2 }, l: null, count: 2 },
    { k: [1], l: null, count: 1 },
    { k: '[1]', l: null, count: 1 },
    { k: null, l: null, count: 2 },
    { k: 'null', l: null, count: 1 },
    { k: true, l: null, count: 1 },
    { k: 'true', l: null, count: 1 },
  ])
  const pairs = [
    { k: 'a,', l: 'b' },
    { k: 'a', l: ',b' },
  ]
  expect(await tryBatch(batchStats, { group_by: ['k', 'l'] }, pairs)).toHaveLength(2)
  const named = [JSON.parse('{"__proto__": 1}') as Json, JSON.parse('{"__proto__": 2}') as Json]
  expect(await tryBatch(batchStats, { group_by: '__proto__' }, named)).toHaveLength(2)
})

test('rates and distinct counts, against a plain count', async () => {
  const row = fc.record({
    g: fc.constantFrom('a', 'b'),
    yes: fc.option(fc.boolean()),
    c: fc.oneof(fc.constantFrom<Json>(1, '1', null, true), fc.constant({ x: 1 })),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(row), async rows => {
      const made = await tryBatch(batchStats, { group_by: 'g', rates: ['yes'], distinct: ['c', 'yes'] }, rows)
      for (const each of made as unknown as Stats[]) {
        const own = rows.filter(({ g }) => (g as unknown) === each.g)
        const known = own.flatMap(({ yes }) => (yes === null ? [] : [yes]))
        expect(each).toEqual({
          g: each.g,
          count: own.length,
          yes_rate: known.length === 0 ? null : known.filter(yes => yes).length / known.length,
          c_distinct: new Set(own.filter(({ c }) => c !== null).map(({ c }) => JSON.stringify(c))).size,
          yes_distinct: new Set(known).size,
        })
      }
    }),
  )
  expect(await tryBatch(batchStats, { rates: ['yes'] }, [{ yes: true }, { yes: 1 }])).toBe('BATCH_NOT_BOOLEAN')
  expect(await tryBatch(batchStats, { value: 'v', distinct: ['v'] }, [{ v: 1 }, { v: 1 }])).toMatchObject([
    { count: 2, sum: 2, v_distinct: 1 },
  ])
})

test('what is known of the rows', () => {
  const input = schemaOf({ region: 'string', amount: 'integer', extra: 'boolean' })
  const { fields, closed } = leaving(batchStats, { value: 'amount', group_by: 'region' }, input)
  expect(closed).toBe(true)
  expect(fields).toEqual({
    region: 'string',
    count: 'integer',
    sum: 'integer',
    mean: 'number',
    min: 'integer',
    max: 'integer',
    stddev: 'number?',
    p50: 'number',
    p95: 'number',
  })
  expect(leaving(batchStats, {}, input).fields).toEqual({ count: 'integer' })
  const more = { rates: ['extra', 'other'], distinct: ['region'] }
  expect(leaving(batchStats, more, schemaOf({ region: 'string', extra: 'boolean', other: 'boolean?' })).fields).toEqual(
    {
      count: 'integer',
      extra_rate: 'number',
      other_rate: 'number?',
      region_distinct: 'integer',
    },
  )
})

test.each([
  [{ value: 'v', group_by: ['a', 'a'] }, 'named twice'],
  [{ value: 'v', group_by: 'mean' }, 'made here'],
  [{ group_by: ['a', 'count'] }, 'made here'],
  [{ group_by: [] }, 'at least one'],
  [{ stddev: 'sample' }, 'no `value`'],
  [{ rates: ['a', 'a'] }, 'named twice'],
  [{ group_by: 'a_rate', rates: ['a'] }, 'made here'],
  [{ group_by: ['b', 'a_distinct'], distinct: ['a'] }, 'made here'],
])('%j is refused', (options, message) => expect(refusals(batchStats, options).join()).toContain(message))

test('without a value the names of other statistics are free', () => {
  expect(refusals(batchStats, { group_by: 'mean' })).toEqual([])
})

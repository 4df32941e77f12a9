import { describe, expect, test } from 'vitest'
import type { GuardsConfig, Threshold } from '../../plan/plan.ts'
import { brokenAfterAll, brokenAtEnd, brokenByFirst, mindsEmpty, type SourceCounts } from './guard-verdict.ts'

const share = (percent: number): Threshold => ({ kind: 'share', percent })
const most = (count: number): Threshold => ({ kind: 'count', most: count })
const OFF: Threshold = { kind: 'off' }
const said = (guards: Partial<GuardsConfig> = {}): GuardsConfig => ({
  rejected: null,
  failed: null,
  min_rows: null,
  ...guards,
})
const read = (
  records: number,
  rejected: number,
  failed = rejected,
  guards: Partial<GuardsConfig> = {},
): SourceCounts => ({
  ...{ source: 'in', records, rejected, failed, guards: said(guards) },
})
const atEnd = (run: Partial<GuardsConfig>, counts: SourceCounts) =>
  brokenAtEnd(said(run), counts).map(({ message, set }) => `${message} [${set}]`)
const afterAll = (run: Partial<GuardsConfig>, ...all: SourceCounts[]) =>
  brokenAfterAll(said(run), all).map(({ message, set }) => `${message} [${set}]`)

describe('rejected records', () => {
  test('without a word: ten or more, and all of them', () => {
    expect(atEnd({}, read(9, 9))).toEqual([])
    expect(atEnd({}, read(10, 9))).toEqual([])
    expect(atEnd({}, read(10, 10))).toEqual(['all 10 records of source `in` were rejected [guards.rejected=off]'])
    expect(atEnd({ rejected: OFF }, read(10, 10))).toEqual([])
    expect(atEnd({}, read(10, 10, 10, { rejected: OFF }))).toEqual([])
    expect(atEnd({ failed: share(50) }, read(10, 10))).toHaveLength(1)
  })

  test('as a share: exactly that many may be, one more may not', () => {
    expect(atEnd({ rejected: share(5) }, read(100, 5))).toEqual([])
    expect(atEnd({ rejected: share(5) }, read(100, 6))).toEqual([
      '6 of 100 records (6 %) of source `in` were rejected, and guards.rejected allows 5 % [guards.rejected=off]',
    ])
    expect(atEnd({ rejected: share(0.5) }, read(1000, 6))).toHaveLength(1)
    expect(atEnd({ rejected: share(100) }, read(1000, 1000))).toEqual([])
    expect(atEnd({ rejected: share(0) }, read(0, 0))).toEqual([])
  })

  test('as a number, and of one source before that of all', () => {
    expect(atEnd({ rejected: most(3) }, read(5, 3))).toEqual([])
    expect(atEnd({ rejected: most(3) }, read(5, 3, 3, { rejected: most(0) }))).toEqual([
      '3 of 5 records (60 %) of source `in` were rejected, and sources.in.guards.rejected allows 0 [sources.in.guards.rejected=off]',
    ])
    expect(atEnd({ rejected: most(3) }, read(5, 5, 5, { rejected: OFF }))).toEqual([])
  })

  test('the first thousand are looked at while more may come, but only where nothing was said', () => {
    expect(brokenByFirst(said(), read(999, 999))).toBeNull()
    expect(brokenByFirst(said(), read(1000, 1000))).toMatchObject({
      message: 'the first 1,000 records of source `in` were all rejected',
      source: 'in',
    })
    expect(brokenByFirst(said(), read(1000, 999))).toBeNull()
    // A share may still be kept by what follows.
    expect(brokenByFirst(said({ rejected: share(5) }), read(1000, 1000))).toBeNull()
    expect(brokenByFirst(said(), read(1000, 1000, 1000, { rejected: OFF }))).toBeNull()
  })
})

describe('failed rows', () => {
  test('of all sources together, rejected ones included', () => {
    expect(afterAll({ failed: share(10) }, read(60, 2, 6), read(40, 0, 4))).toEqual([])
    expect(afterAll({ failed: share(10) }, read(60, 2, 6), read(40, 0, 5))).toEqual([
      '11 of 100 rows (11 %) failed, and guards.failed allows 10 % [guards.failed=off]',
    ])
  })

  test('of one source by itself', () => {
    expect(afterAll({}, read(60, 0, 1, { failed: most(0) }), read(40, 0, 40))).toEqual([
      '1 of 60 rows (1.67 %) of source `in` failed, and sources.in.guards.failed allows 0 [sources.in.guards.failed=off]',
    ])
  })

  test('a share that is just beyond is not shown as what is allowed', () => {
    expect(afterAll({ failed: share(99.95) }, read(100_000, 0, 99_990))[0]).toContain('(99.9 %)')
  })
})

describe('least rows', () => {
  test('are counted without those that were rejected', () => {
    expect(afterAll({ min_rows: most(3) }, read(2, 0), read(2, 1))).toEqual([])
    expect(afterAll({ min_rows: most(4) }, read(2, 0), read(2, 1))).toEqual([
      'the run has 3 rows, and guards.min_rows asks for 4 [guards.min_rows=0]',
    ])
    expect(atEnd({}, read(1, 1, 1, { min_rows: most(1) }))).toEqual([
      'source `in` gave 0 rows, and sources.in.guards.min_rows asks for 1 [sources.in.guards.min_rows=0]',
    ])
    expect(afterAll({ min_rows: OFF }, read(0, 0))).toEqual([])
  })

  test('an empty source is minded unless something was said of how many there must be', () => {
    expect(mindsEmpty(said(), said())).toBe(true)
    expect(mindsEmpty(said({ min_rows: most(0) }), said())).toBe(false)
    expect(mindsEmpty(said(), said({ min_rows: OFF }))).toBe(false)
  })
})

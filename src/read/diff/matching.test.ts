import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TOPOLOGY } from '../../../test/support/ledger.ts'
import { canonicalize } from '../../model/canonical.ts'
import { isCustodyError } from '../../model/error.ts'
import type { Json, Row } from '../../model/row.ts'
import { SourceRows } from '../fold/source-rows.ts'
import type { Both } from './difference.ts'
import type { Matching } from './matched-rows.ts'
import { KeyMatcher, pairedSources } from './matching.ts'
import { keysHere, type RowReader } from './row-keys.ts'
import { PAGE_ROWS } from './row-pairs.ts'
import type { Side } from './side.ts'

/** A row; or a record that was rejected, or whose data is erased. */
type Given = Row | 'rejected' | 'erased'

const FINE = '{"s":[1,1,1],"v":[[1,1,1,0,1,1,1,5,6]]}'
const LOGS = { old: 1, new: 2 }

/** Rows of one source, whose first row is `first`. */
function side(which: 'old' | 'new', records: number, first: number): Side {
  const sources = [new SourceRows('in', [{ index: 1, row: first, records }])]
  const reader = {} as Side['reader']
  const none = { plugins: [], digest: undefined, declared: new Map(), reads: new Map(), open: new Map() }
  return { reader, log: LOGS[which], run: which, reruns: null, topology: TOPOLOGY, sources, ...none }
}

/** As a checked reader would. Of entries only what tells a rejected record is there. */
function readerOf(records: Both<readonly Given[]>, first: Both<number>): RowReader {
  return {
    ingestedOfRows: async (log, from, to) => {
      const which = log === LOGS.old ? 'old' : 'new'
      return records[which].flatMap((record, i) => {
        const row = first[which] + i
        if (row < from || row > to) return []
        const is_erased = record === 'erased'
        const body = record === 'rejected' ? REJECTED_ENTRY : FINE
        const data = record === 'rejected' ? { raw: 'x' } : record === 'erased' ? null : record
        return [{ entry: { seq: row, row, batch: null, body, payload: null }, data, is_erased }]
      })
    },
  }
}

/** A whole entry: of a record that was rejected all of it is decoded. */
const REJECTED_ENTRY = canonicalize({
  c: ['0'.repeat(64)],
  e: [[1, 5, 1, 0, 0, 'BAD', 1]],
  n: [[1]],
  o: 0,
  r: 1,
  s: [1, 1, 1],
  t: 1000,
  v: [[1, 1, 1, 1, 1, 0, 0, 5, 6, 'BAD', 1]],
  w: 1,
})

async function matched(records: Both<readonly Given[]>, fields: readonly string[]) {
  const first = { old: 1, new: 4 }
  const sides = {
    old: side('old', records.old.length, first.old),
    new: side('new', records.new.length, first.new),
  }
  const rows = readerOf(records, first)
  const matcher = new KeyMatcher(sides, { fields, rows, keys: keysHere(rows) })
  const [source] = pairedSources(sides)
  const matching = await matcher.match(source!)
  return { matching, matcher, pairs: pairsOf(matching) }
}

function pairsOf(matching: Matching): ReadonlyArray<readonly [number, number]> {
  return [...matching.pages()].flatMap(page => page.map(row => [row.old - 1, row.new - 4] as const))
}

/** The key's text; null if the record has none. */
function keyIn(record: Given, fields: readonly string[]): string | null {
  if (typeof record === 'string' || fields.some(field => record[field] == null)) return null
  return canonicalize(fields.map(field => record[field] as Json))
}

/** What is expected, one row of the new run after the other: it takes the first of its key that is left. */
function naive(records: Both<readonly Given[]>, fields: readonly string[]): ReadonlyArray<readonly [number, number]> {
  const left = records.old.map(each => keyIn(each, fields))
  const pairs: Array<readonly [number, number]> = []
  for (const [j, record] of records.new.entries()) {
    const key = keyIn(record, fields)
    const i = key === null ? -1 : left.indexOf(key)
    if (i === -1) continue
    left[i] = null
    pairs.push([i, j])
  }
  return pairs.toSorted(([a], [b]) => a - b)
}

const VALUE = fc.constantFrom<Json>(1, 2, 3, '1', null, [1], { a: 1 })
const RECORD: fc.Arbitrary<Given> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ id: VALUE, area: fc.constantFrom<Json>('n', 's') }, { requiredKeys: ['area'] }) },
  { weight: 1, arbitrary: fc.constantFrom<Given>('rejected', 'erased') },
)
const RECORDS = fc.array(RECORD, { maxLength: 40 })

test('each row stands for the first of its key that is left, and every row is somewhere', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ old: RECORDS, new: RECORDS }),
      fc.constantFrom(['id'], ['id', 'area'], ['area']),
      async (records, fields) => {
        const { matching, matcher, pairs } = await matched(records, fields)
        expect(pairs).toEqual(naive(records, fields))
        expect(matching.matched).toBe(pairs.length)
        for (const [i, j] of pairs) expect(matching.oldOf(j + 4)).toBe(i + 1)
        for (const which of ['old', 'new'] as const) {
          const { with_key, rejected, without_key, erased, repeated } = matcher.report[which]
          const only = [...matching.only(which)].flatMap(({ index: { from, to } }) =>
            Array.from({ length: to - from + 1 }, (_, i) => from + i - 1),
          )
          const keys = records[which].map(each => keyIn(each, fields))
          const paired = new Set(pairs.map(([i, j]) => (which === 'old' ? i : j)))
          expect(only).toEqual(keys.flatMap((key, i) => (key === null || paired.has(i) ? [] : [i])))
          expect(with_key).toBe(only.length + paired.size)
          expect(with_key + rejected.rows + without_key.rows + erased.rows).toBe(records[which].length)
          const times = Object.values(
            Object.groupBy(
              keys.filter(key => key !== null),
              key => key,
            ),
          ).map(each => each?.length ?? 0)
          const many = times.filter(each => each > 1)
          expect([repeated.keys, repeated.rows]).toEqual([many.length, many.reduce((sum, each) => sum + each, 0)])
        }
      },
    ),
  )
})

test('many keys, over several pages, in another order', async () => {
  const old = Array.from({ length: 3 * PAGE_ROWS + 5 }, (_, i) => ({ id: i }))
  const { pairs } = await matched({ old, new: old.toReversed() }, ['id'])
  expect(pairs).toHaveLength(old.length)
  expect(pairs.every(([i, j]) => i + j === old.length - 1)).toBe(true)
})

test('examples of repeated keys are named with their rows', async () => {
  const records = [{ id: 7 }, { id: 8 }, { id: 7 }, 'rejected', { id: null }] as const
  const { matcher } = await matched({ old: records, new: [] }, ['id'])
  expect(matcher.report.old).toEqual({
    with_key: 3,
    repeated: { keys: 1, rows: 2, examples: [{ source: 'in', key: { id: 7 }, times: 2, rows: [1, 3] }] },
    rejected: { rows: 1, examples: [4] },
    without_key: { rows: 1, examples: [5] },
    erased: { rows: 0, examples: [] },
  })
})

test('a key that no row has is refused with the names that are there', async () => {
  const { matcher } = await matched({ old: [{ id: 7, area: 'n' }], new: [] }, ['ID'])
  const refused = await matcher.mustHaveKeys().catch((error: unknown) => error)
  expect(isCustodyError(refused) && [refused.code, refused.message, refused.hint]).toEqual([
    'CUSTODY_ARGUMENT',
    'no row of run old has a value in ID, so none has the key',
    'Did you mean id? Fields of row 1: id, area',
  ])
})

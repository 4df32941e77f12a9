import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tryBatch } from '../../../test/support/try-batch.ts'
import { leaving, refusals, schemaOf, tryOut } from '../../../test/support/try-out.ts'
import { type Json, type Row, withoutPrototypes } from '../../model/row.ts'
import { OBSERVED } from '../../model/schema.ts'
import type { RowError } from '../../sdk/spec.ts'
import { visitContext } from '../../sdk/testing/calling.ts'
import { unpivot } from '../transforms/unpivot.ts'
import { pivot } from './pivot.ts'

const OPTIONS = { group_by: 'g', column: 'c', value: 'v' }
type Cell = { readonly g: string; readonly c: string; readonly v: number | null }

const batch = fc.array(
  fc.record({ g: fc.constantFrom('p', 'q'), c: fc.constantFrom('a', 'b', '__proto__'), v: fc.option(fc.integer()) }),
)
/** By each way to combine them, of values that aren't null; what it gives for none is left out. */
const NAIVE: { readonly [combine: string]: (values: readonly number[]) => number } = {
  first: values => values[0] as number,
  last: values => values.at(-1) as number,
  count: values => values.length,
  sum: values => values.reduce((a, b) => a + b, 0),
  min: values => Math.min(...values),
  max: values => Math.max(...values),
}

test.each(Object.keys(NAIVE))('%s, against a look at each place', async combine => {
  await fc.assert(
    fc.asyncProperty(batch, async rows => {
      const made = (await tryBatch(pivot, { ...OPTIONS, combine }, rows)) as Row[]
      expect(made.map(({ g }) => g)).toEqual([...new Set(rows.map(({ g }) => g))])
      const columns = [...new Set(rows.map(({ c }) => c))]
      for (const row of made) {
        expect(Object.keys(row)).toEqual(['g', ...columns])
        for (const c of columns) {
          const values = rows.flatMap((each: Cell) => (each.g === row.g && each.c === c ? (each.v ?? []) : []))
          const none = combine === 'count' ? 0 : null
          expect(row[c]).toBe(values.length === 0 ? none : NAIVE[combine]?.(values))
        }
      }
    }),
  )
})

test('what was made rows of columns becomes columns again', async () => {
  const table = fc.uniqueArray(fc.record({ id: fc.nat(), x: fc.option(fc.integer()), y: fc.option(fc.string()) }), {
    minLength: 1,
    selector: ({ id }) => id,
  })
  await fc.assert(
    fc.asyncProperty(table, async rows => {
      const long = (await tryOut(unpivot, { fields: ['x', 'y'] }, rows)).flat()
      expect(await tryBatch(pivot, { group_by: 'id', column: 'name', value: 'value' }, long as Json[])).toEqual(rows)
    }),
  )
})

test('several values for one place are an error that names it, unless all but one are null', async () => {
  const rows = [
    { g: 'p', c: 'a', v: 1 },
    { g: 'p', c: 'a', v: null },
  ]
  expect(await tryBatch(pivot, OPTIONS, rows)).toEqual([{ g: 'p', a: 1 }])
  const aggregate = await pivot.create(pivot.options.parse(OPTIONS), {
    ...{ node: 'n', folder: '/', input: OBSERVED, secrets: [] },
  })
  const all = [...rows, { g: 'p', c: 'a', v: 2 }].map(row => withoutPrototypes(row) as Row)
  const error = (await aggregate.process(all, visitContext())) as RowError
  expect(error).toMatchObject({ code: 'BATCH_SEVERAL' })
  expect(error.message).toBe('there are 2 values for a of g "p", and `combine` is `only`')
})

test.each<[object, Json[], string]>([
  [{}, [{ c: null, v: 1 }], 'BATCH_COLUMN'],
  [{}, [{ v: 1 }], 'BATCH_COLUMN'],
  [{}, [{ c: '', v: 1 }], 'BATCH_COLUMN'],
  [{}, [{ c: ['a'], v: 1 }], 'BATCH_COLUMN'],
  [{}, [{ c: 'g', v: 1 }], 'BATCH_COLUMN'],
  [{ columns: ['a'] }, [{ c: 'b', v: 1 }], 'BATCH_COLUMN'],
  [{ max_columns: 1 }, [{ c: 'a' }, { c: 'b' }], 'BATCH_COLUMNS'],
  [{ combine: 'sum' }, [{ c: 'a', v: 'x' }], 'BATCH_NOT_NUMBER'],
  [
    { combine: 'sum' },
    [
      { c: 'a', v: Number.MAX_SAFE_INTEGER },
      { c: 'a', v: 1 },
    ],
    'BATCH_NUMBER_TOO_LARGE',
  ],
])('%j refuses %j', async (options, rows, code) => {
  expect(await tryBatch(pivot, { ...OPTIONS, ...options } as Json, rows)).toBe(code)
})

test('a mean is one although the sum is beyond the numbers that are kept', async () => {
  const rows = [Number.MAX_SAFE_INTEGER, 1].map(v => ({ c: 'a', v }))
  expect(await tryBatch(pivot, { ...OPTIONS, combine: 'mean' }, rows)).toEqual([{ g: null, a: 2 ** 52 }])
})

test('names: numbers as they are written, behind a prefix; those that are listed stand in their order', async () => {
  const rows = [
    { c: 2025, v: 1 },
    { c: true, v: 2 },
  ]
  const made = await tryBatch(
    pivot,
    { column: 'c', value: 'v', prefix: 'y', columns: ['ytrue', 'y2024', 'y2025'] },
    rows,
  )
  expect(JSON.stringify(made)).toBe('[{"ytrue":2,"y2024":null,"y2025":1}]')
})

test('what is known of the rows', () => {
  const input = schemaOf({ g: 'string', c: 'string', v: 'integer' })
  const known = (more: object) => leaving(pivot, { ...OPTIONS, ...more } as Json, input)
  expect(known({})).toEqual({ fields: { g: 'string' }, closed: false })
  expect(known({ columns: ['a'] })).toEqual({ fields: { g: 'string', a: 'integer?' }, closed: true })
  expect(known({ columns: ['a'], combine: 'count' }).fields).toEqual({ g: 'string', a: 'integer' })
  expect(known({ columns: ['a'], combine: 'mean' }).fields).toEqual({ g: 'string', a: 'number?' })
  const options = pivot.options.parse({ ...OPTIONS, combine: 'sum' })
  expect(pivot.guarantees?.(options, input, new Map()).rest).toEqual({ schema: { type: 'integer' }, optional: true })
})

test.each([
  [{ ...OPTIONS, columns: ['g'] }, 'made here'],
  [{ ...OPTIONS, columns: ['a', 'a'] }, 'named twice'],
  [{ column: 'c', value: 'c' }, 'both'],
  [{ column: 'c' }, ''],
])('%j is refused', (options, message) => {
  expect(refusals(pivot, options)).not.toEqual([])
  expect(refusals(pivot, options).join()).toContain(message)
})

test('a mean whose sum is beyond all numbers is an error, as in batch_stats', async () => {
  const rows = [1.7e308, 1e308].map(v => ({ g: 'p', c: 'a', v }))
  expect(await tryBatch(pivot, { ...OPTIONS, combine: 'mean' }, rows)).toBe('BATCH_NUMBER_TOO_LARGE')
})

test('max_columns has nothing to say where columns are listed', () =>
  expect(refusals(pivot, { ...OPTIONS, columns: ['a'], max_columns: 7 })).toHaveLength(1))

test('decimals of one amount are one column, named as it is listed, or by the shortest text', async () => {
  const rows = ['1.50', '1.5', '2.0', '1.500'].map((c, v) => ({ c, v }))
  const options = { column: 'c', value: 'v', combine: 'sum', prefix: 'at_' }
  expect(await tryBatch(pivot, options, rows, { c: 'decimal' })).toEqual([{ 'at_1.5': 4, at_2: 2 }])
  const columns = ['at_2.00', 'at_1.50', 'at_3']
  expect(await tryBatch(pivot, { ...options, columns }, rows, { c: 'decimal' })).toEqual([
    { 'at_2.00': 2, 'at_1.50': 4, at_3: null },
  ])
  const scaled = rows.slice(0, 1)
  expect(await tryBatch(pivot, options, scaled, { c: 'decimal(2)' })).toEqual([{ 'at_1.50': 0 }])
  expect(await tryBatch(pivot, { ...options, columns: ['at_1.5'] }, scaled, { c: 'decimal(2)' })).toEqual([
    { 'at_1.5': 0 },
  ])
  expect(await tryBatch(pivot, { ...options, columns: ['at_'] }, [{ c: null, v: 1 }], { c: 'decimal?' })).toBe(
    'BATCH_COLUMN',
  )
  const texts = [{ 'at_1.50': 0, 'at_1.5': 1, 'at_2.0': 2, 'at_1.500': 3 }]
  expect(await tryBatch(pivot, options, rows)).toEqual(texts)
})

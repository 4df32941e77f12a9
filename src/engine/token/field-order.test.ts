/** The order of fields of rows under way is recorded, and found again: FIELD-ORDER-1 to FIELD-ORDER-3. */
import { expect, test } from 'vitest'
import { Rig, transformOf } from '../../../test/support/rig.ts'
import { type Json, newRow, type Row } from '../../model/row.ts'

const inOrder = (row: Row, fields: readonly string[]): Row => {
  const next = newRow()
  for (const field of fields) next[field] = row[field] as Json
  return next
}
const turn = transformOf('turn', row => ({ kind: 'row', row: inOrder(row, Object.keys(row).reverse()) }))
const sort = transformOf('sort', row => ({ kind: 'row', row: inOrder(row, Object.keys(row).sort()) }))

const shaky = transformOf('shaky', (row, { attempt }) =>
  attempt < 3 ? { kind: 'error', code: 'BUSY', message: 'busy', retryable: true } : { kind: 'row', row },
)

const rig = (row: string, nodes: string) =>
  new Rig(
    `
name: orders
sources: { rows: { plugin: feed, options: { chunks: [{ rows: [${row}] }] }, on_invalid: discard, to: first } }
nodes:
${nodes}
sinks: { out: { plugin: keep, on_error: discard } }
`,
    [turn, sort, shaky],
  )

/** By entry: what it tells of orders, as text; null where it tells nothing. */
const recorded = ({ ledger }: Rig) =>
  ledger.subjects().map(({ orders, first_value, values }) => values[orders - first_value]?.text ?? null)
const written = ({ disk }: Rig) => (disk.get('out') ?? []).map(row => JSON.stringify(row))

test('rows that end, and rows in canonical order, tell nothing', async () => {
  const ended = rig('{ z: 1, a: 2 }', '  first: { transform: turn, on_error: discard, to: out }')
  await ended.run()
  expect(recorded(ended)).toEqual([null])
  const slow = rig(
    '{ a: { b: 1, c: 2 }, z: 1 }',
    '  first: { transform: wait, options: { ms: 9000 }, on_error: discard, to: out }',
  )
  await slow.run({ stop_after_ms: 1000 })
  await slow.resume(1000)
  expect(recorded(slow)).toEqual([null, null])
})

test('two tokens have one value in different orders (FIELD-ORDER-1), and that of the parent of their fork is recorded', async () => {
  const forked = rig(
    '{ z: 1, a: { y: 1, x: 2 } }',
    `
  first: { fork: { kept: kept, turned: turned } }
  kept: { transform: wait, options: { ms: 9000 }, on_error: discard, to: out }
  turned: { transform: turn, on_error: discard, to: later }
  later: { transform: wait, options: { ms: 9000 }, on_error: discard, to: out }`,
  )
  await forked.run({ stop_after_ms: 1000 })
  expect(recorded(forked)).toEqual(['[[[2,1],[0,1,0],[1,1,0]],[[3],[1,1,0]]]'])
  expect(forked.ledger.subjects()[0]?.values).toHaveLength(2)
  await forked.resume(1000)
  expect(written(forked)).toEqual(['{"z":1,"a":{"y":1,"x":2}}', '{"a":{"y":1,"x":2},"z":1}'])
})

test('an order holds until the token leaves (FIELD-ORDER-2)', async () => {
  const slow = '{ transform: wait, options: { ms: 9000 }, on_error: discard'
  const chain = rig(
    '{ z: 1, a: 2, n: 3 }',
    `
  first: ${slow}, to: same }
  same: ${slow}, to: sorted }
  sorted: { transform: sort, on_error: discard, to: last }
  last: ${slow}, to: out }`,
  )
  await chain.run({ stop_after_ms: 1000 })
  await chain.resume(1000, { stop_after_ms: 10_000 })
  await chain.resume(1000, { stop_after_ms: 10_000 })
  await chain.resume(1000)
  expect(recorded(chain)).toEqual(['[[[1],[0,2,0,1]]]', '[[[1],[0,2,0,1]]]', null, null])
  expect(written(chain)).toEqual(['{"a":2,"n":3,"z":1}'])
})

test('it still holds where an attempt failed since', async () => {
  const retried = rig(
    '{ z: 1, a: 2 }',
    '  first: { transform: shaky, retry: { attempts: 3, backoff: 20s, max_backoff: 20s }, on_error: discard, to: out }',
  )
  await retried.run({ stop_after_ms: 1000 })
  await retried.resume(1000, { stop_after_ms: 25_000 })
  expect(recorded(retried)).toEqual(['[[[1],[0,1,0]]]', null])
  await retried.resume(1000)
  expect(written(retried)).toEqual(['{"z":1,"a":2}'])
})

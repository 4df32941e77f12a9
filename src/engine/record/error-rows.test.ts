/** What a row carries of the errors that it met. */
import { expect, test } from 'vitest'
import { Rig, transformOf } from '../../../test/support/rig.ts'
import type { Row } from '../../model/row.ts'
import { rowError } from '../../sdk/results.ts'

const refuse = (field?: string) =>
  transformOf('refuse', row => rowError('BAD', `n is ${(row as Row).n}`, field === undefined ? {} : { field }))

const pipeline = (nodes: string, rows: string, on_invalid = 'rejected') => `
name: errors
sources:
  feed: { plugin: feed, options: { chunks: [{ rows: ${rows} }] }, on_invalid: ${on_invalid}, to: first }
nodes:
${nodes}
sinks:
  out: { plugin: keep, on_error: discard }
  problems: { plugin: keep, on_error: discard }
  rejected: { plugin: keep, on_error: discard }
`

test('a row that meets an error is written as it entered the node, with what it met', async () => {
  const rig = new Rig(pipeline('  first: { transform: refuse, on_error: problems, to: out }', '[{ n: 1 }]'), [
    refuse('n'),
  ])
  await rig.run()
  expect(rig.disk.get('problems')).toEqual([
    { n: 1, _error: { code: 'BAD', node: 'first', field: 'n', message: 'n is 1' } },
  ])
})

test('an error that is about no field names none; a second one keeps the first', async () => {
  const nodes = `
  first: { transform: refuse, on_error: second, to: out }
  second: { gate: row._error.code == "BAD" && row.missing, routes: { true: out, false: out }, on_error: problems }`
  const rig = new Rig(pipeline(nodes, '[{ n: 1 }]'), [refuse()])
  await rig.run()
  const first = { code: 'BAD', node: 'first', message: 'n is 1' }
  expect(rig.disk.get('problems')).toMatchObject([
    { n: 1, _error: { code: 'FIELD_MISSING', node: 'second', field: 'missing', previous: first } },
  ])
})

test('a record that brings a field _error is rejected', async () => {
  const rig = new Rig(
    pipeline('  first: { transform: refuse, on_error: problems, to: out }', '[{ n: 1, _error: { code: "X" } }]'),
    [refuse()],
  )
  const { summary } = await rig.run()
  expect(summary.rows.rejected).toBe(1)
  expect(rig.disk.get('rejected')).toMatchObject([
    { source: 'feed', raw: { n: 1, _error: { code: 'X' } }, _error: { code: 'RESERVED_FIELD', field: '_error' } },
  ])
})

test('a plugin whose error names a field that is no text is defective', async () => {
  const wrong = transformOf('refuse', () => rowError('BAD', 'x', { field: 3 as unknown as string }))
  const rig = new Rig(pipeline('  first: { transform: refuse, on_error: problems, to: out }', '[{ n: 1 }]'), [wrong])
  const { error } = await rig.run()
  expect(error?.code).toBe('CUSTODY_PLUGIN_DEFECT')
})

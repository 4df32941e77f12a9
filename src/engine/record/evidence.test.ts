/** RECORDER-3: what evidence has been made of can't change, whatever a plugin does with the row in its hands. */
import { expect, test } from 'vitest'
import { Rig, transformOf } from '../../../test/support/rig.ts'
import type { Json, MutableRow, Row } from '../../model/row.ts'

const PIPELINE = `
name: changed
sources:
  rows: { plugin: feed, options: { chunks: [{ rows: [{ id: 1, tags: [a] }, { id: 2, tags: [b] }] }] }, on_invalid: discard, to: change }
nodes:
  change: { transform: change, on_error: discard, to: look }
  look: { transform: look, on_error: discard, to: out }
sinks:
  out: { plugin: keep, on_error: discard }
`
const same = transformOf('look', row => ({ kind: 'row', row }))

test.each<[string, (row: Row) => void]>([
  ['sets a field', row => Object.assign(row as MutableRow, { id: 7 })],
  ['adds a field', row => Object.assign(row as MutableRow, { more: true })],
  ['removes a field', row => Reflect.deleteProperty(row, 'id') || raise()],
  ['changes a list within', row => (row.tags as Json[]).push('x')],
])('a plugin that %s of the row it is given is a defect', async (_what, change) => {
  const plugin = transformOf('change', row => {
    change(row)
    return { kind: 'row', row }
  })
  const { error } = await new Rig(PIPELINE, [plugin, same]).run()
  expect(error).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT', where: { node: 'change' } })
})

test('so is one that keeps what it returned, and changes it later', async () => {
  const mine: Json[] = []
  const plugin = transformOf('change', row => {
    mine.push(row.id as Json)
    return { kind: 'row', row: derived(row, mine) }
  })
  const rig = new Rig(PIPELINE, [plugin, same])
  const { error } = await rig.run()
  expect(error).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT', where: { node: 'change' } })
  expect(rig.disk.get('out')?.map(row => row.tags)).toEqual([[1]])
})

/** A row of ours with a value that stays the plugin's. */
function derived(row: Row, tags: readonly Json[]): Row {
  return Object.assign(Object.create(Object.getPrototypeOf(row) as object), row, { tags }) as Row
}

function raise(): never {
  throw new TypeError('it is frozen')
}

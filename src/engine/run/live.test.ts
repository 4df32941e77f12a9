/** How far a run is, as it is reported. */
import { expect, test } from 'vitest'
import { Rig } from '../../../test/support/rig.ts'
import type { Progress } from './start.ts'

const text = (node: string) => `
name: slow
sources:
  in: { plugin: feed, options: { chunks: [{ rows: [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }] }] }, on_invalid: discard, to: work }
nodes:
  work: ${node}
sinks:
  out: { plugin: keep, on_error: discard }
`

async function reportsOf(rig: Rig, how: Parameters<Rig['run']>[0] = {}) {
  const reports: Progress[] = []
  await rig.run({ ...how, onProgress: each => reports.push(each) })
  return reports.map(({ rows_read, rows_done }) => [rows_read, rows_done])
}

test('rows that wait for an answer are read, and not done', async () => {
  const rig = new Rig(text('{ transform: wait, options: { ms: 1000 }, on_error: discard, to: out }'))
  rig.text = rig.text.replace('{ n: 1 }', '{ n: 1, quick: 0 }').replace('{ ms: 1000 }', '{ ms_of: slow }')
  rig.text = rig.text.replaceAll(/{ n: ([234]) }/g, (_, n) => `{ n: ${n}, slow: ${n}000 }`)
  const reports = await reportsOf(rig)
  expect(reports[0]).toEqual([4, 1])
  expect(reports).toContainEqual([4, 2])
  expect(reports).toContainEqual([4, 3])
})

test('rows that wait for the rest of their batch are done as far as they can be', async () => {
  const rig = new Rig(text('{ aggregate: gather, trigger: { count: 10 }, on_error: discard, to: out }'))
  rig.text = rig.text.replace('{ n: 4 }] }', '{ n: 4 }] }, { after_ms: 500, rows: [{ n: 5 }] }')
  expect((await reportsOf(rig))[0]).toEqual([4, 4])
})

test('a run that is resumed tells what was done before', async () => {
  const rig = new Rig(
    text('{ transform: wait, options: { ms_of: n }, on_error: discard, to: out }').replaceAll(
      /n: (\d)/g,
      (_, n) => `n: ${n}000`,
    ),
  )
  await rig.run({ stop_after_ms: 1500 })
  const reports: Progress[] = []
  await rig.resume(1000, { onProgress: each => reports.push(each) })
  expect(reports[0]?.before).toMatchObject({ rows_read: 4, rows_done: 1 })
})

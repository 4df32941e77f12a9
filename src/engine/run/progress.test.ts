import { expect, test, vi } from 'vitest'
import { Rig } from '../../../test/support/rig.ts'
import { teller } from './progress.ts'

const PIPELINE = `
name: telling
sources:
  numbers:
    plugin: feed
    options: { chunks: [{ rows: [{ n: 1 }] }, { after_ms: 500, rows: [{ n: 2 }] }, { after_ms: 500, rows: [{ n: 3 }] }] }
    on_invalid: discard
    to: out
sinks:
  out: { plugin: keep, on_error: discard }
`
const failing: readonly [string, () => never][] = [
  [
    'throws',
    () => {
      throw new Error('no terminal')
    },
  ],
  ['rejects', (() => Promise.reject(new Error('no terminal'))) as () => never],
]

test.each(failing)('I11: a run goes on if whoever listens to its progress %s', async (_how, fail) => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const onProgress = vi.fn(fail)
  const rig = new Rig(PIPELINE)
  const { error, summary } = await rig.run({ onProgress })
  expect(error).toBeNull()
  expect(summary.status).toBe('completed')
  expect(rig.column('out', 'n')).toEqual([1, 2, 3])
  expect(onProgress).toHaveBeenCalledOnce()
  expect(warn).toHaveBeenCalledOnce()
  expect(warn.mock.calls[0]?.[0]).toMatch(/no terminal/)
})

test.each(failing)('so it does if whoever listens to what was restored %s', async (_how, onRestored) => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const rig = new Rig(PIPELINE)
  await rig.run({ stop_after_ms: 700 })
  const { summary } = await rig.resume(1000, { onRestored })
  expect(summary.status).toBe('completed')
  expect(rig.column('out', 'n')).toEqual([1, 2, 3])
  expect(warn).toHaveBeenCalledOnce()
})

test('what joins and sorts hold is counted among what was restored', async () => {
  const held = { a: 'ranked', b: 'pairs.left', c: 'pairs.right' }
  const sources = Object.entries(held).map(
    ([name, to]) =>
      `  ${name}: { plugin: feed, options: { chunks: [{ rows: [{ n: 1 }, { n: 2 }] }${name === 'c' ? ', { after_ms: 500, rows: [{ n: 3 }] }' : ''}] }, on_invalid: discard, to: ${to} }`,
  )
  const rig = new Rig(`
name: holding
sources:
${sources.join('\n')}
nodes:
  ranked: { sort: [n desc], to: pairs.left }
  pairs:
    join: { left: n, right: n }
    routes: { matched: out, left: out, right: out }
    on_error: discard
sinks:
  out: { plugin: keep, on_error: discard }
`)
  const { summary } = await rig.run({ stop_after_ms: 300 })
  const onRestored = vi.fn()
  await rig.resume(1000, { onRestored })
  expect(summary.tokens.open).toBe(6)
  expect(onRestored.mock.calls).toMatchObject([[{ open: 6 }]])
})

test('progress is reported after the commit that it is of', async () => {
  const reports: number[][] = []
  const rig = new Rig(PIPELINE)
  await rig.run({
    onProgress: ({ rows_read }) => {
      const commits = rig.ledger.entries_kept.filter(each => each.kind === 'run' && each.draft.entry.k === 'commit')
      reports.push([rows_read, rig.column('out', 'n').length, commits.length])
    },
  })
  expect(reports).toEqual([
    [1, 1, 1],
    [2, 2, 2],
  ])
})

test('what a listener throws that is no error is reported, too, and only once', () => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
  let calls = 0
  const tell = teller<number>('progress', () => {
    calls++
    throw 'nothing'
  })
  tell(1)
  tell(2)
  expect(calls).toBe(1)
  expect(warn).toHaveBeenCalledOnce()
  teller<number>('progress', undefined)(1)
})

import { expect, test } from 'vitest'
import { Rig } from '../../../test/support/rig.ts'
import { CustodyError } from '../../model/error.ts'

const PIPELINE = `
name: slow
sources:
  numbers:
    plugin: feed
    options:
      chunks: [{ rows: [{ n: 1 }] }, { after_ms: 500, rows: [{ n: 2 }] }, { after_ms: 500, rows: [{ n: 3 }] }, { after_ms: 9000, rows: [{ n: 4 }] }]
    on_invalid: discard
    to: out
sinks:
  out: { plugin: keep, on_error: discard }
`
const UNDER_WAY_MS = 600

/** Each commit of rows is under way for its time: from 50, 650 and 1250 ms on. One of them, counted from 1, may fail then. */
function slowRig(fails: number | null): Rig {
  const rig = new Rig(PIPELINE)
  let begun = 0
  rig.ledger.pause = async () => {
    const nth = begun++
    if (nth > 0) await rig.clock.sleep(UNDER_WAY_MS * 1000)
    if (nth === fails) throw new CustodyError('CUSTODY_LEDGER_WRITE', 'the disk is full')
  }
  return rig
}

test('COMMITTER-1: rows go on while a commit is under way; sinks are flushed again when it is durable', async () => {
  const rig = slowRig(null)
  const seen: unknown[] = []
  for (const after_ms of [600, 700, 1200, 1300])
    rig.clock.wake(after_ms * 1000, () => seen.push(rig.column('out', 'n')))
  const { summary } = await rig.run()
  expect(summary.status).toBe('completed')
  expect(seen).toEqual([[1], [1, 2], [1, 2], [1, 2, 3]])
})

test('COMMITTER-3: progress is reported when a commit is durable, and covers what is in it', async () => {
  const rig = slowRig(null)
  const began_us = rig.clock.now_us()
  const reported: (readonly number[])[] = []
  await rig.run({
    onProgress: ({ rows_read, tokens_ended }) =>
      reported.push([(rig.clock.now_us() - began_us) / 1000, rows_read, tokens_ended]),
  })
  expect(reported).toEqual([
    [650, 1, 1],
    [1250, 2, 2],
    [1850, 3, 3],
  ])
})

test.each([
  ['while rows go on', 2, 1, 1250],
  ['while nothing else happens', 3, 2, 1850],
])(
  'COMMITTER-4: a commit that fails %s stops the run at once, and all continues from the one before',
  async (_when, fails, kept, after_ms) => {
    const rig = slowRig(fails)
    const began_us = rig.clock.now_us()
    const { error, summary } = await rig.run()
    expect(error).toMatchObject({ code: 'CUSTODY_LEDGER_WRITE', also: [] })
    // The entry that says that the run stopped takes its time, too.
    expect((rig.clock.now_us() - began_us) / 1000).toBe(after_ms + UNDER_WAY_MS)
    expect(summary).toMatchObject({ status: 'failed', rows: { read: kept }, sinks: { out: { rows: kept } } })
    rig.ledger.pause = null
    const resumed = await rig.resume(1000)
    expect(resumed.summary).toMatchObject({ status: 'completed', rows: { read: 4 } })
    expect(rig.column('out', 'n')).toEqual([1, 2, 3, 4])
  },
)

test('numbers of values that no commit has made durable are free again, wherever the run stops', async () => {
  const rig = new Rig(PIPELINE.replace('plugin: keep', 'plugin: keep, options: { file: out }'))
  let published = false
  rig.ledger.onEntry = ({ k }) => {
    if (k === 'commit' && published) throw new CustodyError('CUSTODY_LEDGER_WRITE', 'no')
    published = k === 'publish'
  }
  expect((await rig.run()).summary.status).toBe('failed')
  const numbers = rig.ledger.entries_kept.flatMap(({ kind, draft }) =>
    kind === 'run' ? draft.values.map((_, i) => draft.first_value + i) : [],
  )
  expect(rig.ledger.entries_kept.at(-1)?.draft).toMatchObject({ entry: { k: 'stop' }, values: [{ kind: 'full' }] })
  expect(numbers).toEqual(numbers.map((_, i) => i + 1))
})

/** Rows come at once, and after so many seconds each. */
const waiting = (...seconds: number[]) => `
name: long
sources:
  numbers:
    plugin: feed
    options: { chunks: [{ rows: [{ n: 1 }] }, ${seconds.map(s => `{ after_ms: ${s * 1000}, rows: [{ n: ${s} }] }`).join(', ')}] }
    on_invalid: discard
    to: out
sinks:
  out: { plugin: keep, on_error: discard }
`

test.each([
  ['while rows come', [90, 90, 90], [120, 240]],
  ['but once, where nothing was committed since', [500], [120]],
  ['not where it is over before', [100], []],
])('how far a run is, is said every two minutes: %s', async (_, seconds, expected_s) => {
  const rig = new Rig(waiting(...seconds))
  const began_us = rig.clock.monotonic_us()
  const said_s: number[] = []
  rig.ledger.onProgressed = () => said_s.push(Math.floor((rig.clock.monotonic_us() - began_us) / 1e6))
  const { summary } = await rig.run()
  expect(summary.status).toBe('completed')
  expect(said_s).toEqual(expected_s)
})

test('how far a run is, is said when it stops, whyever', async () => {
  const rig = new Rig(waiting(90))
  const { summary } = await rig.run({ stop_after_ms: 1000 })
  expect(summary.status).toBe('cancelled')
  expect(rig.ledger.progressed).toEqual([rig.ledger.size])
  const failing = slowRig(2)
  await failing.run()
  expect(failing.ledger.progressed).toEqual([failing.ledger.size])
})

/** What stands before the first record is looked at before anything is written (I14). */
import { describe, expect, test } from 'vitest'
import { Rig, sourceOf } from '../../../test/support/rig.ts'
import { CustodyError } from '../../model/error.ts'
import type { Source, SourceHead, SourceSpec } from '../../sdk/spec.ts'
import type { Notice } from '../nodes/source/source-reader.ts'

const pipeline = (more = '') => `
name: beginning
sources:
  first: { plugin: first, schema: { mode: fixed, fields: { n: integer, note: string? } }, ${more} on_invalid: bad, to: out }
  second: { plugin: second, on_invalid: bad, to: out }
sinks:
  out: { plugin: keep, on_error: discard }
  bad: { plugin: keep, on_error: discard }
`

const head = (...fields: string[]): SourceHead => ({
  input: 'in.csv',
  columns: fields.map(field => ({ field, header: field })),
})

function source(name: string, more: () => Partial<Source>): SourceSpec {
  const spec = sourceOf(name, async function* (from) {
    for (let n = (from?.records ?? 0) + 1; n <= 2; n++)
      yield [{ kind: 'row', line: n, position: n, row: { n, note: name, extra: 1 } }]
  })
  return {
    ...spec,
    create: (options, context) => ({ ...(spec.create(options, context) as Source), ...more() }),
  }
}

interface Sources {
  first?: Partial<Source>
  second?: Partial<Source>
}

function rigWith(sources: Sources, text = pipeline()): Rig {
  return new Rig(text, [source('first', () => sources.first ?? {}), source('second', () => sources.second ?? {})])
}

const refused = new CustodyError('CUSTODY_INPUT_FORMAT', 'in.csv is compressed with gzip')
const rejecting = (error: unknown) => () => Promise.reject(error)

describe('what can’t be read as it is', () => {
  test.each<[string, Sources, string]>([
    ['a header that lacks what is required', { first: { begin: async () => head('N', 'note') } }, 'CUSTODY_HEADER'],
    ['a header that has too much', { first: { begin: async () => head('n', 'note', 'extra') } }, 'CUSTODY_HEADER'],
    ['another format', { first: { begin: rejecting(refused) } }, 'CUSTODY_INPUT_FORMAT'],
    ['another format of a later source', { second: { begin: rejecting(refused) } }, 'CUSTODY_INPUT_FORMAT'],
    ['a plugin that throws', { first: { begin: rejecting(new TypeError('oops')) } }, 'CUSTODY_PLUGIN_DEFECT'],
    ['a plugin that throws at once', { second: { awaits: rejecting(null) } }, 'CUSTODY_PLUGIN_DEFECT'],
  ])('%s: the run is recorded as failed, no output was opened, and it goes on when that is fixed', async (...row) => {
    const [, sources, code] = row
    const rig = rigWith(sources, pipeline('extra_columns: error,'))
    const { error, summary, untouched } = await rig.run()
    expect([error?.code, summary.status, untouched]).toEqual([code, 'failed', true])
    expect([...rig.disk]).toEqual([])
    expect(rig.ledger.entries_kept.map(each => (each.kind === 'run' ? each.draft.entry.k : each.kind))).toEqual([
      'open',
      'stop',
    ])
    for (const each of [sources.first, sources.second])
      for (const key of ['begin', 'awaits'] as const) delete each?.[key]
    const second = await rig.resume(1000)
    expect([second.error, second.untouched, second.summary.rows.read]).toEqual([null, false, 4])
  })

  test('columns that are dropped are in no row', async () => {
    const rig = rigWith({ first: { begin: async () => head('n', 'note', 'extra') } }, pipeline('extra_columns: drop,'))
    expect((await rig.run()).error).toBeNull()
    expect(rig.disk.get('out')?.map(row => ({ ...row }))).toEqual([
      { n: 1, note: 'first' },
      { n: 2, note: 'first' },
      { n: 1, note: 'second', extra: 1 },
      { n: 2, note: 'second', extra: 1 },
    ])
    expect(rig.disk.get('bad')).toEqual([])
  })
})

describe('a source that waits', () => {
  const never = () => new Promise<never>(() => undefined)

  test('can be stopped, and the run holds its lease meanwhile', async () => {
    const rig = rigWith({ first: { begin: never } })
    const { summary, untouched, stopped_by } = await rig.run({ stop_after_ms: 60_000 })
    expect([summary.status, untouched, stopped_by]).toEqual(['cancelled', true, 'user'])
    expect([...rig.disk]).toEqual([])
  })

  test('keeps nobody waiting before its turn, and a notice says what for', async () => {
    const began: string[] = []
    const notices: Notice[] = []
    const waiting = (name: string): Partial<Source> => ({
      awaits: async () => 'somebody',
      begin: async () => {
        began.push(name)
        return name === 'first' ? head('n') : { input: 'x', columns: null, warnings: ['x is odd'] }
      },
    })
    const rig = rigWith({ first: waiting('first'), second: waiting('second') }, pipeline('extra_columns: drop,'))
    const open = rig.clock.now_us()
    const { error } = await rig.run({ onNotice: notice => notices.push(notice) })
    expect([error, rig.clock.now_us() >= open]).toEqual([null, true])
    expect(began).toEqual(['first', 'second'])
    expect(notices).toEqual([
      { kind: 'waiting', text: 'first waits for somebody' },
      { kind: 'warning', text: 'in.csv has no `note`, which the schema has as optional' },
      { kind: 'waiting', text: 'second waits for somebody' },
      { kind: 'warning', text: 'x is odd' },
    ])
  })

  test('for ever when it is closed doesn’t keep the run', async () => {
    const rig = rigWith({ first: { close: never } }, pipeline('extra_columns: drop,'))
    expect((await rig.run()).summary.status).toBe('completed')
  })
})

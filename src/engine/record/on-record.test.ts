import { describe, expect, test } from 'vitest'
import { Rig } from '../../../test/support/rig.ts'
import { onRecord } from './on-record.ts'

test('what a record must have is there, or an error says that it isn’t', () => {
  expect(onRecord(0, 'receipt')).toBe(0)
  expect(onRecord('', 'receipt')).toBe('')
  for (const missing of [null, undefined])
    expect(() => onRecord(missing, 'receipt of sink out')).toThrow('the record has no receipt of sink out')
})

describe('a run whose record has lost something doesn’t go on from nothing', () => {
  const stopped = async () => {
    const rig = new Rig(`
name: lost
sources: { rows: { plugin: feed, options: { chunks: [{ rows: [{ a: 1 }, { a: 2 }] }] }, on_invalid: discard, to: slow } }
nodes: { slow: { transform: wait, options: { ms: 9000 }, on_error: discard, to: out } }
sinks: { out: { plugin: keep, on_error: discard } }
`)
    await rig.run({ stop_after_ms: 1000 })
    return rig
  }

  /** Changes the bodies of the run's own entries. */
  function alter({ ledger }: Rig, change: (body: string) => string): void {
    let changed = 0
    for (const kept of ledger.entries_kept) {
      if (kept.kind !== 'run') continue
      const body = change(kept.encoded.body)
      if (body !== kept.encoded.body) changed++
      kept.encoded = { ...kept.encoded, body }
    }
    expect(changed).toBeGreaterThan(0)
  }

  const RECEIPT = '{"bytes":0,"rows":0,"sink":3}'
  const CURSOR = /\{"done":true,"position":7,"records":2,"source":1\}/
  test.each<[string, (body: string) => string, string]>([
    [
      'the state of an output',
      body => body.replace('"sink":3}', '"sink":3,"state":99}'),
      'receipt of sink out in its latest commit',
    ],
    ['the receipt of an output', body => body.replace(RECEIPT, ''), 'receipt of sink out in its latest commit'],
    [
      'the position of a source',
      body => body.replace('"position":7', '"position":99'),
      'cursor of source rows in its latest commit',
    ],
    ['the cursor of a source', body => body.replace(CURSOR, ''), 'cursor of source rows in its latest commit'],
    [
      'where an output is',
      body => body.replace(/"intent":\d+,"/, '"').replace(/"intent":\d+/, ''),
      'path of sink out in its first entry',
    ],
  ])('%s', async (_what, change, lost) => {
    const rig = await stopped()
    alter(rig, change)
    await expect(rig.resume(1000)).rejects.toMatchObject({
      code: 'CUSTODY_VERIFY_FAILED',
      message: expect.stringContaining(`the record has no ${lost}`),
    })
  })
})

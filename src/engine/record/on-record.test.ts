import { describe, expect, test } from 'vitest'
import { Rig } from '../../../test/support/rig.ts'
import { commitment, SALT_BYTES } from '../../format/hash.ts'
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

  /** Changes what entries of the run have as their values, or their bodies. */
  function alter({ ledger }: Rig, of: 'values' | 'body', change: (text: string) => string): void {
    let changed = 0
    for (const kept of ledger.entries_kept) {
      if (kept.kind !== 'run') continue
      const { body, payload, texts, salts } = kept.encoded
      const altered = texts.map(change)
      let [altered_body, altered_payload] = [body, payload]
      if (of === 'body') altered_body = change(body)
      else if (payload !== null) {
        altered_payload = `[${altered.map(text => `[${text}]`).join(',')}]`
        for (const [i, text] of texts.entries()) {
          const salt = salts.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES)
          altered_body = altered_body.replace(commitment(salt, text), commitment(salt, altered[i] as string))
        }
      }
      if (altered_body !== body) changed++
      kept.encoded = { ...kept.encoded, body: altered_body, payload: altered_payload, texts: altered }
    }
    expect(changed).toBeGreaterThan(0)
  }

  test.each<[string, 'values' | 'body', string | RegExp, string]>([
    [
      'the state of an output',
      'values',
      '"out":{"sha256":null,"state":null}',
      'receipt of sink out in its latest commit',
    ],
    ['the receipt of an output', 'body', '{"bytes":0,"rows":0,"sink":3}', 'receipt of sink out in its latest commit'],
    [
      'the position of a source',
      'values',
      '"rows":{"position":2,"sha256":null}',
      'cursor of source rows in its latest commit',
    ],
    [
      'the cursor of a source',
      'body',
      '{"done":true,"records":2,"source":1}',
      'cursor of source rows in its latest commit',
    ],
    ['where an output is', 'values', /(?<=^\{)"out":.*(?=\}$)/, 'path of sink out in its first entry'],
  ])('%s', async (_what, of, gone, lost) => {
    const rig = await stopped()
    alter(rig, of, text => text.replace(gone, ''))
    await expect(rig.resume(1000)).rejects.toMatchObject({
      code: 'CUSTODY_VERIFY_FAILED',
      message: expect.stringContaining(`the record has no ${lost}`),
    })
  })
})

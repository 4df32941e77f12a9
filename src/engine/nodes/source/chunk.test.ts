import { describe, expect, test } from 'vitest'
import { HOSTILE_CHUNKS, HOSTILE_RECORDS } from '../../../../test/support/hostile-sources.ts'
import { PLUGIN_COMMON, Rig, sourceOf } from '../../../../test/support/rig.ts'
import { derive, type Json, newRow, type Row } from '../../../model/row.ts'
import type { SourceNode } from '../../../plan/plan.ts'
import type { Source, SourceRecord, SourceSpec } from '../../../sdk/spec.ts'
import { takeChunk } from './chunk.ts'

const NODE = { name: 'letters', plugin: { spec: PLUGIN_COMMON } } as unknown as SourceNode
const record = (n: number): SourceRecord => ({
  kind: 'row',
  line: n,
  row: derive(newRow(), { n }),
  position: { next: n + 1 },
})

const PIPELINE = `
name: hostile
sources:
  letters: { plugin: hostile, on_invalid: problems, to: out }
sinks:
  out: { plugin: keep, on_error: discard }
  problems: { plugin: keep, on_error: discard }
`
const TOTAL = 6

/** Six records in chunks of two; `meddle` changes the second chunk until the plugin is fixed. */
function hostile(meddle: (chunk: readonly SourceRecord[]) => unknown) {
  const state = { fixed: false }
  const spec = sourceOf('hostile', async function* (from) {
    for (let i = from === null ? 1 : (from.position as { next: number }).next; i <= TOTAL; i += 2) {
      const chunk = [record(i), record(i + 1)].slice(0, TOTAL - i + 1)
      yield (i <= 4 && i + 1 >= 3 && !state.fixed ? meddle(chunk) : chunk) as readonly SourceRecord[]
    }
  })
  return { spec, state }
}

const DEFECT = { code: 'CUSTODY_PLUGIN_DEFECT', where: { node: 'letters' } }

/** A hostile run stops with the plugin's name, and once the plugin is fixed it has read each record once. */
async function expectNothingLost(spec: SourceSpec, fix: () => void) {
  const rig = new Rig(PIPELINE, [spec])
  const first = await rig.run()
  expect(first.error).toMatchObject(DEFECT)
  // What came before is kept, and nothing of what came with the bad one is.
  expect(first.summary.rows.read % 2).toBe(0)
  fix()
  const second = await rig.resume(1000)
  expect(second.error).toBeNull()
  expect(rig.column('out', 'n')).toEqual([1, 2, 3, 4, 5, 6])
  expect(second.summary.rows).toEqual({ read: 6, ingested: 6, rejected: 0 })
}

describe('a source that misbehaves is a defect with its name, and loses no record', () => {
  test.each(HOSTILE_RECORDS)('%s', async (_name, way) => {
    const { spec, state } = hostile(chunk => chunk.map((each, i) => (i === 1 ? way(each) : each)))
    await expectNothingLost(spec, () => {
      state.fixed = true
    })
  })

  test.each(HOSTILE_CHUNKS)('%s as a chunk', async (_name, way) => {
    const { spec, state } = hostile(way)
    await expectNothingLost(spec, () => {
      state.fixed = true
    })
  })

  const good: Source['read'] = async function* (from) {
    for (let i = (from?.records ?? 0) + 1; i <= TOTAL; i++) yield [record(i)]
  }
  const oops = () => {
    throw new TypeError('oops')
  }
  test.each<[string, Partial<Source>]>([
    ['reads by throwing', { read: oops }],
    ['reads nothing that can be gone through', { read: () => 7 as never }],
    ['gives no promise', { read: () => ({ [Symbol.asyncIterator]: () => ({ next: () => undefined as never }) }) }],
    ['promises nothing', { read: () => ({ [Symbol.asyncIterator]: () => ({ next: async () => 5 as never }) }) }],
    [
      'rejects with nothing',
      { read: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(null) }) }) },
    ],
    ['throws at a hash', { hashUpTo: oops }],
    ['gives a hash that is none', { hashUpTo: () => 'abc' }],
    ['gives a hash that is none at all', { hashUpTo: () => 7 as never }],
    ['throws at its end', { end: oops }],
    ['ends at a position that is none', { end: () => ({ position: Number.NaN, bytes: 1 }) }],
    ['ends nowhere', { end: () => null as never }],
  ])('%s', async (_name, bad) => {
    const state = { fixed: false }
    const fair: Source = { read: good, close: async () => undefined }
    const spec: SourceSpec = {
      ...sourceOf('hostile', good),
      create: () => (state.fixed ? fair : { ...fair, ...bad }),
    }
    const rig = new Rig(PIPELINE, [spec])
    expect((await rig.run()).error).toMatchObject(DEFECT)
    state.fixed = true
    expect((await rig.resume(1000)).error).toBeNull()
    expect(rig.column('out', 'n')).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('one that only ever yields nothing lets others be heard', async () => {
    const { spec } = hostile(() => [])
    const endless: SourceSpec = {
      ...spec,
      create: () => ({
        async *read() {
          for (;;) yield []
        },
        close: async () => undefined,
      }),
    }
    const rig = new Rig(PIPELINE, [endless])
    expect((await rig.run({ stop_after_ms: 100 })).summary.status).toBe('cancelled')
  })
})

describe('what is taken is the engine’s own', () => {
  const taken = (row: unknown, position: Json = 1) => {
    const [first] = takeChunk(NODE, [{ kind: 'row', line: 1, row, position }])
    return first as Extract<SourceRecord, { kind: 'row' }>
  }

  test('a chunk, a row or a position that is changed later changes nothing', () => {
    const row = { n: 1, list: [{ a: 1 }] }
    const position = { next: 2 }
    const chunk = [{ kind: 'row', line: 1, row, position }]
    const records = takeChunk(NODE, chunk)
    row.n = 9
    row.list[0]!.a = 9
    position.next = 9
    chunk[0]!.line = 9
    chunk.pop()
    expect(records).toEqual([
      {
        kind: 'row',
        line: 1,
        row: derive(newRow(), { n: 1, list: [derive(newRow(), { a: 1 })] }),
        position: derive(newRow(), { next: 2 }),
      },
    ])
  })

  test('a row that was made as one is frozen rather than copied', () => {
    const row = derive(newRow(), { n: 1 }) as { n: number }
    expect(taken(row).row).toBe(row)
    expect(() => {
      row.n = 2
    }).toThrow(TypeError)
  })

  test('each value is asked for once, so that what is checked is what is recorded', () => {
    let asked = 0
    const { row } = taken({
      get n() {
        return ++asked
      },
    })
    expect([row.n, row.n, asked]).toEqual([1, 1, 1])
    const shifting = new Proxy(derive(newRow(), { n: 1 }) as object, { get: () => ++asked })
    const shifted = taken(shifting).row
    expect([shifted.n, shifted.n]).toEqual([2, 2])
  })

  test('names that objects have are data', () => {
    const row = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}') as Row
    expect(JSON.stringify(taken(row).row)).toBe('{"__proto__":{"a":1},"constructor":2}')
    expect('a' in taken(row).row).toBe(false)
  })

  test('the message says what is wrong, and where', () => {
    expect(() => taken({ a: [{ b: Number.NaN }] })).toThrow(
      'the plugin of `letters` yielded a row that isn’t JSON: number NaN at "a" › 0 › "b"',
    )
  })
})

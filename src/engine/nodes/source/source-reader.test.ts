import { describe, expect, test } from 'vitest'
import { PLUGIN_COMMON, Rig, sourceOf } from '../../../../test/support/rig.ts'
import { CustodyError } from '../../../model/error.ts'
import { derive, type Json, newRow, type Row } from '../../../model/row.ts'
import { OBSERVED, type RowSchema } from '../../../model/schema.ts'
import type { SourceNode } from '../../../plan/plan.ts'
import type { Source, SourceItem, SourceRecord } from '../../../sdk/spec.ts'
import { type Incoming, type ReadSoFar, SourceReader } from './source-reader.ts'

const row = (fields: object): Row => derive(newRow(), fields as Row)
const record = (n: number, more: Partial<SourceRecord> = {}): SourceRecord =>
  ({ kind: 'row', line: n, row: row({ n }), position: n, ...more }) as SourceRecord

const INTEGER: RowSchema = {
  fields: new Map([['n', { schema: { type: 'integer' }, optional: false }]]),
  closed: false,
  observed: false,
}

const hashOf = (position: Json) => String(position).padStart(64, '0')

interface Fake extends Partial<Source> {
  readonly chunks: readonly (readonly SourceItem[])[]
  /** Names. */
  readonly files?: readonly string[]
  readonly schema?: RowSchema
  readonly textual?: boolean
  readonly from?: ReadSoFar
}

function readerOf({ chunks, files, schema = OBSERVED, textual = false, from, ...more }: Fake) {
  const asked: unknown[] = []
  const source: Source = {
    async *read(point) {
      asked.push(point)
      yield* chunks
    },
    close: async () => undefined,
    ...more,
  }
  const node = { name: 'letters', schema, plugin: { spec: { ...PLUGIN_COMMON, textual } } } as unknown as SourceNode
  let ready = 0
  const ports = { onReady: () => ready++, onNotice: () => undefined }
  const reader = new SourceReader({ node, source, files: files ?? null }, from ?? null, ports)
  return { reader, asked, readies: () => ready }
}

/** Polls to the end, letting the source go on whenever nothing is there. */
async function drain(reader: SourceReader): Promise<Incoming[]> {
  const all: Incoming[] = []
  for (let pending = 0; pending < 1000; ) {
    const incoming = reader.poll()
    if (incoming.kind === 'end') return all
    if (incoming.kind !== 'pending') all.push(incoming)
    else {
      pending++
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  throw new Error('the reader never ends')
}

const contentOf = (incoming: Incoming): unknown => {
  if (incoming.kind === 'row') return { ...incoming.row }
  return incoming.kind === 'reject' ? [incoming.record.code, incoming.record.raw] : incoming.kind
}

describe('chunks', () => {
  test('records of all chunks come in order and numbered from 1, whatever the chunks are', async () => {
    const { reader } = readerOf({ chunks: [[record(1), record(2)], [], [record(3)], [], []] })
    const all = await drain(reader)
    expect(all.map(contentOf)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
    expect(all.map(each => 'index' in each && each.index)).toEqual([1, 2, 3])
  })

  test('SOURCE-READER-1: `poll` tells at once that nothing is there, and is called when something is', async () => {
    const { reader, readies } = readerOf({ chunks: [[record(1)]] })
    expect(reader.poll()).toEqual({ kind: 'pending' })
    expect(reader.poll()).toEqual({ kind: 'pending' })
    expect(readies()).toBe(0)
    await new Promise(resolve => setImmediate(resolve))
    expect(readies()).toBe(1)
    expect(reader.poll().kind).toBe('row')
  })

  test('SOURCE-READER-2: the cursor covers what was handed out, not what was read ahead', async () => {
    const hashed: Json[] = []
    const hashUpTo = (position: Json) => {
      hashed.push(position)
      return hashOf(position)
    }
    const { reader } = readerOf({ chunks: [[record(1), record(2)], [record(3)]], hashUpTo })
    expect(reader.cursor()).toEqual({ records: 0, position: null, sha256: null, done: false })
    reader.poll()
    await new Promise(resolve => setImmediate(resolve))
    reader.poll()
    expect(reader.cursor()).toEqual({ records: 1, position: 1, sha256: hashOf(1), done: false })
    expect(reader.cursor()).toEqual({ records: 1, position: 1, sha256: hashOf(1), done: false })
    // Only once for a position: it may cost something.
    expect(hashed).toEqual([1])
    await drain(reader)
    expect(reader.cursor()).toEqual({ records: 3, position: 3, sha256: hashOf(3), done: true })
  })

  test('what follows the last record is read, too', async () => {
    const end = () => ({ position: 99, bytes: 99 })
    const { reader } = readerOf({ chunks: [[record(1)]], end, hashUpTo: position => hashOf(position) })
    await drain(reader)
    expect(reader.cursor()).toEqual({ records: 1, position: 99, sha256: hashOf(99), done: true })
  })

  test('after `end` nothing comes, whatever the source has', async () => {
    const { reader } = readerOf({ chunks: [[record(1), record(2)]] })
    reader.poll()
    await new Promise(resolve => setImmediate(resolve))
    reader.poll()
    reader.end()
    expect(reader.poll()).toEqual({ kind: 'end' })
    expect(reader.cursor()).toMatchObject({ records: 1, position: 1, done: true })
  })
})

describe('records that do not fit', () => {
  test('the schema rejects with its own codes; the text of the record is kept, else its value', async () => {
    const chunks = [[record(1), record(2, { row: row({ n: 'x' }), raw: 'x,y' } as object), record(3, { row: row({}) })]]
    const { reader } = readerOf({ chunks, schema: INTEGER })
    expect((await drain(reader)).map(contentOf)).toEqual([
      { n: 1 },
      ['SCHEMA_TYPE', 'x,y'],
      ['SCHEMA_FIELD_MISSING', row({})],
    ])
    expect(reader.cursor().records).toBe(3)
  })

  test('texts of textual sources are converted', async () => {
    const { reader } = readerOf({ chunks: [[record(1, { row: row({ n: '7' }) })]], schema: INTEGER, textual: true })
    expect((await drain(reader)).map(contentOf)).toEqual([{ n: 7 }])
  })

  test('what the source rejects is handed on', async () => {
    const reject = { kind: 'reject', raw: '?', code: 'BAD', message: 'bad' } as const
    const { reader } = readerOf({ chunks: [[record(1, reject as object), record(2)]] })
    expect((await drain(reader)).map(contentOf)).toEqual([['BAD', '?'], { n: 2 }])
  })
})

describe('a source that was begun before', () => {
  const from = (more: Partial<ReadSoFar> = {}): ReadSoFar => ({
    records: 2,
    position: 2,
    sha256: hashOf(2),
    done: false,
    cut: false,
    files: [],
    ...more,
  })

  test('continues after the cursor, and so does the numbering', async () => {
    const { reader, asked } = readerOf({
      chunks: [[record(3)]],
      from: from(),
      hashUpTo: position => hashOf(position),
    })
    const all = await drain(reader)
    expect(asked).toEqual([{ records: 2, position: 2 }])
    expect(all).toMatchObject([{ kind: 'row', index: 3 }])
  })

  test('hands nothing out if what was read of it has changed', async () => {
    const { reader } = readerOf({ chunks: [[record(3)]], from: from(), hashUpTo: () => hashOf(7) })
    await expect(drain(reader)).rejects.toMatchObject({ code: 'CUSTODY_SOURCE_CHANGED', where: { node: 'letters' } })
    expect(reader.cursor()).toMatchObject({ records: 2, position: 2 })
  })

  test('nor if it has nothing more, and has changed', async () => {
    const { reader } = readerOf({ chunks: [], from: from(), hashUpTo: () => hashOf(7) })
    await expect(drain(reader)).rejects.toMatchObject({ code: 'CUSTODY_SOURCE_CHANGED' })
  })

  test('need not be looked at if it was done', async () => {
    const { reader } = readerOf({ chunks: [[record(3)]], from: from({ done: true }), hashUpTo: () => hashOf(7) })
    expect(await drain(reader)).toEqual([])
    expect(reader.cursor()).toEqual({ records: 2, position: 2, sha256: hashOf(2), done: true })
  })

  test('begins at the beginning if nothing of it was read', async () => {
    const { reader, asked } = readerOf({
      chunks: [[record(1)]],
      from: from({ records: 0, position: null, sha256: null }),
    })
    expect((await drain(reader)).map(contentOf)).toEqual([{ n: 1 }])
    expect(asked).toEqual([null])
  })
})

test('a source that is closed while it is waited for, or before, is never begun or read', async () => {
  for (const when of ['before', 'while'] as const) {
    const begun: string[] = []
    const { reader, asked } = readerOf({
      chunks: [[record(1)]],
      awaits: async () => null,
      begin: async () => {
        begun.push(when)
        return { input: 'letters', columns: null }
      },
    })
    if (when === 'before') await reader.close()
    const beginning = reader.begin()
    if (when === 'while') await reader.close()
    await beginning
    expect(reader.poll().kind).toBe('pending')
    await new Promise(resolve => setImmediate(resolve))
    expect([begun, asked]).toEqual([[], []])
  }
})

describe('a source that fails', () => {
  const failing = (thrown: unknown): Fake => ({
    chunks: [],
    async *read() {
      yield [record(1)]
      throw thrown
    },
  })

  test('gives what it had, and then its own error', async () => {
    const error = new CustodyError('CUSTODY_SOURCE', 'the disk is gone')
    const { reader } = readerOf(failing(error))
    await expect(drain(reader)).rejects.toBe(error)
    expect(reader.cursor()).toMatchObject({ records: 1, done: false })
    // It stays failed.
    expect(() => reader.poll()).toThrow(error)
  })

  test.each<[string, Fake]>([
    ['throws anything else', failing(new TypeError('oops'))],
    ['yields no list', { chunks: [{ n: 1 }] as never }],
    ['yields nothing', { chunks: [undefined] as never }],
    ['yields a row that is none', { chunks: [[record(1, { row: 'n=1' } as never)]] }],
    ['yields a row with a date', { chunks: [[record(1, { row: { at: new Date(0) } } as never)]] }],
    [
      'rejects with a code that it does not declare',
      { chunks: [[record(1, { kind: 'reject', code: 'SECRET' } as never)]] },
    ],
    [
      'can’t tell a hash',
      {
        chunks: [[record(3)]],
        from: { records: 2, position: 2, sha256: 'x', done: false, cut: false, files: [] },
        hashUpTo: () => {
          throw new TypeError('no such position')
        },
      },
    ],
  ])('%s: a defect with its name', async (_name, fake) => {
    await expect(drain(readerOf(fake).reader)).rejects.toMatchObject({
      code: 'CUSTODY_PLUGIN_DEFECT',
      where: { node: 'letters' },
    })
  })

  test('gives rows without prototypes', async () => {
    const { reader } = readerOf({ chunks: [[record(1, { row: { n: 1 } })]] })
    const [first] = await drain(reader)
    expect(first?.kind === 'row' && 'constructor' in first.row).toBe(false)
  })
})

// ── in a run ────────────────────────────────────────────────────────────────────────────────────────────────────────

const pipeline = (source: string) => `
name: reader
sources:
  letters: { ${source}, on_invalid: problems, to: out }
sinks:
  out: { plugin: keep, on_error: discard }
  problems: { plugin: keep, on_error: discard }
`
const NUMBERS =
  'plugin: feed, options: { chunks: [{ rows: [{n: 1}, {n: 2}] }, { after_ms: 500, rows: [{n: 3}, {n: 4}] }] }'

describe('a run', () => {
  test.each([
    [0, 'empty', []],
    [1, 'completed', [1]],
    [3, 'completed', [1, 2, 3]],
    [4, 'completed', [1, 2, 3, 4]],
    [5, 'completed', [1, 2, 3, 4]],
  ])('with a limit of %i is %s', async (limit, status, ns) => {
    const rig = new Rig(pipeline(NUMBERS))
    const { summary } = await rig.run({ limit })
    expect(summary.status).toBe(status)
    expect(rig.column('out', 'n')).toEqual(ns)
  })

  test('keeps its limit when it is resumed', async () => {
    const rig = new Rig(pipeline(NUMBERS))
    await rig.run({ limit: 3, stop_after_ms: 200 })
    const { summary } = await rig.resume(1000)
    expect(summary.rows.read).toBe(3)
    expect(rig.column('out', 'n')).toEqual([1, 2, 3])
  })

  test('is not stopped by a schema’s message that is cut within a letter', async () => {
    // The message quotes 60 units: the last one is the first half of 🙂.
    const long = `${'x'.repeat(58)}🙂${'x'.repeat(20)}`
    const schema = 'schema: { mode: flexible, fields: { n: integer } }'
    const rig = new Rig(pipeline(`plugin: feed, ${schema}, options: { chunks: [{ rows: [{n: "${long}"}] }] }`))
    const { error } = await rig.run()
    expect(error).toBeNull()
    expect(rig.column('problems', '_error')).toMatchObject([{ code: 'SCHEMA_TYPE' }])
  })

  test('stops where its source fails, with what came before, and goes on there', async () => {
    let broken = true
    const source = sourceOf('shaky', async function* (from) {
      for (let n = (from?.records ?? 0) + 1; n <= 3; n++) {
        if (n === 3 && broken) throw new CustodyError('CUSTODY_SOURCE', 'the disk is gone')
        yield [record(n)]
      }
    })
    const rig = new Rig(pipeline('plugin: shaky'), [source])
    const { error, summary } = await rig.run()
    expect(error).toMatchObject({ code: 'CUSTODY_SOURCE' })
    expect(summary).toMatchObject({ status: 'failed', rows: { read: 2 } })
    broken = false
    expect((await rig.resume(1000)).summary.status).toBe('completed')
    expect(rig.column('out', 'n')).toEqual([1, 2, 3])
  })
})

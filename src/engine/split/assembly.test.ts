import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Row, withoutPrototypes } from '../../model/row.ts'
import type { SinkNode } from '../../plan/plan.ts'
import type { Sink } from '../../sdk/spec.ts'
import { PIECE_INTENT, PieceSink } from '../nodes/sink/piece-sink.ts'
import { type Output, SENT, sentRows } from '../nodes/sink/sink-set.ts'
import type { PieceName, Pieces } from '../ports/pieces.ts'
import { assemble } from './assembly.ts'

/** Pieces in memory, read some bytes at a time. */
function memoryPieces(at_once: number): Pieces & { readonly files: Map<string, Buffer> } {
  const files = new Map<string, Buffer>()
  const keyOf = ({ part, epoch, sink }: PieceName) => `${part}-${epoch}-${sink}`
  const of = (name: PieceName) => files.get(keyOf(name)) ?? Buffer.alloc(0)
  return {
    files,
    make: async () => undefined,
    async create(name) {
      files.set(keyOf(name), Buffer.alloc(0))
      return {
        append: async bytes => void files.set(keyOf(name), Buffer.concat([of(name), bytes])),
        cut: async bytes => void files.set(keyOf(name), of(name).subarray(0, bytes)),
        close: async () => undefined,
      }
    },
    async *read(name, bytes) {
      for (let at = 0; at < bytes; at += at_once) yield of(name).subarray(at, Math.min(bytes, at + at_once))
    },
    write: async (name, at, bytes) =>
      void files.set(keyOf(name), Buffer.concat([at === 0 ? Buffer.alloc(0) : of(name), bytes])),
    sync: async () => undefined,
    removeSpools: async () => undefined,
    remove: async () => files.clear(),
  }
}

const NODE = { name: 'out', number: 3 } as unknown as SinkNode
const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r', '\u2028', '\u2029', '😀', '"', '\\', '\0') })
const rows = fc.array(fc.dictionary(text, fc.oneof(text, fc.integer(), fc.constant(null)), { maxKeys: 3 }))

async function assembled(
  parts: readonly (readonly Row[])[],
  at_once: number,
  harm?: (pieces: Map<string, Buffer>) => void,
) {
  const pieces = memoryPieces(at_once)
  const receipts = []
  for (const [i, part] of parts.entries()) {
    const sink = new PieceSink(
      pieces,
      { part: i + 1, epoch: 2, sink: 3 },
      { node: 'out', texts: null, rehearsal: null },
    )
    await sink.open(PIECE_INTENT, null)
    for (const row of part) sink.write(row)
    receipts.push(new Map([['out', await sink.finish()]]))
  }
  harm?.(pieces.files)
  const written: Row[] = []
  const write = (row: Row) => {
    written.push(row)
    return null
  }
  // cast: as much of a sink as is used.
  const sink = { write, flush: async () => undefined } as unknown as Sink
  // cast: as much of an output as is used.
  const output = { node: NODE, sink, receipt: null, intent: { path: 'out.jsonl', mode: 'fail' } } as unknown as Output
  const { signal } = new AbortController()
  await assemble({
    outputs: [output],
    pieces,
    receipts,
    takesTexts: () => false,
    commit: async () => undefined,
    signal,
  })
  return written
}

test('rows of splits come in order of their splits, as they were, whatever is in them and wherever bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(rows, { maxLength: 4 }), fc.integer({ min: 1, max: 40 }), async (parts, at_once) => {
      const all = parts.map(part => part.map(row => withoutPrototypes(row) as Row))
      expect(await assembled(all, at_once)).toEqual(all.flat())
    }),
    { numRuns: 200 },
  )
})

test('a piece that somebody has touched is refused (ASSEMBLY-1)', async () => {
  const parts = [[{ id: 1 }], [{ id: 2 }]].map(part => part.map(row => withoutPrototypes(row) as Row))
  const harmed = assembled(parts, 10, files => files.set('2-2-3', Buffer.from('{"id":3}\n')))
  await expect(harmed).rejects.toThrow('what split 2 had written')
})

test('rows that splits have sent are counted, once each, also where it is continued', async () => {
  const sent = { rows: 7, bytes: 0, sha256: null, state: null }
  const receipts = [new Map([['out', sent]]), new Map([['out', sent]]), new Map([['out', sent]])]
  for (const counted of [0, 7, 14, 21]) {
    const sink = sentRows()
    const receipt = counted === 0 ? null : { ...sent, rows: counted }
    await sink.open(SENT, receipt)
    // cast: as much of an output as is used.
    const output = { node: NODE, sink, receipt, intent: SENT } as unknown as Output
    const { signal } = new AbortController()
    const at_end = { takesTexts: () => false, commit: async () => undefined, signal }
    await assemble({ outputs: [output], pieces: memoryPieces(10), receipts, ...at_end })
    expect(await sink.finish()).toEqual({ ...sent, rows: 21 })
  }
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PLUGIN_COMMON } from '../../../../test/support/rig.ts'
import type { Json } from '../../../model/row.ts'
import { newRow } from '../../../model/row.ts'
import { OBSERVED } from '../../../model/schema.ts'
import type { SourceNode } from '../../../plan/plan.ts'
import type { SourceItem } from '../../../sdk/spec.ts'
import { type ReadSoFar, SourceReader } from './source-reader.ts'

/** Files of so many records each, all in one chunk; positions count items. */
function readerOf(counts: readonly number[], names: readonly string[] | null, from: ReadSoFar | null = null) {
  let at = 0
  const items = counts.flatMap((count): SourceItem[] => [
    ...Array.from({ length: count }, (): SourceItem => ({ kind: 'row', line: 1, row: newRow(), position: ++at })),
    { kind: 'end_of_file', bytes: count * 10, position: ++at },
  ])
  const source = {
    async *read() {
      yield items.slice(typeof from?.position === 'number' ? from.position : 0)
    },
    hashUpTo: (position: Json) => String(position).padStart(64, '0'),
    // Ends of files have no bytes.
    bytesBefore: (position: Json) => 10 * items.slice(0, Number(position)).filter(each => each.kind === 'row').length,
    close: async () => undefined,
  }
  const node = { name: 'in', schema: OBSERVED, plugin: { spec: { ...PLUGIN_COMMON, textual: false } } }
  const ports = { onReady: () => undefined, onNotice: () => undefined }
  // cast: a node as far as it is asked for.
  return new SourceReader({ node: node as unknown as SourceNode, source, files: names }, from, ports)
}

/** So many records, or all. */
async function take(reader: SourceReader, most = Number.POSITIVE_INFINITY): Promise<void> {
  for (let records = 0; records < most; ) {
    const { kind } = reader.poll()
    if (kind === 'end') return
    if (kind === 'pending') await new Promise(resolve => setImmediate(resolve))
    else records++
  }
}

const namesOf = (counts: readonly number[]) => counts.map((_, i) => `${i}.csv`)

test('each file is recorded once, and their records are those of the source, wherever commits end and runs are resumed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(4), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 6 }),
      fc.boolean(),
      async (counts, steps, limited) => {
        const recorded: { file: number; from: number; records: number; bytes: number; done: boolean; name: string }[] =
          []
        let from: ReadSoFar | null = null
        for (const step of [...steps, null]) {
          const reader: SourceReader = readerOf(counts, namesOf(counts), from)
          await take(reader, step ?? undefined)
          const last = limited && step === steps.at(-1) && step !== null
          if (last) reader.end()
          const cursor = reader.cursor()
          recorded.push(...reader.takeFiles().map(({ position: _, sha256: __, ...each }) => each))
          expect(reader.takeFiles()).toEqual([])
          const files = recorded.map(each => ({ ...each, sha256: '' }))
          from = { ...cursor, cut: false, files }
          if (last) break
        }
        expect(recorded.map(({ file, name }) => [file, name])).toEqual(
          recorded.map((_, i) => [i + 1, namesOf(counts)[i]]),
        )
        expect(recorded.reduce((sum, { records }) => sum + records, 0)).toBe(from?.records)
        for (const { file, from: first, records, bytes, done } of recorded) {
          expect(first).toBe(1 + recorded.slice(0, file - 1).reduce((sum, each) => sum + each.records, 0))
          if (done) expect(records).toBe(counts[file - 1])
          expect(bytes).toBe(records * 10)
        }
        if (!limited) expect(recorded.map(({ done }) => done)).toEqual(counts.map(() => true))
      },
    ),
    { numRuns: 200 },
  )
})

test('a source that is cut has what was read of the file in hand on record', () => {
  const files = [{ records: 2, bytes: 20, sha256: '', done: true }]
  const from = { records: 5, position: 6, sha256: 'f'.repeat(64), done: true, cut: true, files }
  expect(readerOf([2, 4, 1], ['a', 'b', 'c'], from).takeFiles()).toEqual([
    { file: 2, from: 3, records: 3, bytes: 30, done: false, name: 'b', position: 6, sha256: 'f'.repeat(64) },
  ])
})

test.each<[string, readonly number[], readonly string[] | null]>([
  ['the end of a file without a list', [1], null],
  ['more ends than files', [1, 1], ['a']],
  ['no end of a file', [1], ['a', 'b']],
])('a source that yields %s is a defect', async (_name, counts, names) => {
  await expect(take(readerOf(counts, names))).rejects.toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT' })
})

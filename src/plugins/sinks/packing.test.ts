import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { Folder, readAll, writeAll } from '../../../test/support/plugin-files.ts'
import type { Row } from '../../model/row.ts'
import { csvSource } from '../sources/csv.ts'
import { csvSink } from './csv.ts'
import { jsonSink } from './json.ts'
import { jsonlSink } from './jsonl.ts'
import { textSink } from './text.ts'

const ROWS: Row[] = Array.from({ length: 4 }, (_, n) => ({ id: n, text: `row "${n}", Zoë` }))
const TEXT = `id,text\n${ROWS.map(({ id }) => `${id},"row ""${id}"", Zoë"\n`).join('')}`

describe.each([
  ['gzip', 'out.csv.gz', gunzipSync],
  ['zstd', 'out.csv.zst', zstdDecompressSync],
])('%s', (compression, path, unpack) => {
  const content = (folder: Folder, name = path) => unpack(readFileSync(join(folder.path, name))).toString()

  test('each flush is a part of its own, and all are one content, wherever the process died', async () => {
    for (let committed = 0; committed <= ROWS.length; committed++) {
      const folder = new Folder()
      const before = folder.sink(csvSink, { path })
      const intent = await before.prepare()
      await before.open(intent, null)
      const receipts = [await before.flush()]
      for (const row of ROWS) {
        before.write(row)
        receipts.push(await before.flush())
      }
      await before.close()
      const after = folder.sink(csvSink, { path })
      await after.open(intent, receipts[committed]!)
      for (const row of ROWS.slice(committed)) after.write(row)
      const last = await after.finish()
      expect(await after.finish()).toEqual(last)
      await after.close()
      const finished = folder.sink(csvSink, { path })
      await finished.open(intent, last)
      expect(await finished.finish()).toEqual(last)
      await finished.publish()
      await finished.close()
      expect(content(folder)).toBe(TEXT)
      const bytes = readFileSync(join(folder.path, path))
      expect(last).toMatchObject({
        rows: ROWS.length,
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      })
    }
  })

  test('what is written is read by the source', async () => {
    const folder = new Folder()
    await writeAll(folder.sink(csvSink, { path }), ROWS)
    const records = await readAll(folder.source(csvSource, { path }))
    expect(records.map(each => each.kind === 'row' && { ...each.row })).toEqual(
      ROWS.map(({ id, text }) => ({ id: String(id), text })),
    )
  })

  test('an output with no rows can be unpacked', async () => {
    const folder = new Folder()
    await writeAll(folder.sink(jsonlSink, { path: 'nothing', compression }), [])
    expect(content(folder, 'nothing')).toBe('')
  })

  test('other formats, too', async () => {
    const folder = new Folder()
    await writeAll(folder.sink(jsonSink, { path: 'a', compression }), [{ a: 1 }])
    await writeAll(folder.sink(textSink, { path: 'b', compression, field: 'a' }), [{ a: 1 }])
    expect([content(folder, 'a'), content(folder, 'b')]).toEqual(['[\n{"a":1}\n]\n', '1\n'])
  })
})

test('nothing is appended to a compressed file', () => {
  const problems = (options: object) => jsonlSink.check?.(jsonlSink.options.parse({ path: 'a.gz', ...options }), [])
  expect(problems({ if_exists: 'append' })).toHaveLength(1)
  expect(problems({ if_exists: 'append', compression: 'none' })).toEqual([])
  expect(problems({})).toEqual([])
})

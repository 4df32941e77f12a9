import { describe, expect, test } from 'vitest'
import { MemoryStore } from '../../../test/support/memory-store.ts'
import { readAll } from '../../../test/support/plugin-files.ts'
import { StoreFailure } from '../stores/object-store.ts'
import { parseStoreUrl, type StoreUrl } from '../stores/store-url.ts'
import type { Chunks } from './byte-reader.ts'
import { CsvFormat } from './csv-format.ts'
import { csvLayout, csvOptions } from './csv-options.ts'
import { FileSource } from './file-source.ts'
import { StoredFile } from './stored-file.ts'

const CONTENT = Buffer.from('id,name\n1,a\n2,b\n3,c\n')
const PLACE = { path: 's3://bucket/in/a.csv', folder: '/', node: 'rows' }
const WAITING = { waits_ms: [0, 0], idle_ms: 1000 }

function storedFile(): { readonly store: MemoryStore; readonly file: StoredFile } {
  const store = new MemoryStore(8)
  store.set('in/a.csv', CONTENT)
  const version = store.objects.get('in/a.csv')?.version ?? ''
  const url = parseStoreUrl(PLACE.path) as StoreUrl
  return { store, file: new StoredFile(store, url, { bytes: CONTENT.length, version }) }
}

async function all(chunks: Chunks): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for (let piece = await chunks.next(); piece !== null; piece = await chunks.next()) pieces.push(piece)
  return Buffer.concat(pieces)
}

describe('an object that is read', () => {
  test('is whole, wherever connections break (STORED-FILE-1)', async () => {
    for (let cut_bytes = 1; cut_bytes <= CONTENT.length; cut_bytes++) {
      const { store, file } = storedFile()
      store.cut_bytes = cut_bytes
      expect(await all(file.chunks(PLACE, WAITING))).toEqual(CONTENT)
    }
  })

  test('is cut, and read from where a range begins', async () => {
    const { store, file } = storedFile()
    store.cut_bytes = 5
    const opening = async (from: number) => file.chunks(PLACE, WAITING, from)
    const make = () =>
      new FileSource(PLACE, new CsvFormat(PLACE, csvLayout(csvOptions.parse({ path: PLACE.path }))), {
        opening,
        seeks: true,
        seen: file,
      })
    expect(await all(await opening(12))).toEqual(CONTENT.subarray(12))
    const ranges = await make().cut([11], { signal: new AbortController().signal })
    expect(ranges?.map(({ records, bytes }) => [records, bytes])).toEqual([
      [1, 12],
      [2, 8],
    ])
    for (const range of ranges ?? []) {
      const source = make()
      source.select(range)
      expect((await readAll(source)).length).toBe(range.records)
      expect(source.hashUpTo(source.end().position)).toBe(range.sha256)
    }
  })

  test('is another one when it was replaced, also in the middle', async () => {
    const { store, file } = storedFile()
    store.cut_bytes = 5
    const chunks = file.chunks(PLACE, WAITING)
    await chunks.next()
    store.set('in/a.csv', CONTENT)
    await expect(all(chunks)).rejects.toMatchObject({ code: 'CUSTODY_SOURCE_CHANGED' })
  })

  test.each([
    ['absent', 'CUSTODY_FILE_NOT_FOUND', 's3://bucket/in/a.csv does not exist'],
    ['no_root', 'CUSTODY_FILE_NOT_FOUND', 's3://bucket does not exist: said'],
    ['denied', 'CUSTODY_SOURCE', 's3://bucket/in/a.csv may not be read: said'],
    ['credentials', 'CUSTODY_SOURCE', 's3://bucket doesn’t know who asks: said'],
    ['unavailable', 'CUSTODY_SOURCE', 's3://bucket/in/a.csv can’t be read for now: said'],
    ['other', 'CUSTODY_SOURCE', 's3://bucket/in/a.csv can’t be read: said'],
  ] as const)('that is %s fails as %s', async (kind, code, message) => {
    const { store, file } = storedFile()
    store.before = () => {
      throw new StoreFailure(kind, 'said')
    }
    await expect(file.chunks(PLACE, WAITING).next()).rejects.toMatchObject({ code, message })
  })
})

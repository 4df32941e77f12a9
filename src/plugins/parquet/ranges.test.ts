/** Parquet files cut between their row groups: alone, in lists, and in stores. */
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryStore } from '../../../test/support/memory-store.ts'
import { Folder, readAll } from '../../../test/support/plugin-files.ts'
import type { Row } from '../../model/row.ts'
import type { SourceRange } from '../../sdk/spec.ts'
import { conformanceProblems } from '../../sdk/testing.ts'
import type { FileRange } from '../sources/one-file.ts'
import { StoredFile } from '../sources/stored-file.ts'
import { parseStoreUrl, type StoreUrl } from '../stores/store-url.ts'
import { parquetSink } from './parquet-sink.ts'
import { parquetFile, parquetSource } from './parquet-source.ts'

const limits = { signal: new AbortController().signal }
const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value))
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const rows = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: from + i, text: 'x'.repeat((i * 37) % 90), share: i / 3 }))

/** @returns its bytes. */
async function put(folder: Folder, path: string, all: readonly object[], row_group_rows: number): Promise<Buffer> {
  const sink = folder.sink(parquetSink, { path, if_exists: 'replace', row_group_rows })
  await sink.open(await sink.prepare(), null)
  for (const row of all) sink.write(row as Row)
  await sink.finish()
  await sink.publish()
  await sink.close()
  return readFileSync(join(folder.path, path))
}

const file = (folder: Folder) =>
  parquetFile(parquetSource.options.parse({ path: 'in.parquet' }))(
    { path: 'in.parquet', folder: folder.path, node: 'in' },
    {},
  )

async function selected(folder: Folder, range: FileRange) {
  const source = file(folder)
  source.select?.(throughJson(range))
  try {
    const records = await readAll(source)
    const { position, bytes } = source.end()
    return { records, bytes, sha256: source.hashUpTo(position), before: source.bytesBefore(position) }
  } finally {
    await source.close()
  }
}

describe('one file', () => {
  test('what its ranges have is what it has: records, and bytes', { timeout: 60_000 }, async () => {
    const folder = new Folder()
    const shares = fc
      .array(fc.integer({ min: 0, max: 1000 }), { maxLength: 6 })
      .map(all => all.toSorted((a, b) => a - b))
    const most = fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined })
    const cases = fc.asyncProperty(
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 1, max: 15 }),
      shares,
      most,
      async (count, group, shares, most_records) => {
        const bytes = await put(folder, 'in.parquet', rows(1, count), group)
        const ends = shares.map(share => Math.floor((share / 1000) * bytes.length))
        const whole = await readAll(file(folder))
        const given = { ...limits, ...(most_records === undefined ? {} : { most_records }) }
        const ranges = (await file(folder).cut?.(ends, given)) ?? []
        expect(ranges).toHaveLength(ends.length + 1)
        const found: unknown[] = []
        let at = 0
        for (const range of ranges) {
          expect(range).toMatchObject({ records_before: found.length, line: found.length + 1 })
          expect(range.sha256).toBe(sha256(bytes.subarray(at, at + range.bytes)))
          const read = await selected(folder, range)
          expect(read).toMatchObject({ bytes: range.bytes, sha256: range.sha256, before: range.bytes })
          expect(read.records).toHaveLength(range.records)
          found.push(...read.records)
          at += range.bytes
          expect(range.to.offset).toBe(at)
        }
        expect(found).toEqual(whole.slice(0, most_records))
        if (most_records === undefined || most_records > count) expect(at).toBe(bytes.length)
      },
    )
    await fc.assert(cases, { numRuns: 15 })
  })

  test('a cut is where a row group begins or ends, whichever is nearer', async () => {
    const folder = new Folder()
    const bytes = await put(folder, 'in.parquet', rows(1, 40), 10)
    const [first, second] = (await file(folder).cut?.([0, Math.floor(bytes.length / 3)], limits)) ?? []
    expect(first?.records).toBe(0)
    const end = second?.to.offset ?? 0
    const nearly = async (end: number) => (await file(folder).cut?.([end], limits))?.[0]?.to.offset
    expect(await nearly(end - 3)).toBe(end)
    expect(await nearly(end + 3)).toBe(end)
  })

  test('of another file, or another end of it, no range is read', async () => {
    const folder = new Folder()
    const bytes = await put(folder, 'in.parquet', rows(1, 40), 10)
    const [first, last] = (await file(folder).cut?.([Math.floor(bytes.length / 2)], limits)) ?? []
    await put(folder, 'in.parquet', rows(1, 41), 10)
    for (const range of [first, last])
      await expect(selected(folder, range as FileRange)).rejects.toMatchObject({ code: 'CUSTODY_SOURCE_CHANGED' })
    // Of as many bytes.
    const other = Buffer.from(bytes)
    const at = other.lastIndexOf('share')
    other.write('shade', at)
    folder.put('in.parquet', other)
    for (const range of [first, last])
      await expect(selected(folder, range as FileRange)).rejects.toMatchObject({ code: 'CUSTODY_SOURCE_CHANGED' })
  })
})

test('the kit finds nothing wrong with ranges, of one file and of several', async () => {
  const folder = new Folder()
  const [one, other] = [await put(folder, 'a', rows(1, 50), 7), await put(folder, 'b', rows(51, 20), 9)]
  // cast: bytes are written as texts are
  const files = {
    'in/1.parquet': one,
    'in/2.parquet': other,
    'in/3.parquet': await put(folder, 'c', [], 5),
  } as object as Record<string, string>
  for (const path of ['in/1.parquet', 'in/*.parquet', ['in/2.parquet', 'in/3.parquet', 'in/1.parquet']])
    expect(await conformanceProblems(parquetSource, [{ title: 'some', options: { path }, files }])).toEqual([])
})

test('of an object in a store no more than a range of it comes, and its end', async () => {
  const folder = new Folder()
  const big = Array.from({ length: 4000 }, (_, id) => ({ id, text: randomBytes(400).toString('hex') }))
  const bytes = await put(folder, 'in.parquet', big, 500)
  expect(bytes.length).toBeGreaterThan(2_000_000)
  const store = new MemoryStore(64 * 1024)
  store.set('in.parquet', bytes)
  const url = parseStoreUrl('s3://bucket/in.parquet') as StoreUrl
  const version = store.objects.get('in.parquet')?.version ?? ''
  const seen = new StoredFile(store, url, { bytes: bytes.length, version })
  const place = { path: 's3://bucket/in.parquet', folder: folder.path, node: 'in' }
  let came = 0
  const opening = async (from: number) => {
    let at = from
    const next = async () => {
      const piece = bytes.subarray(at, at + 16 * 1024)
      at += piece.length
      came += piece.length
      return piece.length === 0 ? null : piece
    }
    return { next, close: async () => undefined }
  }
  const make = (hashes = true) =>
    parquetFile(parquetSource.options.parse({ path: place.path }))(place, { opening, seeks: true, seen, hashes })
  const ends = [1, 2, 3].map(quarter => Math.floor((bytes.length * quarter) / 4))
  const ranges = (await make().cut?.(ends, limits)) ?? []
  const ids: unknown[] = []
  for (const range of ranges as readonly (FileRange & SourceRange)[]) {
    came = 0
    const source = make()
    source.select?.(throughJson(range))
    for (const record of await readAll(source)) ids.push(record.kind === 'row' ? record.row.id : record.code)
    expect(source.hashUpTo(source.end().position)).toBe(range.sha256)
    await source.close()
    expect(came).toBeLessThan(range.bytes + 1_000_000)
    expect(came).toBeGreaterThanOrEqual(range.bytes)
  }
  expect(ids).toEqual(big.map(({ id }) => id))
  came = 0
  const head = make(false)
  expect((await head.begin()).columns?.map(({ field }) => field)).toEqual(['id', 'text'])
  await head.close()
  expect(came).toBeLessThan(1_000_000)
})

import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Folder } from '../../../test/support/plugin-files.ts'
import { zipOf } from '../../../test/support/zip.ts'
import type { Json } from '../../model/row.ts'
import { NOBODY_TO_ASK } from '../../sdk/source.ts'
import type { FileRead, ResumePoint, Source, SourceItem } from '../../sdk/spec.ts'
import { testPlugin } from '../../sdk/testing.ts'
import { sourceError } from '../sources/byte-reader.ts'
import { UTF8 } from '../sources/encoding.ts'
import { StoreFailure } from '../stores/object-store.ts'
import { FileRows } from './file-rows.ts'
import { filesSource } from './files.ts'

testPlugin(test, filesSource)

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')

function folderOf(files: { readonly [name: string]: string | Uint8Array }): Folder {
  const folder = new Folder()
  for (const [name, content] of Object.entries(files)) folder.put(name, content)
  return folder
}

async function itemsOf(source: Source, from: ResumePoint | null = null): Promise<SourceItem[]> {
  const items: SourceItem[] = []
  for await (const chunk of source.read(from, NOBODY_TO_ASK)) items.push(...chunk)
  return items
}

/** All records of the files that match, brief. */
async function recordsOf(folder: Folder, options: object): Promise<unknown[]> {
  const source = folder.source(filesSource, options)
  await source.list!(null)
  const items = await itemsOf(source)
  await source.close()
  return items.flatMap(item => {
    if (item.kind === 'end_of_file') return []
    return item.kind === 'row' ? [{ ...item.row }] : [[item.code, item.raw]]
  })
}

describe('files as rows', () => {
  test('have path, name, size, hash and type, in the order of the bytes of their names', async () => {
    const pdf = Buffer.from('%PDF-1.7\n')
    const folder = folderOf({ 'in/b.pdf': pdf, 'in/a.csv': 'x\n', 'in/B': Buffer.from([0, 1]), 'in/c/d.txt': '' })
    expect(await recordsOf(folder, { path: 'in/**' })).toEqual([
      { path: 'in/B', name: 'B', size: 2, sha256: sha256(Buffer.from([0, 1])), type: 'application/octet-stream' },
      { path: 'in/a.csv', name: 'a.csv', size: 2, sha256: sha256('x\n'), type: 'text/csv' },
      { path: 'in/b.pdf', name: 'b.pdf', size: 9, sha256: sha256(pdf), type: 'application/pdf' },
      { path: 'in/c/d.txt', name: 'd.txt', size: 0, sha256: sha256(''), type: 'text/plain' },
    ])
  })

  test('are one by one as long as their bytes: rows and ends of files agree, and add up', async () => {
    const folder = folderOf({ 'in/1': 'one', 'in/2': '', 'in/3': 'three' })
    const source = folder.source(filesSource, { path: 'in/*' })
    await source.list!(null)
    const items = await itemsOf(source)
    const ends = items.flatMap(item =>
      item.kind === 'end_of_file' ? [[item.bytes, source.hashUpTo!(item.position)]] : [],
    )
    expect(ends).toEqual([3, 0, 5].map((bytes, i) => [bytes, sha256(['one', '', 'three'][i]!)]))
    expect([source.end!().bytes, await source.size!()]).toEqual([8, 8])
    expect(source.isBlank!(source.end!().position)).toBe(false)
  })

  test('with their content as text, by a byte order mark or the encoding; what is none is rejected', async () => {
    const folder = folderOf({
      'a.txt': 'grün',
      'b.txt': Buffer.from('\ufeffgrün', 'utf16le'),
      'c.txt': Buffer.from('grün', 'latin1'),
      'd.bin': Buffer.from('a\0b'),
    })
    const texts = (records: unknown[]) =>
      records.map(each => (Array.isArray(each) ? each[0] : (each as { content: string }).content))
    expect(texts(await recordsOf(folder, { path: '?.*', content: 'text' }))).toEqual([
      'grün',
      'grün',
      'FILE_NOT_TEXT',
      'FILE_NOT_TEXT',
    ])
    const latin = { path: '?.*', content: 'text', encoding: 'windows-1252' }
    expect(texts(await recordsOf(folder, latin))).toEqual(['grÃ¼n', 'grün', 'grün', 'FILE_NOT_TEXT'])
  })

  test('with their content in base64 are any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async bytes => {
        const folder = folderOf({ 'a.bin': bytes })
        const [row] = (await recordsOf(folder, { path: 'a.bin', content: 'base64' })) as {
          content: string
          sha256: string
        }[]
        expect(Buffer.from(row!.content, 'base64')).toEqual(Buffer.from(bytes))
        expect(row!.sha256).toBe(sha256(bytes))
        rmSync(folder.path, { recursive: true })
      }),
      { numRuns: 20 },
    )
  })

  test('say when they were changed, where that is asked for', async () => {
    const folder = folderOf({ 'a.txt': 'a' })
    const [row] = (await recordsOf(folder, { path: 'a.txt', modified_at: true })) as { modified_at: string }[]
    expect(row!.modified_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  test('may be members of archives', async () => {
    const folder = folderOf({ 'in.zip': zipOf([{ name: 'x/a.txt', content: 'a' }]) })
    expect(await recordsOf(folder, { path: 'in.zip', compression: 'zip', content: 'text' })).toEqual([
      { path: 'in.zip/x/a.txt', name: 'a.txt', size: 1, sha256: sha256('a'), type: 'text/plain', content: 'a' },
    ])
    expect(await recordsOf(folder, { path: 'in.zip' })).toMatchObject([{ path: 'in.zip', type: 'application/zip' }])
  })
})

describe('a file that can’t be a row', () => {
  test('is rejected with a code, and the others are rows', async () => {
    const folder = folderOf({ 'in/1': 'one', 'in/2': 'three', 'in/3': 'two' })
    const source = folder.source(filesSource, { path: 'in/*', max_bytes: 4 })
    await source.list!(null)
    rmSync(join(folder.path, 'in/1'))
    expect(await itemsOf(source)).toMatchObject([
      { kind: 'reject', code: 'FILE_VANISHED', raw: { path: 'in/1', name: '1' }, file: 'in/1' },
      { kind: 'end_of_file', bytes: 0 },
      { kind: 'reject', code: 'FILE_TOO_LARGE' },
      { kind: 'end_of_file', bytes: 0 },
      { kind: 'row', row: { path: 'in/3' } },
      { kind: 'end_of_file', bytes: 3 },
    ])
    await source.close()
  })

  test('because somebody may not read it, on a disk or in a store; other trouble stops the run', async () => {
    const place = { path: 'a', folder: '/' }
    const options = { content: 'reference', encoding: UTF8, max_bytes: 9, modified_at: false } as const
    const recordOf = async (cause: Error) => {
      const opening = async () => Promise.reject(sourceError(place, 'it can’t be read', undefined, cause))
      for await (const [record] of new FileRows(place, options, { opening }).read(null)) return record
      return null
    }
    const denied = { kind: 'reject', code: 'FILE_DENIED', raw: { path: 'a', name: 'a' } }
    expect(await recordOf(Object.assign(new Error('no'), { code: 'EACCES' }))).toMatchObject(denied)
    expect(await recordOf(new StoreFailure('denied', 'no'))).toMatchObject(denied)
    await expect(recordOf(new StoreFailure('unavailable', 'no'))).rejects.toMatchObject({ code: 'CUSTODY_SOURCE' })
    await expect(recordOf(Object.assign(new Error('no'), { code: 'EIO' }))).rejects.toMatchObject({
      code: 'CUSTODY_SOURCE',
    })
  })

  test('of any size is read where rows have no content, and up to 16 MiB where they have', async () => {
    const folder = folderOf({ large: Buffer.alloc(16 * 1024 * 1024 + 1) })
    expect(await recordsOf(folder, { path: 'large' })).toMatchObject([{ size: 16 * 1024 * 1024 + 1 }])
    expect(await recordsOf(folder, { path: 'large', content: 'base64' })).toMatchObject([['FILE_TOO_LARGE', {}]])
  })
})

describe('a run that goes on', () => {
  const files = { 'in/1': 'one', 'in/2': 'twotwo', 'in/3': 'three' }

  /** Reads all, and gives the point behind the `records`th with what is on record by then. */
  async function pointBehind(source: Source, records: number): Promise<ResumePoint> {
    const read: FileRead[] = []
    let position: Json = null
    let count = 0
    for await (const chunk of source.read(null, NOBODY_TO_ASK))
      for (const item of chunk) {
        if (item.kind === 'end_of_file') {
          if (read.length < records - 1)
            read.push({ records: 1, bytes: item.bytes, sha256: source.hashUpTo!(item.position) })
        } else if (++count === records) position = item.position
      }
    return { records, position, files: read }
  }

  test('continues behind any file, with the same rest', async () => {
    const folder = folderOf(files)
    const names = Object.keys(files)
    const whole = folder.source(filesSource, { path: 'in/*' })
    await whole.list!(null)
    const all = await itemsOf(whole)
    for (let records = 1; records <= 3; records++) {
      const first = folder.source(filesSource, { path: 'in/*' })
      await first.list!(null)
      const point = await pointBehind(first, records)
      const source = folder.source(filesSource, { path: 'in/*' })
      await source.list!(names)
      await source.prepare!()
      await source.begin!(point)
      expect(await itemsOf(source, point)).toEqual(all.slice(2 * records - 1))
    }
  })

  test('stops at a file before that has changed, and takes none that nothing was read of', async () => {
    const folder = folderOf(files)
    const source = folder.source(filesSource, { path: 'in/*', max_bytes: 5 })
    await source.list!(null)
    const point = await pointBehind(source, 3)
    expect(point.files).toMatchObject([{ bytes: 3 }, { bytes: 0 }])
    const again = async () => {
      const next = folder.source(filesSource, { path: 'in/*', max_bytes: 5 })
      await next.list!(Object.keys(files))
      await next.prepare!()
      await next.begin!(point)
    }
    folder.put('in/2', 'anything')
    await again()
    rmSync(join(folder.path, 'in/2'))
    await again()
    folder.put('in/1', 'eno')
    await expect(again()).rejects.toMatchObject({ code: 'CUSTODY_SOURCE_CHANGED' })
    rmSync(join(folder.path, 'in/1'))
    await expect(again()).rejects.toMatchObject({ code: 'CUSTODY_FILE_NOT_FOUND' })
  })
})

test('a file that changes after it was listed stops the run', async () => {
  const folder = folderOf({ 'in/1': 'one', 'in/2': 'two' })
  const source = folder.source(filesSource, { path: 'in/*' })
  await source.list!(null)
  appendFileSync(join(folder.path, 'in/2'), '!')
  await expect(itemsOf(source)).rejects.toMatchObject({ code: 'CUSTODY_SOURCE_CHANGED' })
})

test('a link to a file is a row by its own name, and a folder is none', async () => {
  const folder = folderOf({ 'in/a': 'a' })
  mkdirSync(join(folder.path, 'in/sub'))
  writeFileSync(join(folder.path, 'elsewhere'), 'e')
  symlinkSync('../elsewhere', join(folder.path, 'in/link'))
  expect((await recordsOf(folder, { path: 'in/*' })).map(each => (each as { path: string }).path)).toEqual([
    'in/a',
    'in/link',
  ])
})

test.each([
  [{ path: '-' }, ['path']],
  [{ path: 'a', encoding: 'latin1' }, ['encoding']],
  [{ path: 'a', content: 'base64', max_bytes: 17 * 1024 * 1024 }, ['max_bytes']],
])('options %j can’t be', (options, path) => {
  const parsed = filesSource.options.parse(options)
  expect(filesSource.check!(parsed, [])).toMatchObject([{ path }])
})

import { createHash } from 'node:crypto'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { brief, Folder, readAll } from '../../../test/support/plugin-files.ts'
import { NOBODY_TO_ASK } from '../../sdk/source.ts'
import { compressionOf, unpackedName } from './compression.ts'
import { csvSource } from './csv.ts'
import { jsonlSource } from './jsonl.ts'

const sha256 = (bytes: string) => createHash('sha256').update(bytes).digest('hex')
const TEXT = `id,note\n${Array.from({ length: 2_000 }, (_, id) => `${id},"é ""${id}"""`).join('\n')}\n`

test.each([
  ['in.csv.gz', 'gzip', 'in.csv'],
  ['IN.CSV.GZ', 'gzip', 'IN.CSV'],
  ['in.jsonl.zst', 'zstd', 'in.jsonl'],
  ['in.zstd', 'zstd', 'in'],
  ['in.csv', null, 'in.csv'],
  ['gz', null, 'gz'],
])('%s is %s of %s', (path, compression, name) => {
  expect(compressionOf('auto', path)).toBe(compression)
  expect(unpackedName(path)).toBe(name)
})

describe.each([
  ['gzip', 'in.csv.gz', (text: string) => gzipSync(text)],
  ['zstd', 'in.csv.zst', (text: string) => zstdCompressSync(text)],
])('%s', (compression, path, pack) => {
  const open = (content: Uint8Array, options: object = {}) => {
    const folder = new Folder()
    folder.put(path, content)
    return folder.source(csvSource, { path, ...options })
  }

  test('is read as what was packed: rows, positions, hashes and size', async () => {
    const source = open(pack(TEXT))
    const all = await readAll(source)
    expect(all).toHaveLength(2_000)
    expect(brief(all[1_999]!)).toEqual([2_001, { id: '1999', note: 'é "1999"' }])
    const end = source.end!()
    expect(end.bytes).toBe(Buffer.byteLength(TEXT))
    expect(source.hashUpTo!(end.position)).toBe(sha256(TEXT))
    expect(await source.size!()).toBeNull()
    const { position } = all[999]!
    const later = open(pack(TEXT))
    expect(await readAll(later, { records: 1_000, position })).toEqual(all.slice(1_000))
    expect(later.hashUpTo!(later.end!().position)).toBe(sha256(TEXT))
  })

  test('may have several parts, one behind another', async () => {
    const packed = Buffer.concat([pack(TEXT.slice(0, 5_000)), pack(TEXT.slice(5_000))])
    expect(await readAll(open(packed))).toHaveLength(2_000)
  })

  test('that was cut off stops the reading, behind what could be read', async () => {
    const source = open(pack(TEXT).subarray(0, -9))
    await expect(readAll(source)).rejects.toMatchObject({
      code: 'CUSTODY_SOURCE',
      message: expect.stringMatching(new RegExp(`can’t be unpacked as ${compression}`)),
      hint: expect.stringContaining('whole'),
    })
  })

  test('that isn’t there is said, unless the option says so', async () => {
    const plain = Buffer.from('a,b\n1,2\n')
    await expect(readAll(open(plain))).rejects.toMatchObject({ code: 'CUSTODY_SOURCE' })
    expect((await readAll(open(plain, { compression: 'none' }))).map(brief)).toEqual([[2, { a: '1', b: '2' }]])
  })

  test('can be said of a file with any name', async () => {
    const folder = new Folder()
    folder.put('in', pack('{"a":1}\n'))
    const read = (options: object) => readAll(folder.source(jsonlSource, { path: 'in', ...options }))
    expect((await read({ compression })).map(brief)).toEqual([[1, { a: 1 }]])
    await expect(read({})).rejects.toMatchObject({
      code: 'CUSTODY_INPUT_FORMAT',
      hint: expect.stringContaining(`compression: ${compression}`),
    })
  })

  test('can be closed before its end', async () => {
    const source = open(pack(TEXT))
    for await (const _records of source.read(null, NOBODY_TO_ASK)) break
    await source.close()
  })
})

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { brief, Folder, readAll } from '../../../test/support/plugin-files.ts'
import { type ZipMember, zipOf } from '../../../test/support/zip.ts'
import { csvSource } from './csv.ts'
import { jsonlSource } from './jsonl.ts'

const A = { name: 'a.csv', content: 'id\n1\n' }
const B = { name: 'night/b.csv', content: 'id\n2\n3\n', stored: true }

function archive(members: readonly ZipMember[], options: object = {}, bytes = (all: Buffer) => all) {
  const folder = new Folder()
  folder.put('in.zip', bytes(zipOf(members)))
  return folder.source(csvSource, { path: 'in.zip', ...options })
}

async function read(members: readonly ZipMember[], options: object = {}, bytes?: (all: Buffer) => Buffer) {
  const source = archive(members, options, bytes)
  const { names } = await source.list!(null)
  const rows = await readAll(source)
  await source.close()
  return { names, rows: rows.map(brief) }
}

test('each member is a file, in the order of bytes of the names; folders and hidden ones are none', async () => {
  const beside = ['night/', '.DS_Store', '__MACOSX/a.csv', 'night/.b.csv'].map(name => ({ name, content: '' }))
  expect(await read([B, ...beside, A], { path_field: 'file' })).toEqual({
    names: ['in.zip/a.csv', 'in.zip/night/b.csv'],
    rows: [
      [2, { id: '1', file: 'in.zip/a.csv' }],
      [2, { id: '2', file: 'in.zip/night/b.csv' }],
      [3, { id: '3', file: 'in.zip/night/b.csv' }],
    ],
  })
})

test('members are chosen by a pattern', async () => {
  const all = [A, B, { name: 'notes.txt', content: 'x' }]
  expect((await read(all, { members: '*.csv' })).names).toEqual(['in.zip/a.csv'])
  expect((await read(all, { members: '**/*.csv' })).names).toEqual(['in.zip/a.csv', 'in.zip/night/b.csv'])
  await expect(read(all, { members: '*.json' })).rejects.toMatchObject({
    code: 'CUSTODY_FILE_NOT_FOUND',
    message: expect.stringContaining('has no member that matches *.json'),
  })
  expect(await read(all, { members: '*.json', if_missing: 'empty' })).toEqual({ names: [], rows: [] })
})

test('an archive by another name is one where compression says so, and none where it says that', async () => {
  const folder = new Folder()
  folder.put('in.dat', zipOf([A]))
  folder.put('in.zip', '{"id":1}\n')
  const zip = folder.source(csvSource, { path: 'in.dat', compression: 'zip' })
  expect((await zip.list!(null)).names).toEqual(['in.dat/a.csv'])
  const none = folder.source(jsonlSource, { path: 'in.zip', compression: 'none' })
  expect(none.list).toBeUndefined()
  expect((await readAll(none)).map(brief)).toEqual([[1, { id: 1 }]])
})

describe('what can’t be read is an error', () => {
  const big = { name: 'big.csv', content: `id\n${'1\n'.repeat(50_000)}` }
  const cases: readonly [string, readonly ZipMember[], string, ((all: Buffer) => Buffer)?][] = [
    ['an encrypted member', [{ ...A, says: { flags: 0x801 } }], 'a.csv is encrypted'],
    ['another method', [{ ...A, says: { method: 12 } }], 'packed by method 12'],
    ['a sum that isn’t that of the bytes', [{ ...A, says: { crc32: 7 } }], 'its CRC-32 isn’t the one'],
    ['more bytes than it says', [{ ...big, says: { bytes: 1_000 } }], 'it has more than the 1000 bytes'],
    ['fewer bytes than it says', [{ ...A, says: { bytes: 1_000 } }], 'it has fewer than the 1000 bytes'],
    ['two members of one name', [A, A], 'two members of the name a.csv'],
    ['an archive in an archive', [{ name: 'more.zip', content: '' }], 'is an archive in an archive'],
    ['a name that leads out', [{ ...A, name: '../a.csv' }], 'its member ../a.csv would lead out of it'],
    ['a name from the root', [{ ...A, name: '/a.csv' }], 'its member /a.csv would lead out of it'],
    ['no archive at all', [], 'it doesn’t end with a list of members', () => Buffer.from('id\n1\n')],
    ['half of one', [big], 'it doesn’t end with a list of members', all => all.subarray(0, all.length / 2)],
    ['more behind it', [A], 'something stands behind its list', all => Buffer.concat([all, Buffer.of(0)])],
    ['one part of several', [A], 'one of several parts', all => all.fill(1, all.length - 18, all.length - 17)],
    [
      'a list that is damaged',
      [A],
      'its list of members is damaged',
      all => all.fill(0, all.length - 22 - 51, all.length - 22 - 50),
    ],
    ['a beginning that is damaged', [A], 'its beginning isn’t where', all => all.fill(0, 0, 1)],
    ['garbage within', [big], 'can’t be unpacked', all => all.fill(0xff, 60, 90)],
    ['an Excel workbook', workbook(), 'is an Excel workbook'],
    ['nothing in it', [], 'has no files in it'],
  ]
  test.each(cases)('%s', async (_name, members, message, bytes) => {
    await expect(read(members, {}, bytes)).rejects.toMatchObject({
      code: expect.stringMatching(/^CUSTODY_(SOURCE|INPUT_FORMAT|FILE_NOT_FOUND)$/),
      message: expect.stringContaining(message),
    })
  })

  test('members that overlap, of which little becomes very much', async () => {
    const same = Array.from({ length: 50 }, (_, i) => ({ ...big, name: `big-${10 + i}.csv`, says: { offset: 0 } }))
    const one = zipOf([big])
    // All of them are the first one: its bytes and 50 entries of the directory.
    const all = zipOf(same)
    const directory = all.subarray(all.readUInt32LE(all.length - 6))
    const bomb = Buffer.concat([one.subarray(0, one.readUInt32LE(one.length - 6)), directory])
    bomb.writeUInt32LE(one.readUInt32LE(one.length - 6), bomb.length - 6)
    await expect(read([], {}, () => bomb)).rejects.toMatchObject({ message: expect.stringContaining('overlap') })
  })

  function workbook(): readonly ZipMember[] {
    return ['[Content_Types].xml', '_rels/.rels', 'xl/workbook.xml'].map(name => ({ name, content: '<x/>' }))
  }
})

test('a member is read on from a position, and by its name on record', async () => {
  const source = archive([A, B])
  const { names } = await source.list!(null)
  const all = await readAll(source)
  const ended = { records: 1, bytes: 5, sha256: shaOf(A.content) }
  const again = archive([B, A])
  await again.list!(names)
  await again.prepare!()
  const rest = await readAll(again, { records: 2, position: all[1]!.position, files: [ended] })
  expect(rest).toEqual(all.slice(2))
})

test('in a folder that is named as an archive is', async () => {
  const folder = new Folder()
  folder.put('old.zip/a.csv', 'id\n7\n')
  const source = folder.source(csvSource, { path: 'old.zip/*.csv' })
  const { names, paths } = await source.list!(null)
  expect([names, paths()]).toEqual([['old.zip/a.csv'], [join(folder.path, 'old.zip/a.csv')]])
  const again = folder.source(csvSource, { path: 'old.zip/*.csv' })
  await again.list!(names)
  await again.prepare!()
  expect((await readAll(again)).map(brief)).toEqual([[2, { id: '7' }]])
})

function shaOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** An input in another format is recognised by its beginning, and nothing of it becomes a record. */
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { brief, Folder, readAll } from '../../../test/support/plugin-files.ts'
import type { Source, SourceSpec } from '../../sdk/spec.ts'
import { csvSource } from './csv.ts'
import { jsonSource } from './json.ts'
import { jsonlSource } from './jsonl.ts'
import { textSource } from './text.ts'

type Open = (folder: Folder, options: object) => Source
const opening =
  <O>(spec: SourceSpec<O>): Open =>
  (folder, options) =>
    folder.source(spec, options)
const [csv, json, jsonl, text] = [opening(csvSource), opening(jsonSource), opening(jsonlSource), opening(textSource)]
const ALL = [csv, json, jsonl, text]
const DATA = [csv, json, jsonl]
const zip = (name: string) => Buffer.concat([Buffer.from('504b0304', 'hex'), Buffer.alloc(26), Buffer.from(name)])
const wide = (text: string) => Buffer.from(text, 'utf16le')

async function beginOf(open: Open, content: string | Uint8Array, options: object = {}) {
  const folder = new Folder()
  folder.put('in', content)
  const source = open(folder, { path: 'in', ...options })
  try {
    return (await source.begin?.()) ?? null
  } finally {
    await source.close()
  }
}

describe('before a record is read', () => {
  test.each<[string, Uint8Array, RegExp, readonly Open[]]>([
    ['gzip', gzipSync('a,b\n1,2\n'), /in is compressed with gzip/, ALL],
    ['bzip2', Buffer.from('425a6839314159', 'hex'), /bzip2/, ALL],
    ['xz', Buffer.from('fd377a585a000004', 'hex'), /xz/, ALL],
    ['zstd', Buffer.from('28b52ffd2400', 'hex'), /zstd/, ALL],
    ['zip', zip('data.csv'), /is a ZIP archive/, ALL],
    ['xlsx', zip('[Content_Types].xml'), /is an Excel workbook/, ALL],
    ['xls', Buffer.from('d0cf11e0a1b11ae1', 'hex'), /old Excel workbook/, ALL],
    ['Parquet', Buffer.from('PAR1\x15\x04'), /Parquet/, ALL],
    ['PDF', Buffer.from('%PDF-1.7\n'), /PDF/, ALL],
    ['UTF-16 without a mark', wide('id,name\n1,x\n'), /is UTF-16 text, and has no byte order mark/, ALL],
    ['big-endian UTF-16', wide('id,name\n').swap16(), /UTF-16/, ALL],
    ['HTML', Buffer.from('\n<!DOCTYPE html>\n<p>Log in'), /is an HTML page/, DATA],
    ['XML', Buffer.from('<?xml version="1.0"?><a/>'), /is an XML document/, DATA],
    ['JSON in place of CSV', Buffer.from('[\n  {"a": 1}\n]\n'), /is a JSON array/, [csv]],
    ['JSON lines in place of CSV', Buffer.from('{"a": 1}\n'), /is JSON/, [csv]],
    [
      'a JSON document in place of JSON lines',
      Buffer.from('[\n  {\n    "a": 1\n  }\n]\n'),
      /one JSON document/,
      [jsonl],
    ],
    ['an array in place of JSON lines', Buffer.from('[{"a": 1}, {"a": 2}]'), /one JSON document/, [jsonl]],
  ])('%s is recognised', async (_name, content, message, all) => {
    for (const open of all)
      await expect(beginOf(open, content)).rejects.toMatchObject({
        code: 'CUSTODY_INPUT_FORMAT',
        message: expect.stringMatching(message),
        hint: expect.stringMatching(/./),
        where: { node: 'in' },
      })
  })

  test.each<[string, Open, string | Uint8Array]>([
    ['a page', text, '<!doctype html>'],
    ['UTF-16 with a mark', csv, wide('\uFEFFid,name\n')],
    ['letters that begin like a format', csv, 'PK,BZ\n1,2\n'],
    ['one value', jsonl, '{"a": {"b": 1}}'],
    ['a list on a line', jsonl, '[1,2]\n'],
    ['nothing', csv, ''],
    ['an array', json, '[\n{}]'],
  ])('%s may be what it should be', async (_name, open, content) => {
    await expect(beginOf(open, content)).resolves.toMatchObject({ input: 'in' })
  })

  test('columns are given as fields, and as they stand there', async () => {
    expect(await beginOf(csv, 'id,Loan Amount\n1,2\n')).toEqual({
      input: 'in',
      columns: [
        { field: 'id', header: 'id' },
        { field: 'loan_amount', header: 'Loan Amount' },
      ],
    })
    expect((await beginOf(csv, '1,2\n', { header: false }))?.columns).toBeNull()
    expect((await beginOf(csv, '\n\n'))?.columns).toBeNull()
  })

  test('a pointer that leads nowhere', async () => {
    await expect(beginOf(json, '{"a": 1}', { pointer: '/b' })).rejects.toMatchObject({ code: 'CUSTODY_SOURCE' })
  })

  test('a byte order mark that says another encoding than was declared is named where it is wrong', async () => {
    const lying = Buffer.concat([Buffer.from('\uFEFFid,name\n1,M'), Buffer.from([0xfc]), Buffer.from('ller\n')])
    const folder = new Folder()
    folder.put('in', lying)
    const [record] = await readAll(folder.source(csvSource, { path: 'in', encoding: 'windows-1252' }))
    expect(record?.kind === 'reject' && record.message).toMatch(
      /not valid utf-8, which the byte order mark says they are; it overrides encoding: windows-1252/,
    )
  })
})

describe('a first line such as sep=;', () => {
  const read = async (content: string | Uint8Array, options: object = {}) => {
    const folder = new Folder()
    folder.put('in', content)
    return (await readAll(folder.source(csvSource, { path: 'in', ...options }))).map(brief)
  }
  const ROWS = [
    [3, { id: '1', name: 'Ada' }],
    [4, { id: '2', name: 'Bo' }],
  ]

  test.each(['sep=;\n', 'SEP=;\r\n', '"sep=;"\n'])(
    '%j says what stands between cells, and is no record',
    async first => {
      const content = `${first}id;name\n1;Ada\n2;Bo\n`
      expect(await read(content)).toEqual(ROWS)
      expect(await read(content, { delimiter: ';' })).toEqual(ROWS)
      expect(await read(Buffer.from(`\uFEFF${content}`, 'utf16le'))).toEqual(ROWS)
      expect(await read(content, { header: false, columns: ['id', 'name'] })).toHaveLength(3)
    },
  )

  test('a tab, too; and another one than was chosen stops the run', async () => {
    expect(await read('sep=\t\nid\tname\n1\tAda\n2\tBo\n')).toEqual(ROWS)
    await expect(read('sep=;\nid;name\n', { delimiter: ',' })).rejects.toMatchObject({
      code: 'CUSTODY_INPUT_FORMAT',
      hint: expect.stringContaining('delimiter'),
    })
  })

  test('is a header where it is none', async () => {
    expect(await read('sep=x\n1\n')).toEqual([[2, { sep_x: '1' }]])
    expect(await read('sep,=;\n1,2\n', { normalise: false })).toEqual([[2, { sep: '1', '=;': '2' }]])
  })

  test('continuing behind a record finds the same rest', async () => {
    const folder = new Folder()
    folder.put('in', 'sep=;\nid;name\n1;Ada\n2;Bo\n')
    const all = await readAll(folder.source(csvSource, { path: 'in' }))
    const rest = await readAll(folder.source(csvSource, { path: 'in' }), {
      records: 1,
      position: all[0]?.position ?? null,
    })
    expect(rest).toEqual(all.slice(1))
  })
})

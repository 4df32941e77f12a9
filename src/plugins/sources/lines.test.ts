import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { brief, Folder, readAll } from '../../../test/support/plugin-files.ts'
import { jsonlFile, jsonlSource } from './jsonl.ts'
import { textFile, textSource } from './text.ts'

const AS_IT_IS = { raw: false, numbers: null }

const sha256 = (part: Uint8Array) => createHash('sha256').update(part).digest('hex')

describe('jsonl', () => {
  const lines = [
    '\uFEFF{"id":1,"name":"Zoë"}\r',
    '{"id":2,"id":3}',
    '{"id":9007199254740993}',
    '{"name":"\\ud800"}',
    '{"id":NaN}',
    '[1]',
    '',
    ' \t\r',
    '{"id":4} {"id":5}',
    '{"nested":{"__proto__":{"a":[1,null]}}}',
  ]
  const bytes = Buffer.from(lines.join('\n'))
  const nested = JSON.parse('{"nested":{"__proto__":{"a":[1,null]}}}')
  const expected = [
    [1, { id: 1, name: 'Zoë' }],
    [2, 'JSON_DUPLICATE_KEY', lines[1]],
    [3, 'JSON_INTEGER_TOO_LARGE', lines[2]],
    [4, 'JSON_LONE_SURROGATE', lines[3]],
    [5, 'JSON_SYNTAX', lines[4]],
    [6, 'NOT_AN_OBJECT', '[1]'],
    [9, 'JSON_SYNTAX', lines[8]],
    [10, nested],
  ]

  test('one object per line; others are rejected by themselves, however the bytes come', async () => {
    const folder = new Folder()
    folder.put('in.jsonl', bytes)
    const place = { path: 'in.jsonl', folder: folder.path }
    for (let chunk_bytes = 1; chunk_bytes < 60; chunk_bytes++) {
      const source = jsonlFile(place, AS_IT_IS, undefined, { chunk_bytes })
      expect(JSON.stringify((await readAll(source)).map(brief))).toBe(JSON.stringify(expected))
      expect(source.hashUpTo(source.end().position)).toBe(sha256(bytes))
    }
  })

  test('continues after each record', async () => {
    const folder = new Folder()
    folder.put('in.jsonl', bytes)
    const all = await readAll(folder.source(jsonlSource, { path: 'in.jsonl' }))
    for (const [index, { position }] of all.entries()) {
      const again = folder.source(jsonlSource, { path: 'in.jsonl' })
      expect(await readAll(again, { records: index + 1, position })).toEqual(all.slice(index + 1))
      expect(again.hashUpTo?.(again.end?.().position ?? null)).toBe(sha256(bytes))
    }
  })

  test('invalid bytes, and lines that are too long', async () => {
    const folder = new Folder()
    folder.put(
      'in.jsonl',
      Buffer.concat([Buffer.from([0x22, 0xc3, 0x22, 0x0a]), Buffer.from(`{"a":"${'x'.repeat(99)}"}\n{}\n`)]),
    )
    const place = { path: 'in.jsonl', folder: folder.path }
    for (const chunk_bytes of [1, 20, 500]) {
      expect((await readAll(jsonlFile(place, AS_IT_IS, 30, { chunk_bytes }))).map(brief)).toEqual([
        [1, 'ENCODING', '"\uFFFD"'],
        [2, 'RECORD_TOO_LONG', `{"a":"${'x'.repeat(24)}… [cut]`],
        [3, {}],
      ])
    }
  })
})

describe('text', () => {
  test('one row per line, blank ones included', async () => {
    const folder = new Folder()
    folder.put('in.txt', 'one\r\n\n  Zwölf \nlast')
    const records = await readAll(folder.source(textSource, { path: 'in.txt', field: 'line' }))
    expect(records.map(brief)).toEqual([
      [1, { line: 'one' }],
      [2, { line: '' }],
      [3, { line: '  Zwölf ' }],
      [4, { line: 'last' }],
    ])
  })

  test('one row for the whole file', async () => {
    const folder = new Folder()
    folder.put('in.txt', 'one\n\nZwölf\n')
    const whole = { field: 'text', whole: true, encoding: 'utf-8' }
    const place = { path: 'in.txt', folder: folder.path }
    for (const chunk_bytes of [1, 5, 100]) {
      const source = textFile(place, whole, undefined, { chunk_bytes })
      const all = await readAll(source)
      expect(all.map(brief)).toEqual([[1, { text: 'one\n\nZwölf\n' }]])
      expect(source.hashUpTo(source.end().position)).toBe(sha256(Buffer.from('one\n\nZwölf\n')))
      expect(await readAll(source, { records: 1, position: all[0]!.position })).toEqual([])
      expect((await readAll(textFile(place, whole, 4, { chunk_bytes }))).map(brief)).toEqual([
        [1, 'RECORD_TOO_LONG', 'one\n… [cut]'],
      ])
    }
  })

  test('another encoding', async () => {
    const folder = new Folder()
    folder.put('in.txt', Buffer.from([0xe9, 0x0a, 0x80]))
    const records = await readAll(folder.source(textSource, { path: 'in.txt', encoding: 'latin1' }))
    expect(records.map(brief)).toEqual([
      [1, { text: 'é' }],
      [2, { text: '€' }],
    ])
  })
})

test('standard input is read, hashed, and can’t be read twice', () => {
  expect(jsonlSource.rereadable(jsonlSource.options.parse({ path: '-' }))).toBe(false)
  expect(jsonlSource.rereadable(jsonlSource.options.parse({ path: 'x' }))).toBe(true)
  const script = `
    import { jsonlFile } from ${JSON.stringify(resolve(import.meta.dirname, 'jsonl.ts'))}
    const source = jsonlFile({ path: '-', folder: '/' }, { raw: false, numbers: null })
    const rows = []
    for await (const records of source.read(null)) for (const record of records) rows.push(record.row)
    console.log(JSON.stringify([rows, source.hashUpTo(source.end().position)]))
    await source.close()
  `
  const input = '{"id":1}\n{"id":2}\n'
  const answer = execFileSync(process.execPath, ['--input-type=module', '-e', script], { input, encoding: 'utf8' })
  expect(JSON.parse(answer)).toEqual([[{ id: 1 }, { id: 2 }], sha256(Buffer.from(input))])
})

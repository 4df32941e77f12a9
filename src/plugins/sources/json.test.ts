import { createHash } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { brief, Folder, readAll, rowsOf } from '../../../test/support/plugin-files.ts'
import type { Json } from '../../model/row.ts'
import { NOBODY_TO_ASK } from '../../sdk/source.ts'
import { jsonFile, jsonSource } from './json.ts'
import { pointerTokens } from './json-pointer.ts'

const AS_IT_IS = { raw: false, numbers: null }

/** Without what the reader rightly refuses: integers that are rounded, halves of surrogate pairs. */
function readable(value: unknown): unknown {
  const rounded = (_key: string, each: unknown) => (Number.isInteger(each) && !Number.isSafeInteger(each) ? 0 : each)
  const whole = (escaped: string) => (escaped === '\\ud' ? 'x' : escaped)
  return JSON.parse(JSON.stringify(value, rounded).replaceAll(/\\(?:ud|.)/g, whole))
}

async function read(content: string | Uint8Array, options: object = {}): Promise<unknown[]> {
  const folder = new Folder()
  folder.put('in.json', content)
  return (await readAll(folder.source(jsonSource, { path: 'in.json', ...options }))).map(brief)
}

const ZOO = `\uFEFF [
  {"id": 1, "note": "brackets ]}[{ and \\"quotes\\" \\\\"},
  {"id": 2, "list": [[1, {"x": []}]],
   "more": {}},
  {"id": 3, "id": 4},
  {"id": 12345678901234567890},
  {"id": 5, bad},
  [6], 7, "eight, ]", null, true,
  , {"name": "Grüße 🙂"}
  ,{}
] \n`

const ZOO_RECORDS = [
  [2, { id: 1, note: 'brackets ]}[{ and "quotes" \\' }],
  [3, { id: 2, list: [[1, { x: [] }]], more: {} }],
  [5, 'JSON_DUPLICATE_KEY', '{"id": 3, "id": 4}'],
  [6, 'JSON_INTEGER_TOO_LARGE', '{"id": 12345678901234567890}'],
  [7, 'JSON_SYNTAX', '{"id": 5, bad}'],
  [8, 'NOT_AN_OBJECT', '[6]'],
  [8, 'NOT_AN_OBJECT', '7'],
  [8, 'NOT_AN_OBJECT', '"eight, ]"'],
  [8, 'NOT_AN_OBJECT', 'null'],
  [8, 'NOT_AN_OBJECT', 'true'],
  [9, 'JSON_SYNTAX', ''],
  [9, { name: 'Grüße 🙂' }],
  [10, {}],
]

describe('elements', () => {
  test('good and bad ones, each with its line', async () => {
    expect(await read(ZOO)).toEqual(ZOO_RECORDS)
    expect(await read(Buffer.from(ZOO, 'utf16le'))).toEqual(ZOO_RECORDS)
  })

  test.each([
    ['[]', []],
    [' [ ] ', []],
    ['{"a": [1]}', [[1, { a: [1] }]]],
    ['\n"text"', [[2, 'NOT_AN_OBJECT', '"text"']]],
    ['42', [[1, 'NOT_AN_OBJECT', '42']]],
  ])('%j', async (content, expected) => {
    expect(await read(content)).toEqual(expected)
  })

  test.each([
    ['', [[1, 'JSON_TRUNCATED', '']]],
    ['[', [[1, 'JSON_TRUNCATED', '']]],
    [
      '[{}',
      [
        [1, {}],
        [1, 'JSON_TRUNCATED', ''],
      ],
    ],
    [
      '[{},\n',
      [
        [1, {}],
        [2, 'JSON_TRUNCATED', ''],
      ],
    ],
    [
      '[{},\n{"a":"b',
      [
        [1, {}],
        [2, 'JSON_TRUNCATED', '{"a":"b'],
      ],
    ],
    ['{"a":', [[1, 'JSON_TRUNCATED', '{"a":']]],
    [
      '[{},{"a":[1}]\n',
      [
        [1, {}],
        [1, 'JSON_STRUCTURE', '{"a":[1}]\n'],
      ],
    ],
    [
      '[{}\n{}]',
      [
        [1, {}],
        [2, 'JSON_STRUCTURE', '{'],
      ],
    ],
    ['[}]', [[1, 'JSON_STRUCTURE', '}']]],
    [
      '{"a":1}\n[2]\n',
      [
        [1, { a: 1 }],
        [2, 'JSON_STRUCTURE', '['],
      ],
    ],
    [
      '[{},]',
      [
        [1, {}],
        [1, 'JSON_SYNTAX', ''],
      ],
    ],
    ['<tag>', [[1, 'JSON_SYNTAX', '<tag>']]],
  ])('what is broken or cut off is reported: %j', async (content, expected) => {
    expect(await read(content)).toEqual(expected)
  })

  test('bytes that are not valid UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from('[{"a":"'), Buffer.from([0xff]), Buffer.from('"},{"a":"b"}]')])
    expect(await read(bytes)).toEqual([
      [1, 'ENCODING', '{"a":"\uFFFD"}'],
      [1, { a: 'b' }],
    ])
  })

  test('fields named __proto__ are data', async () => {
    const folder = new Folder()
    folder.put('in.json', '[{"__proto__": 1}]')
    const [record] = await readAll(folder.source(jsonSource, { path: 'in.json' }))
    expect(record?.kind === 'row' && Object.entries(record.row)).toEqual([['__proto__', 1]])
  })
})

describe('pointer', () => {
  const content = `{"skip": {"items": [1, "]}"]}, "n": 3,
    "a/b": [0, {"items": [{"id": 1},
      {"id": 2}]}, 5], "tail": broken`

  test('leads to an array inside', async () => {
    expect(await read(content, { pointer: '/a~1b/1/items' })).toEqual([
      [2, { id: 1 }],
      [3, { id: 2 }],
    ])
    expect(await read(content, { pointer: '/a~1b/1' })).toEqual([[2, { items: [{ id: 1 }, { id: 2 }] }]])
  })

  test.each(['/nothing', '/n/x', '/a~1b/9', '/a~1b/x', '/skip/items/0/0'])('%s leads nowhere', async pointer => {
    await expect(read(content, { pointer })).rejects.toMatchObject({ code: 'CUSTODY_SOURCE' })
  })

  test('must be one', () => {
    expect(pointerTokens('')).toEqual([])
    expect(pointerTokens('/')).toEqual([''])
    expect(pointerTokens('/~01')).toEqual(['~1'])
    expect(pointerTokens('a')).toBeNull()
    expect(pointerTokens('/~2')).toBeNull()
  })
})

describe('continuing', () => {
  const bytes = Buffer.from(ZOO)
  const sha256 = (part: Uint8Array) => createHash('sha256').update(part).digest('hex')

  test('the size of chunks makes no difference', async () => {
    const folder = new Folder()
    folder.put('in.json', bytes)
    const place = { path: 'in.json', folder: folder.path }
    for (let chunk_bytes = 1; chunk_bytes <= 64; chunk_bytes++) {
      const source = jsonFile(place, '', AS_IT_IS, undefined, { chunk_bytes })
      expect((await readAll(source)).map(brief)).toEqual(ZOO_RECORDS)
      expect(source.hashUpTo(source.end().position)).toBe(sha256(bytes))
    }
  })

  test('after each record the rest and the hash are the same', async () => {
    const folder = new Folder()
    for (const content of [ZOO, ZOO.slice(0, 150), '[{},{},]', '{"a":1} x']) {
      folder.put('in.json', content)
      const all = await readAll(folder.source(jsonSource, { path: 'in.json' }))
      for (const [index, record] of all.entries()) {
        const again = folder.source(jsonSource, { path: 'in.json' })
        const position = JSON.parse(JSON.stringify(record.position)) as Json
        expect(await readAll(again, { records: index + 1, position })).toEqual(all.slice(index + 1))
        expect(again.hashUpTo?.(again.end?.().position ?? null)).toBe(sha256(Buffer.from(content)))
      }
    }
  })

  test('any array of objects is read as JSON.parse reads it', async () => {
    const folder = new Folder()
    const value = fc.jsonValue({ maxDepth: 3 }).map(readable)
    const rows = fc.array(fc.dictionary(fc.string({ unit: 'grapheme' }), value, { maxKeys: 4 }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.constantFrom(undefined, 1, '\t'),
        fc.integer({ min: 1, max: 40 }),
        async (list, space, chunk_bytes) => {
          const text = JSON.stringify(list, null, space)
          folder.put('in.json', text)
          const read = await rowsOf(
            jsonFile({ path: 'in.json', folder: folder.path }, '', AS_IT_IS, undefined, { chunk_bytes }),
          )
          expect(JSON.stringify(read)).toBe(JSON.stringify(JSON.parse(text)))
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('memory', () => {
  test('an element that is too long is passed over', async () => {
    const folder = new Folder()
    folder.put('in.json', `[{"a": 1},\n{"b": "${'x\\"]'.repeat(100)}",\n"c": 2},\n{"d": 3}]`)
    const place = { path: 'in.json', folder: folder.path }
    for (const chunk_bytes of [1, 3, 50, 1000]) {
      expect((await readAll(jsonFile(place, '', AS_IT_IS, 40, { chunk_bytes }))).map(brief)).toEqual([
        [1, { a: 1 }],
        [2, 'RECORD_TOO_LONG', `${'{"b": "x\\"]x\\"]x\\"]x\\"]x\\"]x\\"]x\\"]x\\"]x'.slice(0, 40)}… [cut]`],
        [4, { d: 3 }],
      ])
    }
  })

  test('stays flat while a large array is read', async () => {
    const folder = new Folder()
    const part = `${Array.from({ length: 1000 }, (_, n) => JSON.stringify({ id: n, note: 'x'.repeat(1000) })).join(',')},`
    const file = openSync(folder.put('in.json', '['), 'a')
    for (let n = 0; n < 80; n++) writeSync(file, part)
    writeSync(file, '{}]')
    closeSync(file)
    const source = folder.source(jsonSource, { path: 'in.json' })
    let records = 0
    let most = 0
    const before = process.memoryUsage.rss()
    for await (const chunk of source.read(null, NOBODY_TO_ASK)) {
      records += chunk.length
      source.hashUpTo?.(chunk.at(-1)!.position)
      most = Math.max(most, process.memoryUsage.rss() - before)
    }
    expect(records).toBe(80_001)
    // 80 MB of text: held, it would be more than twice that.
    expect(most).toBeLessThan(140 * 1024 * 1024)
  })
})

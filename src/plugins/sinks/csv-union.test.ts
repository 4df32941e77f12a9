/** Columns that come later: the file is made once more at the end, and any crash is survived. */
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Folder, rowsOf, writeAll } from '../../../test/support/plugin-files.ts'
import type { Row } from '../../model/row.ts'
import type { Receipt } from '../../sdk/spec.ts'
import { csvSource } from '../sources/csv.ts'
import { csvSink } from './csv.ts'
import { widened } from './csv-widen.ts'

const union = { path: 'out.csv', new_columns: 'union' }

async function written(rows: readonly Row[], options: object = {}): Promise<string> {
  const folder = new Folder()
  expect(await writeAll(folder.sink(csvSink, { ...union, ...options }), rows)).toEqual([])
  expect(readdirSync(folder.path)).toEqual(['out.csv'])
  return folder.text('out.csv')
}

describe('a row with other fields', () => {
  test.each<[string, readonly Row[], object, string]>([
    ['adds columns behind all others', [{ a: 1 }, { b: 2, a: 3 }, { c: 4 }], {}, 'a,b,c\n1,,\n3,2,\n,,4\n'],
    ['adds nothing that is there', [{ a: 1, b: 2 }, { b: 3 }], {}, 'a,b\n1,2\n,3\n'],
    ['may come first of all', [{}, { a: 1 }], {}, 'a\n\n1\n'],
    ['comes behind columns that were named', [{ b: 1 }, { c: 2 }], { columns: ['a', 'b'] }, 'a,b,c\n,1,\n,,2\n'],
    [
      'keeps line breaks, delimiters and quotes inside of cells',
      [{ a: 'x\r\n;"y"' }, { a: '', b: ';' }],
      { newline: 'crlf', delimiter: ';', bom: true },
      '\uFEFFa;b\r\n"x\r\n;""y""";\r\n"";";"\r\n',
    ],
    [
      'is filled up with delimiters of several bytes',
      [{ 'a§': '§' }, { b: 1 }],
      { delimiter: '§' },
      '"a§"§b\n"§"§\n§1\n',
    ],
  ])('%s', async (_what, rows, options, text) => {
    expect(await written(rows, options)).toBe(text)
  })

  test('is an error where the columns are decided', async () => {
    const folder = new Folder()
    const rows = [{ a: 1 }, { b: 2 }]
    expect(await writeAll(folder.sink(csvSink, { path: 'o.csv' }), rows)).toEqual(['COLUMN_UNKNOWN'])
    expect(folder.text('o.csv')).toBe('a\n1\n')
  })

  test('has a NUL that CSV can’t hold: nothing of it is kept', async () => {
    const folder = new Folder()
    expect(await writeAll(folder.sink(csvSink, union), [{ a: 1 }, { b: '\0' }, { a: 2 }])).toEqual(['CSV_NUL'])
    expect(folder.text('out.csv')).toBe('a\n1\n2\n')
  })
})

test('where the header can’t be written again it is refused', () => {
  const problems = (options: object) =>
    csvSink.check?.(csvSink.options.parse({ ...union, ...options }), []).map(each => each.path)
  expect(problems({})).toEqual([])
  expect(problems({ path: '-' })).toEqual([['new_columns']])
  expect(problems({ if_exists: 'append' })).toEqual([['if_exists']])
  expect(problems({ path: 'out.csv.gz' })).toEqual([['new_columns']])
})

test('what is read back are the rows, with null for what they hadn’t', async () => {
  const cell = fc.constantFrom('a', '', '"', 'x,y', '\n', '\r\n', 'é', ' ')
  const row = fc.dictionary(fc.constantFrom('p', 'q', 'r r', 's,'), cell, { minKeys: 1 })
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 6 }), async rows => {
      const folder = new Folder()
      await writeAll(folder.sink(csvSink, union), rows)
      const columns = new Set(rows.flatMap(each => Object.keys(each)))
      const found = await rowsOf(folder.source(csvSource, { path: 'out.csv', normalise: false }))
      const expected = rows.map(each => Object.fromEntries([...columns].map(name => [name, each[name] ?? null])))
      // A blank line is no record, but where there is one column.
      const blank = (each: object) => columns.size > 1 && Object.keys(each).length === 0
      expect(found).toEqual(expected.filter(each => !blank(each)))
    }),
    { numRuns: 60 },
  )
})

test('pieces may end anywhere', async () => {
  const text = 'a\r\n1\r\n"x\r\n,"\r\n2,3\r\n'
  for (let size = 1; size <= text.length; size++) {
    const pieces = async function* () {
      for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size))
    }
    let out = ''
    for await (const piece of widened(pieces(), { header: 'a,b\r\n', cells: 2, delimiter: ',' })) out += piece
    expect(out).toBe('a,b\r\n1,\r\n"x\r\n,",\r\n2,3\r\n')
  }
})

describe('a crash', () => {
  const ROWS: readonly Row[] = [{ a: 1 }, { a: 2, b: 'x\n"' }, { a: 3 }, { c: 4 }]
  const TEXT = 'a,b,c\n1,,\n2,"x\n""",\n3,,\n,,4\n'
  const kept = <T>(value: T) => JSON.parse(JSON.stringify(value)) as T

  test.each([...ROWS.keys(), ROWS.length])(
    'behind flush %i, before or after the file was made once more',
    async committed => {
      for (const died of ['writing', 'remade', 'finished'] as const) {
        const folder = new Folder()
        const before = folder.sink(csvSink, union)
        const intent = await before.prepare()
        await before.open(intent, null)
        const receipts: (Receipt | null)[] = [null]
        for (const row of ROWS) {
          before.write(row)
          receipts.push(await before.flush())
        }
        // Made once more, and the commit that would say so is lost.
        const last = died === 'writing' ? null : await before.finish()
        await before.close()
        const after = folder.sink(csvSink, union)
        if (died === 'finished') await after.open(kept(intent), kept(last))
        else {
          await after.open(kept(intent), kept(receipts[committed] ?? null))
          for (const row of ROWS.slice(committed)) after.write(row)
        }
        const end = await after.finish()
        expect(await after.finish()).toEqual(end)
        expect(await after.publish()).toMatchObject({
          rows: ROWS.length,
          bytes: Buffer.byteLength(TEXT),
          sha256: createHash('sha256').update(TEXT).digest('hex'),
        })
        await after.close()
        // And once more behind the renaming.
        const again = folder.sink(csvSink, union)
        await again.open(kept(intent), kept(end))
        await again.publish()
        await again.close()
        expect(folder.text('out.csv')).toBe(TEXT)
        expect(readdirSync(folder.path)).toEqual(['out.csv'])
      }
    },
  )

  test('in the same process: it is wound back to before the file was made once more', async () => {
    const folder = new Folder()
    const sink = folder.sink(csvSink, union)
    const intent = await sink.prepare()
    await sink.open(intent, null)
    sink.write({ a: 1 })
    const receipt = await sink.flush()
    sink.write({ b: 2 })
    await sink.finish()
    await sink.open(intent, receipt)
    sink.write({ c: 3 })
    await sink.finish()
    await sink.publish()
    await sink.close()
    expect(folder.text('out.csv')).toBe('a,c\n1,\n,3\n')
    expect(readdirSync(folder.path)).toEqual(['out.csv'])
  })

  test.each([true, false])('and an output that is given up leaves nothing behind', async finished => {
    const folder = new Folder()
    const sink = folder.sink(csvSink, union)
    const intent = await sink.prepare()
    await sink.open(intent, null)
    sink.write({ a: 1 })
    const receipt = await sink.flush()
    sink.write({ b: 2 })
    const end = await sink.finish()
    await sink.close()
    const later = folder.sink(csvSink, union)
    await later.open(intent, finished ? end : receipt)
    expect(await later.discard?.()).toEqual({ kind: 'dropped' })
    await later.close()
    expect(readdirSync(folder.path)).toEqual([])
  })
})

/** Files that are larger, deeper or emptier than anyone expects. */
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LONG } from '../support/form.ts'
import { tryData } from '../support/try-data.ts'

const lines = (rows: readonly unknown[]) => rows.map(row => `${JSON.stringify(row)}\n`).join('')

test('a quoted cell of many megabytes without a line break is one cell', async () => {
  const long = `x${'""'.repeat(1_500_000)}`
  const { rows, rejected } = await tryData({ input: `id,v\n1,"${long}"\n2,b\n` })
  expect(rejected).toEqual([])
  expect((rows as { v: string }[]).map(({ v }) => v.length)).toEqual([1_500_001, 1])
})

test.runIf(LONG)('a hole in a file is a record too long, and costs no memory for its size', async () => {
  const prepare = (folder: string) => {
    writeFileSync(join(folder, 'in'), 'a\n1\n')
    truncateSync(join(folder, 'in'), 40 * 1024 * 1024)
  }
  const { rows, rejected } = await tryData({ prepare })
  expect(rows).toEqual([{ a: '1' }])
  expect(rejected.map(([code, line]) => [code, line])).toEqual([['RECORD_TOO_LONG', 3]])
})

test.runIf(LONG)('100,000 columns', async () => {
  const names = Array.from({ length: 100_000 }, (_, n) => `c${n}`).join(',')
  const text = `${names}\n${names}\n`
  const result = await tryData({ input: text, sink: 'csv' })
  expect(result.exit).toBe(0)
  expect(result.text === text).toBe(true)
})

test('any JSON written as a document is read from it as it was', async () => {
  const row = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 4, stringUnit: 'grapheme' }))
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 50, maxLength: 100 }), async rows => {
      const direct = await tryData({ source: 'jsonl', input: lines(rows) })
      const document = await tryData({ source: 'jsonl', input: lines(rows), sink: 'json' })
      const back = await tryData({ source: 'json', input: document.text })
      expect(back.text).toBe(direct.text)
      expect(direct.rows.length + direct.rejected.length).toBe(rows.length)
    }),
    { numRuns: LONG ? 5 : 1 },
  )
})

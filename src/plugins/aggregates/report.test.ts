import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tryBatch } from '../../../test/support/try-batch.ts'
import { refusals } from '../../../test/support/try-out.ts'
import { plain } from './markdown-table.ts'
import { report } from './report.ts'

const written = async (options: object, rows: readonly object[]) => {
  const [row] = (await tryBatch(report, options as never, rows as never)) as unknown as {
    report: string
    rows: number
  }[]
  expect(row?.rows).toBe(rows.length)
  return row?.report
}

test('all parts, in order', async () => {
  const options = { title: 'T', header: '{rows} rows:', line: '{a}', footer: 'end {{}}' }
  expect(await written(options, [{ a: 1 }, { a: null }, { a: 'x' }])).toBe('T\n\n3 rows:\n1\n\nx\nend {}')
})

test('a table of all fields, in the order in which they appear', async () => {
  const rows = [{ b: 1 }, { a: 2, b: [3] }]
  expect(await written({ format: 'markdown_table', header: 'H', missing: '-' }, rows)).toBe(
    'H\n\n| b | a |\n| --- | --- |\n| 1 | - |\n| \\[3\\] | 2 |',
  )
})

test('whatever its values are, a table has its lines and cells', async () => {
  const text = fc.string({ unit: fc.constantFrom('|', '\\', '\n', '\r', '`', '_', '*', '<', 'a', ' ', '😀') })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ a: text, b: text }), { minLength: 1 }), async rows => {
      const options = { format: 'markdown_table', columns: ['a', 'b'] }
      const lines = ((await written(options, rows)) ?? '').split(/\r|\n/)
      expect(lines).toHaveLength(rows.length + 2)
      for (const line of lines) {
        // Cells end at bars that aren't escaped.
        expect(line.replaceAll(/\\./g, '').split('|')).toHaveLength(4)
      }
    }),
  )
})

test('Markdown’s marks are escaped, words with underscores stay readable', () => {
  expect(plain('loan_amount _x_ <b> & a\\b\n [c](d) `e` ~f~')).toBe(
    'loan_amount \\_x\\_ \\<b\\> \\& a\\\\b \\[c\\](d) \\`e\\` \\~f\\~',
  )
})

test.each([
  [{}, 'needs `line`'],
  [{ line: '{a' }, 'lone {'],
  [{ line: '{}' }, 'name a field'],
  [{ line: '{a}', columns: ['a'] }, 'for a table'],
  [{ format: 'markdown_table', line: '{a}' }, 'no `line`'],
  [{ format: 'markdown_table', columns: ['a', 'a'] }, 'named twice'],
  [{ line: 'x', header: '{a}' }, '{rows}'],
  [{ line: 'x', title: '}' }, 'lone }'],
])('%j is refused', (options, message) => expect(refusals(report, options).join()).toContain(message))

test('fields of the line are required, each at its option', () => {
  const options = report.options.parse({ line: '{a} {b} {a}' })
  expect(report.requires?.(options, [])).toEqual([
    { field: 'a', path: ['line'] },
    { field: 'b', path: ['line'] },
  ])
})

/** Workbooks and Parquet files of other programs, as `custody infer` sees them. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../support/source-file.ts'
import { WorkFolder } from '../support/work-folder.ts'

const FIXTURES = join(ROOT, 'test', 'fixtures', 'tables')

async function inferred(...files: readonly string[]) {
  const work = new WorkFolder({})
  for (const file of files) copyFileSync(join(FIXTURES, file), join(work.folder, file))
  const { json } = await work.custody('infer', ...files, '--json', '--out', 'p.yaml')
  const { json: run } = await work.custody('run', 'p.yaml', '--json')
  work.close()
  return { sources: json.sources, read: run.rows.read, rejected: run.rows.rejected }
}

test('a workbook: types of its values, what another sheet may be, what a run will reject', async () => {
  const { sources, read, rejected } = await inferred('openpyxl.xlsx')
  expect([read, rejected]).toEqual([3, 0])
  expect(sources).toMatchObject([
    {
      plugin: 'excel',
      options: { path: 'openpyxl.xlsx' },
      mode: 'fixed',
      records: 3,
      doubts: ['openpyxl.xlsx has the sheets Sheet, Other; Sheet is read'],
      fields: [
        { field: 'order_no', types: ['integer'], optional: false, unique: true },
        { field: 'Note', types: ['string'] },
        { field: 'When', types: ['string'], remarks: ['unique', 'dates, ISO 8601'] },
        { field: 'At', types: ['string'], optional: true },
        { field: 'Late', types: ['boolean'], optional: true },
        { field: 'Share', types: ['number'] },
      ],
    },
  ])
  const quirks = await inferred('openpyxl-quirks.xlsx')
  expect([quirks.read, quirks.rejected]).toEqual([5, 4])
  expect(quirks.sources[0].rejected.codes).toEqual({ FORMULA_NOT_CALCULATED: 1, ERROR_CELL: 1, MERGED_CELL: 2 })
})

test('Parquet files of one shape are one source', async () => {
  const { sources, read, rejected } = await inferred('arrow-v1-snappy.parquet', 'arrow-v2-zstd.parquet')
  expect([read, rejected]).toEqual([6, 0])
  expect(sources).toHaveLength(1)
  expect(sources[0]).toMatchObject({ plugin: 'parquet', files: 2, records: 6, rejected: { count: 0 } })
})

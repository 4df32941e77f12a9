import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Folder } from '../../../test/support/plugin-files.ts'
import { OBSERVED, type RowSchema } from '../../model/schema.ts'
import { csvOptions } from './csv-options.ts'
import { csvHeaderIn, readCsvTable } from './csv-table.ts'

test('a table is read whole, and must be sound', async () => {
  const folder = new Folder()
  const path = folder.put('table.csv', 'code,Full Name\nN,North\nS,\n')
  const place = { path: 'table.csv', folder: folder.path }
  const options = csvOptions.parse({ path: place.path })
  const table = await readCsvTable(place, options, OBSERVED)
  expect(table.columns).toEqual(['code', 'full_name'])
  expect(table.rows.map(row => ({ ...row }))).toEqual([
    { code: 'N', full_name: 'North' },
    { code: 'S', full_name: null },
  ])
  const head = readFileSync(path)
  expect(csvHeaderIn({ path, head, whole: true }, ',')).toEqual(['code', 'Full Name'])
  expect(() => csvHeaderIn({ path, head: head.subarray(0, 9), whole: false }, ',')).toThrow(/is too long/)
  folder.put('table.csv', 'code,name\n"r1",1,2\n1,2,3,4\n')
  expect(await readCsvTable(place, options, OBSERVED)).toMatchObject({
    bad: [
      { message: expect.stringMatching(/3 cells, but there are 2 columns; if all have one more, as R/) },
      { message: 'the record has 4 cells, but there are 2 columns' },
    ],
  })
  folder.put('table.csv', 'code,name\nN\n')
  const ragged = { line: 2, code: 'CSV_RAGGED', message: 'the record has 1 cell, but there are 2 columns' }
  expect(await readCsvTable(place, options, OBSERVED)).toMatchObject({ rows: [], bad: [ragged] })
  const declared = ['code', 'name'].map(name => [name, { schema: {}, optional: true }] as const)
  const input: RowSchema = { fields: new Map(declared), closed: false, observed: false }
  folder.put('table.csv', 'code;name\nN;x\n')
  await expect(readCsvTable(place, options, input)).rejects.toMatchObject({
    hint: expect.stringContaining("set delimiter: ';'"),
  })
})

/**
 * Workbooks that are damaged, that lie, that change; and runs that read and write such files, and are killed. `npm test` tries a part of it,
 * `npm run connectors` all.
 */
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Row } from '../../src/model/row.ts'
import { excelSink } from '../../src/plugins/workbooks/excel-sink.ts'
import { excelSource } from '../../src/plugins/workbooks/excel-source.ts'
import { NOBODY_TO_ASK } from '../../src/sdk/source.ts'
import { CONNECTORS, KILLS } from '../support/kills.ts'
import { damaged, killedRuns, outcomeOf, readTable, tableSource, writeTable } from '../support/table-files.ts'
import { WorkFolder } from '../support/work-folder.ts'
import { workbookOf } from '../support/workbook.ts'
import { type ZipMember, zipOf } from '../support/zip.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-workbooks-'))
const file = join(folder, 'x.xlsx')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const rowOf = (i: number): Row => ({
  id: i,
  region: `region ${i % 3}`,
  flag: i % 2 === 0,
  share: i / 3,
  note: `=${i} & <x>`,
})
const ROWS = Array.from({ length: 30 }, (_, i) => rowOf(i))

describe('a workbook with one byte changed, or cut off', () => {
  let good: Buffer
  beforeAll(async () => {
    await writeTable(excelSink, file, ROWS)
    good = readFileSync(file)
  })

  test('is read as it was, or is an error of the file', { tags: ['proof'] }, async () => {
    const [step, flips] = CONNECTORS ? [3, [0xff, 1]] : [97, [0xff, 1]]
    for (const bytes of damaged(good, step, flips)) {
      const { records, code } = await outcomeOf(excelSource, file, bytes)
      // What no checksum covers are times and the like.
      if (records !== null) expect(records).toEqual(ROWS)
      else expect(['CUSTODY_SOURCE', 'CUSTODY_INPUT_FORMAT']).toContain(code)
    }
  })
})

const text = (at: string, value: string) => `<c r="${at}" t="inlineStr"><is><t>${value}</t></is></c>`
const sheet = (content: string, more: readonly ZipMember[] = []) => workbookOf({ sheets: { S: content }, more })
const HEADER = `<row r="1">${text('A1', 'id')}</row>`
const MILLIONS = 9 * 1024 * 1024

describe('a workbook that isn’t what it says', () => {
  const cases: readonly (readonly [name: string, bytes: () => Uint8Array, code: string, message: string])[] = [
    [
      'a sheet that unpacks to more than it says',
      () =>
        sheet('', [
          { name: 'xl/worksheets/sheet1.xml', content: `<worksheet>${' '.repeat(MILLIONS)}`, says: { bytes: 100 } },
        ]),
      'CUSTODY_SOURCE',
      'more than the 100 bytes',
    ],
    [
      'a sheet that unpacks to less than it says',
      () => sheet('', [{ name: 'xl/worksheets/sheet1.xml', content: '<worksheet/>', says: { bytes: 4_000_000_000 } }]),
      'CUSTODY_SOURCE',
      'fewer than the 4000000000 bytes',
    ],
    [
      'a list of sheets that says that it is larger than any',
      () => sheet(HEADER, [{ name: 'xl/workbook.xml', content: '<workbook/>', says: { bytes: 4_000_000_000 } }]),
      'CUSTODY_SOURCE',
      'larger than any is',
    ],
    [
      'a sheet whose bytes aren’t those of its checksum',
      () => sheet(HEADER, [{ name: 'xl/worksheets/sheet1.xml', content: '<worksheet/>', says: { crc32: 1 } }]),
      'CUSTODY_SOURCE',
      'CRC-32',
    ],
    [
      'a text that unpacks to megabytes',
      () => sheet(`<row r="1">${text('A1', 'x'.repeat(MILLIONS))}</row>`),
      'CUSTODY_SOURCE',
      'longer than any',
    ],
    [
      'a tag that unpacks to megabytes',
      () => sheet(`<row r="1"><c r="A1" x="${'x'.repeat(MILLIONS)}"/></row>`),
      'CUSTODY_SOURCE',
      'longer than any',
    ],
    [
      'a comment that unpacks to megabytes',
      () => sheet(`<row r="1"/><!--${'x'.repeat(MILLIONS)}-->`),
      'CUSTODY_SOURCE',
      'longer than any',
    ],
    [
      'cells that stand twice',
      () => sheet(`<row r="1">${text('A1', 'id')}${text('A1', 'no')}</row>`),
      'CUSTODY_SOURCE',
      'the cell A1 follows one of the same column',
    ],
    ['more rows than a sheet has', () => sheet(`${HEADER}<row r="1048577"/>`), 'CUSTODY_SOURCE', 'row 1048577'],
    ['no sheet', () => workbookOf({ sheets: {} }), 'CUSTODY_SOURCE', 'it has no sheet with cells'],
    [
      'a list of sheets that names what isn’t there',
      () =>
        zipOf([
          { name: '[Content_Types].xml', content: '<Types/>' },
          { name: '_rels/.rels', content: '<Relationships/>' },
        ]),
      'CUSTODY_SOURCE',
      'where its list of sheets is',
    ],
  ]
  test.each(cases)('%s', async (_, bytes, code, message) => {
    expect(await outcomeOf(excelSource, file, bytes())).toMatchObject({
      code,
      message: expect.stringContaining(message),
    })
  })

  test('cells that hold what stands for nothing reject their record, and no other', async () => {
    const cell = (type: string, value: string) => `<c t="${type}"><v>${value}</v></c>`
    const values = [
      ...[
        cell('n', ' '),
        cell('n', '0x10'),
        cell('n', 'NaN'),
        cell('n', '1e999'),
        cell('s', ''),
        cell('s', ' '),
        cell('s', '0'),
      ],
      ...[cell('b', 'yes'), cell('x', '1'), cell('n', '1')],
    ]
    const bytes = sheet(HEADER + values.map((value, i) => `<row r="${i + 2}">${value}</row>`).join(''))
    const { records } = await outcomeOf(excelSource, file, bytes)
    expect(records).toEqual([...Array(9).fill('CELL_INVALID'), { id: 1 }])
  })
})

test('a workbook that changes while it is read ends the reading, and isn’t taken for what it was', async () => {
  await writeTable(excelSink, file, ROWS)
  const source = tableSource(excelSource, file)
  const reading = async () => {
    for await (const some of source.read(null, NOBODY_TO_ASK)) if (some.length > 0) appendFileSync(file, 'x')
  }
  await expect(reading()).rejects.toMatchObject({ code: 'CUSTODY_SOURCE_CHANGED' })
  await source.close()
})

test.skipIf(process.getuid?.() === 0)('a workbook that may not be read says so', async () => {
  await writeTable(excelSink, file, ROWS)
  chmodSync(file, 0)
  await expect(readTable(excelSource, file)).rejects.toMatchObject({ code: 'CUSTODY_SOURCE' })
  chmodSync(file, 0o600)
})

test('a sheet that isn’t there stops a run before anything is written; of a range in which nothing stands it warns', async () => {
  const work = new WorkFolder({ 'sheet.yaml': pipeline({ sheet: 'Q9' }), 'range.yaml': pipeline({ range: 'Y90:Z99' }) })
  await writeTable(excelSink, join(work.folder, 'in.xlsx'), ROWS)
  const missing = await work.custody('run', 'sheet.yaml')
  expect(missing.stderr).toMatch(/has no sheet "Q9"[\s\S]*Its sheets are Sheet1[\s\S]*CUSTODY_SOURCE/)
  const empty = await work.custody('run', 'range.yaml')
  expect([missing.exit, empty.exit]).toEqual([1, 0])
  expect(empty.stderr).toMatch(/in\.xlsx has no value in Y90:Z99 of the sheet Sheet1/)
  work.close()
})

// ── whole runs ──────────────────────────────────────────────────────────────────────────────────────────────────────

function pipelineOf(options: { readonly [option: string]: string } = {}) {
  return {
    name: 'copy',
    defaults: { on_error: 'discard', on_invalid: 'discard' },
    sources: { rows: { plugin: 'excel', options: { path: 'in.xlsx', ...options }, to: 'three' } },
    nodes: { three: { fork: { a: 'all', b: 'sheets', c: 'each' } } },
    sinks: {
      all: { plugin: 'excel', options: { path: 'out/all.xlsx', if_exists: 'replace' } },
      sheets: { plugin: 'excel', options: { path: 'out/sheets.xlsx', if_exists: 'replace', sheet_field: 'region' } },
      each: { plugin: 'excel', options: { path: 'out/by/{{ row.region }}.xlsx', if_exists: 'replace' } },
    },
  }
}
const pipeline = (options: { readonly [option: string]: string }) => JSON.stringify(pipelineOf(options))

test.skipIf(!CONNECTORS)(`${KILLS} random kills leave nothing but what an undisturbed run leaves`, async () => {
  const rows = Array.from({ length: 4000 }, (_, i) => rowOf(i))
  const { files, killed } = await killedRuns(
    pipelineOf(),
    async work => void (await writeTable(excelSink, join(work, 'in.xlsx'), rows)),
    KILLS,
  )
  expect(Object.keys(files)).toHaveLength(5)
  expect(killed).toBe(KILLS)
})

/** Public CSV files are read cell for cell as Python’s csv reads them, and their numbers as the same doubles. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { expectedTables, NPM_PACKAGES, npmFolder, PYPI_PACKAGES, readTable, type Table } from './tables.ts'

/** Where `npm run public-csv` has put the files of PyPI packages. */
const PYPI_FOLDER = process.env.CUSTODY_PUBLIC_CSV

interface Exception {
  readonly why: string
  /** What is rejected as RFC 4180 has it. */
  readonly rejected: readonly string[]
  /** With which it is read as Python reads it. */
  readonly options: object
}

const EXCEPTIONS: { readonly [file: string]: Exception } = {
  'csv-spectrum/csvs/location_coordinates.csv': {
    why: 'a cell without quotes around it has some inside, for minutes and seconds',
    rejected: ['CSV_QUOTE'],
    options: { quote: 'none' },
  },
}

const TABLES = Map.groupBy(expectedTables(), ({ package_name }) => package_name)

async function check(folder: string, table: Table): Promise<void> {
  const file = `${table.package_name}/${table.path}`
  const exception = EXCEPTIONS[file]
  if (exception !== undefined) expect((await readTable(folder, table)).rejected, file).toEqual(exception.rejected)
  const { records, cells, numbers } = table
  const read = await readTable(folder, table, exception?.options)
  expect(read, file).toEqual({ records, cells, numbers, rejected: [] })
}

describe.each(NPM_PACKAGES)('of the npm package %s', name => {
  test.each(TABLES.get(name) ?? [])('$path', table => check(npmFolder(name), table))
})

describe.each(PYPI_PACKAGES.map(each => each.split('==')[0] ?? each))('of the PyPI package %s', name => {
  test.skipIf(PYPI_FOLDER === undefined)(`${TABLES.get(name)?.length} files (npm run public-csv)`, async () => {
    for (const table of TABLES.get(name) ?? []) await check(join(PYPI_FOLDER ?? '', name), table)
  })
})

test('they are at least 300, and of packages that are there', () => {
  expect(expectedTables().length).toBeGreaterThanOrEqual(300)
  expect([...TABLES.keys()].sort()).toEqual([...NPM_PACKAGES, ...PYPI_PACKAGES.map(each => each.split('==')[0])].sort())
  for (const { package_name, path } of expectedTables().filter(each =>
    NPM_PACKAGES.some(name => name === each.package_name),
  ))
    expect(existsSync(join(npmFolder(package_name), path)), path).toBe(true)
})

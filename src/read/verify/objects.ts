/** The database itself: its tables, views, indexes and triggers are those of the format, and it finds itself in order. */
import type { LedgerReader, StoredObject } from '../../ledger/read-port.ts'
import type { Check, Report } from './check.ts'

export async function checkObjects(reader: LedgerReader, check: Report): Promise<void> {
  const all = await reader.expectedObjects()
  if (all === null)
    return check.add(
      'its tables, views and triggers can’t be compared with those of the format: the server lets this user make no temporary ones',
    )
  const expected = new Map(all.map(each => [nameOf(each), each]))
  for (const object of await reader.objects()) {
    const name = nameOf(object)
    const should = expected.get(name)
    expected.delete(name)
    if (should === undefined) check.add(`${name} is not part of the format`)
    else if (should.sql !== object.sql || should.tbl_name !== object.tbl_name)
      check.add(`${name} is not what the format has: its definition was changed`)
  }
  for (const name of expected.keys()) check.add(`${name} is missing`)
}

/** What the format says of the file as a whole. */
export async function checkFile(reader: LedgerReader, check: Check): Promise<void> {
  for (const [property, [is, should]] of Object.entries(await reader.file()))
    if (is !== should) check.add(`its ${property} is ${String(is)}, and the format has ${should}`)
}

const MOST_STRAYS = 20

/** No table has records of logs that aren't listed. */
export async function checkStrays(reader: LedgerReader, check: Check): Promise<void> {
  for (const { table, log } of await reader.strayLogs(MOST_STRAYS))
    check.add(`table ${table} has records of log ${log}, and no such log is listed`)
}

/** `integrity`: asks the database. */
export async function checkIntegrity(integrity: () => Promise<readonly string[] | null>, check: Check): Promise<void> {
  const problems = await integrity()
  if (problems === null) check.pass('the server has no amcheck, or not for this user')
  for (const problem of problems ?? []) check.add(problem)
}

function nameOf({ type, name }: StoredObject): string {
  return `${type} ${name}`
}

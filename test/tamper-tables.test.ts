/** Whatever is changed in whichever column of whichever table of a ledger: `verify` finds it, and names the place. */
// @module-tag proof
import type { SQLInputValue } from 'node:sqlite'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { canonicalize } from '../src/model/canonical.ts'
import type { Json } from '../src/model/row.ts'
import type { Model } from './simulation/model.ts'
import { Forger, TABLES, type Table, type TableRow } from './support/forger.ts'
import { LONG } from './support/form.ts'
import { RICH, runModel, simulatedRun } from './support/simulated-ledger.ts'

const IN_BOTH_WAYS_EACH = LONG ? 1 : 4

let forger: Forger
let few: Forger
/** With rows enough for tiles. */
let many: Forger

beforeAll(async () => {
  few = await Forger.of(async url => {
    await runModel(url, RICH, 1)
    await runModel(url, RICH, 2, { after_us: 30_000, next: 'nothing' })
  }, IN_BOTH_WAYS_EACH)
  many = await Forger.of(url => runModel(url, LETTERS, 1), IN_BOTH_WAYS_EACH)
})
afterAll(() => {
  few.close()
  many.close()
})

const LETTERS: Model = {
  sources: [{ name: 'letters', to: 'low', on_invalid: 'discard', values: Array.from({ length: 300 }, (_, i) => i) }],
  nodes: [],
  sinks: [{ name: 'low', rejects: 0, on_error: 'discard' }],
}

/** Where a change to a table must be reported. */
const NAMED: { readonly [table in Table]: RegExp } = {
  logs: /log \d|run /,
  entries: /entr(y|ies) [\d,]+|stored entr|checkpoint/,
  payloads: /entry [\d,]+/,
  endings: /token [\d,]+/,
  open_tokens: /token [\d,]+/,
  tiles: /tile [\d,]+ of level/,
  heads: /checkpoint/,
  leases: /lease of /,
}
/** What nobody vouches for: who holds an open run, and until when, is the holder's claim. */
const CLAIMS = ['leases.holder', 'leases.expires_us']

/** First, middle and last row of a table within each log that it has rows of; or only the middle one. */
function samples(table: Table, which: 'three' | 'one'): number[] {
  const key = forger.all(`PRAGMA table_info(${table})`).filter(each => Number(each.pk) > 0)
  const order = key.map(each => each.name).join(', ')
  const rows = forger.all(`SELECT row_number() OVER (ORDER BY ${order}) - 1 AS place, log FROM ${table}`)
  const places: number[] = []
  for (const log of new Set(rows.map(each => each.log))) {
    const own = rows.filter(each => each.log === log).map(each => Number(each.place))
    places.push(own[own.length >> 1]!)
    if (which === 'three') places.push(own[0]!, own.at(-1)!)
  }
  return [...new Set(places)]
}

function keyOf(table: Table, place: number): { where: string; values: SQLInputValue[]; record: TableRow } {
  const key = forger
    .all(`PRAGMA table_info(${table})`)
    .filter(each => Number(each.pk) > 0)
    .map(each => `${each.name}`)
  const record = forger.all(`SELECT * FROM ${table} ORDER BY ${key.join(', ')} LIMIT 1 OFFSET ?`, place)[0]!
  return { where: key.map(each => `${each} = ?`).join(' AND '), values: key.map(each => record[each]!), record }
}

/** Values that the column's type has, and that are near the one that is there. */
function others(type: string, value: SQLInputValue, nullable: boolean): SQLInputValue[] {
  const changed: SQLInputValue[] = []
  if (value === null && type === 'INTEGER') changed.push(1, 0)
  else if (value === null) changed.push(type === 'TEXT' ? 'X' : new Uint8Array(32))
  else if (typeof value === 'number') changed.push(value + 1_000_000)
  else if (typeof value === 'string') {
    const middle = value.length >> 1
    changed.push(value.slice(0, middle) + (value[middle] === '1' ? '2' : '1') + value.slice(middle + 1), ` ${value}`)
  } else {
    const bytes = new Uint8Array(value as Uint8Array)
    bytes[bytes.length - 1]! ^= 1
    changed.push(bytes, bytes.subarray(1))
  }
  if (value !== null && nullable) changed.push(null)
  return changed
}

/** null if SQLite itself refuses: a key that is null, a text that an index can't read as JSON. */
async function unlessRefused<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Error && /^(datatype mismatch|malformed JSON)$/.test(error.message)) return null
    throw error
  }
}

describe.each(TABLES)('table %s', table => {
  beforeEach(() => {
    forger = table === 'tiles' ? many : few
  })

  test('a change of any column of its rows is found and named', async () => {
    let changes = 0
    for (const place of samples(table, 'one')) {
      const { where, values, record } = keyOf(table, place)
      for (const { name, type, notnull } of forger.all(`PRAGMA table_info(${table})`)) {
        if (CLAIMS.includes(`${table}.${name}`)) continue
        const values_of = others(`${type}`, record[`${name}`]!, Number(notnull) === 0)
        for (const value of LONG ? values_of : values_of.slice(0, 1)) {
          const problems = await unlessRefused(() =>
            forger.problems(() => forger.run(`UPDATE ${table} SET ${name} = ? WHERE ${where}`, value, ...values)),
          )
          if (problems === null) continue
          const what = `${table}.${name} of ${canonicalize(values as Json)} = ${value}`
          expect(problems.join('\n'), what).toMatch(NAMED[table])
          changes++
        }
      }
    }
    expect(changes).toBeGreaterThan(table === 'leases' ? 1 : 4)
  })

  test('a row that is gone is found and named', async () => {
    for (const place of samples(table, LONG ? 'three' : 'one')) {
      const { where, values } = keyOf(table, place)
      const problems = await forger.problems(() => forger.run(`DELETE FROM ${table} WHERE ${where}`, ...values))
      expect(problems.join('\n'), `${table} ${canonicalize(values as Json)}`).toMatch(NAMED[table])
    }
  })

  test('a row too many is found and named', async () => {
    for (const place of samples(table, LONG ? 'three' : 'one')) {
      const { record } = keyOf(table, place)
      const columns = Object.keys(record)
      const last = columns.includes('token')
        ? 'token'
        : columns.includes('seq')
          ? 'seq'
          : columns.includes('idx')
            ? 'idx'
            : 'log'
      const added = { ...record, [last]: Number(forger.all(`SELECT max(${last}) AS n FROM ${table}`)[0]?.n) + 1 }
      if (table === 'logs') Object.assign(added, { run: simulatedRun(999) })
      const problems = await forger.problems(() =>
        forger.run(
          `INSERT INTO ${table} VALUES (${columns.map(() => '?').join(', ')})`,
          ...columns.map(each => added[each]!),
        ),
      )
      expect(problems.join('\n'), `${table} ${last}`).toMatch(NAMED[table])
    }
  })
})

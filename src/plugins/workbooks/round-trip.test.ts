/** What the sink writes of any rows is what the source reads of the workbook, as a run with the same schema takes it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { anyCharacter } from '../../../test/support/any-character.ts'
import { LONG } from '../../../test/support/form.ts'
import { readTable, writeTable } from '../../../test/support/table-files.ts'
import type { Json, Row } from '../../model/row.ts'
import { type FieldSchema, OBSERVED } from '../../model/schema.ts'
import { parseFieldShorthand } from '../../sdk/field-type.ts'
import { compileRowSchema } from '../../sdk/schema-check.ts'
import { jsonText } from '../sinks/json-text.ts'
import { excelSink } from './excel-sink.ts'
import { excelSource } from './excel-source.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-workbook-'))
const file = join(folder, 'x.xlsx')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Many that a cell could take for something else: numbers, codes of characters, formulas, blanks. */
const text = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom(' ', '\n', '\r', '\t', '\0', '_', 'x', '0', '4', '1', '=', '<', '&', '"', '\ufffe'),
    maxLength: 9,
  }),
  fc.constantFrom('1', '1e5', 'TRUE', '#N/A', '2026-01-31', '_x0041_', '_x005F_x0041_', ']]>'),
)
const days = fc.integer({ min: Date.UTC(1900, 0, 1) / 86_400_000, max: Date.UTC(9999, 11, 31) / 86_400_000 })
const day = days.map(each => new Date(each * 86_400_000).toISOString().slice(0, 10))
const moment = fc.tuple(day, fc.integer({ min: 1, max: 86_399_999 })).map(([date, ms]) => {
  const time = new Date(ms).toISOString().slice(11, 23)
  return `${date}T${time.replace('.000', '')}`
})
const decimal = (digits: number, scale: number) =>
  fc.bigInt({ min: -(10n ** BigInt(digits)) + 1n, max: 10n ** BigInt(digits) - 1n }).map(value => {
    const all = (value < 0n ? -value : value).toString().padStart(scale + 1, '0')
    const whole = scale === 0 ? all : `${all.slice(0, -scale)}.${all.slice(-scale)}`
    return value < 0n ? `-${whole}` : whole
  })

interface Kind {
  readonly values: fc.Arbitrary<Json>
  /** What the schema says of it. */
  readonly type: string
  readonly dates?: boolean
}

const KINDS: { readonly [kind: string]: Kind } = {
  flag: { values: fc.boolean(), type: 'boolean' },
  integer: { values: fc.maxSafeInteger(), type: 'integer' },
  number: {
    values: fc.double({ noNaN: true, noDefaultInfinity: true }).map(each => (each === 0 ? 0 : each)),
    type: 'number',
  },
  text: { values: text, type: 'string' },
  price: { values: decimal(15, 2), type: 'decimal(2)' },
  exact: { values: decimal(30, 12), type: 'decimal(12)' },
  large: { values: decimal(25, 0), type: 'big_integer' },
  day: { values: day, type: 'string', dates: true },
  moment: { values: moment, type: 'string', dates: true },
  doubtful: { values: fc.oneof(day, moment, text), type: 'string', dates: true },
}
const NAMES = Object.keys(KINDS)
const FIELDS = new Map<string, FieldSchema>(
  // cast: each of them is one
  ['id', ...NAMES].map(name => [name, parseFieldShorthand(`${KINDS[name]?.type ?? 'integer'}?`) as FieldSchema]),
)
const DATES = NAMES.filter(name => KINDS[name]?.dates === true)

const rows = fc
  .array(
    fc.record(Object.fromEntries(NAMES.map(name => [name, fc.option(KINDS[name]?.values ?? fc.constant(null))]))),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  // A row in which nothing stands is none in a sheet.
  .map(all => all.map((each, id) => ({ id, ...each }) as Row))

test('any rows', async () => {
  const input = { ...OBSERVED, fields: FIELDS }
  const check = compileRowSchema({ fields: FIELDS, closed: true, observed: false }, { textual: true })
  await fc.assert(
    fc.asyncProperty(rows, async written => {
      expect(await writeTable(excelSink, file, written, { input, dates: DATES, columns: ['id', ...NAMES] })).toEqual([])
      const read = await readTable(excelSource, file, { input })
      const taken = read.map(row => {
        const checked = typeof row === 'string' ? { ok: false, code: row } : check(row)
        return 'row' in checked ? checked.row : checked
      })
      // An empty text is an empty cell.
      const due = written.map(row =>
        Object.fromEntries(Object.entries(row).map(([name, each]) => [name, each === '' ? null : each])),
      )
      expect(taken).toEqual(due)
    }),
    { numRuns: LONG ? 60 : 10 },
  )
})

test('lists and objects are texts of JSON', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue({ maxDepth: 2 }), { minLength: 1, maxLength: 5 }), async values => {
      const due = values.map(value => JSON.parse(JSON.stringify(value)) as Json)
      await writeTable(
        excelSink,
        file,
        due.map((value, id) => ({ id, value: [value] })),
      )
      const read = await readTable(excelSource, file)
      expect(read).toEqual(due.map((value, id) => ({ id, value: jsonText([value]) })))
    }),
    { numRuns: LONG ? 20 : 5 },
  )
})

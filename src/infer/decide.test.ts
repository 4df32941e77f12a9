import { describe, expect, test } from 'vitest'
import { decideTable, type TableFinding } from './decide.ts'
import { Budget } from './distinct.ts'
import { TextColumn } from './text-column.ts'

type Cells = { readonly [column: string]: readonly (string | null)[] }

function decide(cells: Cells, delimiter = ';'): TableFinding {
  const budget = new Budget()
  const columns = Object.entries(cells).map(([field, values]) => {
    const column = new TextColumn(field, field, budget)
    for (const [index, value] of values.entries()) column.add(value, index + 2)
    return column
  })
  return decideTable(columns, delimiter)
}

const typeOf = (cells: readonly (string | null)[], delimiter?: string) => {
  const table = decide({ x: cells }, delimiter)
  const [field] = table.fields
  return `${field?.types.join('|')}${field?.optional ? '?' : ''}`
}
const remarksOf = (...cells: readonly (string | null)[]) => decide({ x: cells }).fields[0]?.remarks.join('; ')

describe('types', () => {
  test.each<[string, readonly (string | null)[], string]>([
    ['whole numbers', ['1', '-2', '30'], 'integer'],
    ['numbers', ['1', '2.5', '1e3'], 'number'],
    ['whole numbers with gaps, as some tools write them', ['1.0', null, '3.0'], 'integer?'],
    ['numbers that happen to be whole', ['1.0', '3', '2.5'], 'number'],
    ['amounts with as many digits in each', ['12.50', '3.00'], 'decimal(2)'],
    ['amounts with one digit in each', ['1.0', '3.0'], 'decimal(1)'],
    ['amounts with gaps', ['12.50', null], 'decimal(2)?'],
    ['zeros at the end of some', ['12.50', '3', '0.125'], 'decimal'],
    ['digits that a double would lose', ['0.12345678901234567891', '3'], 'decimal'],
    ['amounts that no double is near', ['90071992547409931.00', '1.5'], 'decimal'],
    ['amounts and ids beyond 2^53', ['9007199254740993', '1.5'], 'decimal'],
    ['exponents among amounts', ['12.50', '1e3'], 'number'],
    ['exponents among ids', ['9007199254740993', '1.5e3'], 'string'],
    ['more digits than a decimal has', [`0.${'1'.repeat(120)}`, '0.5'], 'number'],
    ['more digits than a big integer has', ['9'.repeat(101), '1'], 'string'],
    ['large ids with gaps, as some tools write them', ['9007199254740993.0', null], 'big_integer?'],
    ['large ids with zeros before', ['009007199254740993', '9007199254740993'], 'string'],
    ['an empty cell', ['1', null], 'integer?'],
    ['an empty cell in quotes among numbers', ['1', ''], 'integer?'],
    ['an empty cell in quotes among texts', ['a', ''], 'string'],
    ['true and false, in any case', ['true', 'FALSE'], 'boolean'],
    ['ja and nein', ['ja', 'nein', 'Ja'], 'boolean'],
    ['one word of two alone', ['ja', 'ja'], 'string'],
    ['ones and zeros', ['1', '0'], 'integer'],
    ['JSON', ['[1]', '["a"]'], 'array'],
    ['zeros before numbers', ['01067', '80331'], 'string'],
    ['zeros after points', ['0.5', '0', '-0.25'], 'number'],
    ['ids beyond 2^53', ['12345678901234567890', '1'], 'big_integer'],
    ['a sign that no number has', ['+5', '3'], 'string'],
    ['nothing', [null, null], 'string?'],
    ['blanks alone among numbers', ['1', ' ', '2'], 'integer?'],
  ])('%s', (_what, cells, type) => expect(typeOf(cells)).toBe(type))
})

describe('how numbers are written', () => {
  test.each<[string, readonly string[], object]>([
    ['a comma before the fraction', ['1,5', '20,25'], { decimal: ',' }],
    ['points between groups', ['1.234,5', '12,5'], { decimal: ',', thousands: '.' }],
    ['commas between groups', ['1,234.5', '12.5'], { decimal: '.', thousands: ',' }],
    ['blanks between groups', ['1 234,5', '12,5'], { decimal: ',', thousands: ' ' }],
    ['as in Switzerland', ["1'234.5", '12.5'], { decimal: '.', thousands: "'" }],
    ['whole numbers say nothing', ['1', '2'], { decimal: '.' }],
  ])('%s', (_what, x, convention) => expect(decide({ x }).convention).toEqual(convention))

  test('one column decides for another one', () => {
    const { fields, convention, doubts } = decide({ open: ['1.234', '2.000'], clear: ['1,5', '2,25'] })
    expect(convention).toEqual({ decimal: ',', thousands: '.' })
    expect(fields.map(({ types }) => types[0])).toEqual(['integer', 'number'])
    expect(doubts).toEqual([])
  })

  test('what could be either is said', () => {
    expect(decide({ x: ['1,234', '2,000'] }, ',')).toMatchObject({
      convention: { thousands: ',' },
      doubts: [expect.stringContaining('1,234 is read as 1234')],
    })
    expect(decide({ x: ['1,234', '2,000'] }, ';')).toMatchObject({
      convention: { decimal: ',' },
      doubts: [expect.stringContaining('1,234 is read as 1.234')],
    })
  })

  test('columns that don’t keep to it stay texts', () => {
    const { fields } = decide({ a: ['1,5', '2,5'], b: ['3,5', '4,5'], c: ['1.25', '2.50'] })
    expect(fields.map(({ types }) => types[0])).toEqual(['decimal(1)', 'decimal(1)', 'string'])
  })
})

describe('words for nothing', () => {
  test('are those that keep a column from being what it is', () => {
    const { fields, null_values } = decide({ a: ['1', 'NA', '3'], b: ['x', 'NA', 'y'], c: ['-', '31.01.2026', '-'] })
    expect(null_values).toEqual(['-', 'NA'])
    expect(fields.map(({ types, optional }) => [types[0], optional])).toEqual([
      ['integer', true],
      ['string', true],
      ['string', true],
    ])
    expect(fields[1]?.remarks).toContain('"NA" is null here, too (1)')
  })

  test('aren’t taken where they may be a value', () => {
    const { fields, null_values } = decide({ n: ['1', 'NA', '3'], country: ['DE', 'NA', 'FR'] })
    expect(null_values).toEqual([])
    expect(fields[0]?.types).toEqual(['string'])
    expect(fields[0]?.remarks.join()).toContain('integer but for "NA" in line 3')
    expect(decide({ n: ['1', 'none'], smoker: ['none', 'light'] }).null_values).toEqual([])
  })

  test('among texts stay what they are, and are mentioned', () => {
    expect(decide({ x: ['a', 'n/a'] })).toMatchObject({ null_values: [] })
    expect(remarksOf('a', 'n/a')).toContain('"n/a" in 1 cell; if it means that there is nothing, add it to null_values')
  })
})

describe('what is worth knowing', () => {
  test.each<[string, readonly (string | null)[], string]>([
    ['keys', ['a', 'b', 'c'], 'unique'],
    ['zeros that are kept', ['01067', '80331'], 'kept as text: zeros before numbers, "01067" in line 2'],
    ['large ids', ['12345678901234567890'], 'whole numbers beyond 2^53, "12345678901234567890" in line 2'],
    ['large ids that are none', ['9'.repeat(101)], 'kept as text: numbers with more digits than any type has'],
    ['amounts', ['1.50', '2.00'], 'each has 2 digits behind the point'],
    ['zeros at the end', ['2', '1.50'], 'zeros at the end are kept, "1.50" in line 3'],
    [
      'many digits',
      ['2', '0.12345678901234567891'],
      'more digits than a number keeps, "0.12345678901234567891" in line 3',
    ],
    [
      'dates but for a few',
      [...Array<string>(9).fill('02.03.2026'), '30.02.2026'],
      'dates (dd.MM.yyyy), but not 1 of 10: "30.02.2026" in line 11',
    ],
    ['numbers but for a few', [...Array<string>(9).fill('7'), 'x'], 'but not 1 of 10: "x" in line 11'],
    ['units', ['5 %', '7 %'], 'numbers with a sign or a unit, "5 %" in line 2'],
    ['blanks', ['a ', 'b'], 'blanks around 1 cell: "a " in line 2'],
    ['one value alone', ['a', 'a', 'a'], 'always "a"'],
    ['one value nearly alone', [...Array<string>(200).fill('a'), 'b'], 'nearly always "a": 200 of 201'],
    ['a few values', [...Array<string>(10).fill('a'), ...Array<string>(10).fill('b')], 'one of "a", "b"'],
    ['gaps', ['a', null, 'a'], '1 of 3 empty'],
    ['emptiness', [null, null], 'always empty: its type is a guess'],
  ])('%s', (_what, cells, remark) => expect(remarksOf(...cells)).toContain(remark))

  test('a value that stands twice makes no key, nor does a gap', () => {
    expect(decide({ x: ['a', 'b', 'a'], y: ['a', null, 'b'] }).fields.map(({ unique }) => unique)).toEqual([
      false,
      false,
    ])
  })

  test('days that could be months', () => {
    const [field] = decide({ d: ['01/02/2026', '03/04/2026'] }).fields
    expect(field).toMatchObject({ types: ['string'], doubts: [expect.stringContaining('dd/MM/yyyy or as MM/dd/yyyy')] })
    expect(field).not.toHaveProperty('date_format')
  })

  test('eight digits are dates only where the name says so', () => {
    const table = decide({ datum: ['20260131', '20260201'], nr: ['20260131', '20260201'] })
    expect(table.fields.map(({ types, date_format }) => [types[0], date_format])).toEqual([
      ['string', 'yyyyMMdd'],
      ['integer', undefined],
    ])
    expect(table.fields[1]?.doubts).toHaveLength(1)
  })
})

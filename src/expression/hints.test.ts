/** What is said to people who write expressions as other languages have them. */
import { expect, test } from 'vitest'
import type { FieldSchema, RowSchema } from '../model/schema.ts'
import { compileExpression } from './expression.ts'

const text = { schema: { type: 'string' }, optional: false }
const SCHEMA: RowSchema = {
  fields: new Map<string, FieldSchema>([
    ['x', text],
    ['eröffnet_am', text],
    ['n', { schema: { type: 'integer' }, optional: false }],
    ['big', { schema: { type: 'string', format: 'big_integer' }, optional: false }],
    ['maybe', { schema: { type: ['string', 'null'], format: 'big_integer' }, optional: true }],
  ]),
  closed: true,
  observed: false,
}

test.each([
  ['"" + 5', 'To put texts together convert what is none: string(5).'],
  [
    'date.diff(row.x, date.parse("01.01.2026", "dd.MM.yyyy"), "days")',
    'A text becomes a timestamp by date.parse(text, "dd.MM.yyyy"), or by timestamp(text)',
  ],
  ['row.n + " EUR"', 'convert what is none: string(row.n).'],
  [
    'row.x + 5',
    'Declare `x: number` in the source’s schema, or convert it: double(row.x), or decimal(row.x) where each digit counts.',
  ],
  ['row.big == 5', 'A big_integer is a text here: write "5" to compare it as one, or decimal(row.big) for its value.'],
  ['5 != row.maybe', 'write "5" to compare it as one, or decimal(row.maybe) for its value.'],
  ['row.big > 5', 'A big_integer is a text here: write decimal(row.big) for its value.'],
  ['row.n == row.big', 'A big_integer is a text here: write decimal(row.big) for its value.'],
  ['row.big + 1', 'A big_integer is a text here: write decimal(row.big) for its value.'],
  ['Row.x', 'Did you mean row?'],
  ['x == "a"', 'Write row.x for the field.'],
  ['row.eröffnet_am', 'For a field of that name write row["eröffnet_am"].'],
  ['row.x == "a" && row.eröffnet_am == ""', 'For a field of that name write row["eröffnet_am"].'],
  ['if(row.x == "a", 1, 2)', 'Write condition ? a : b.'],
  ['if (row.x == "a") 1 else 2', 'Write condition ? a : b.'],
  ['IF(row.n > 1, 1, 2)', 'Write condition ? a : b.'],
  ['now()', 'The only time of day is run.started_at'],
  ['NOW()', 'The only time of day is run.started_at'],
  ['row.x.length()', 'Write size(…)'],
  ['row.x.toUpperCase()', 'row.x.upper()'],
  ['row.x.strip()', 'row.x.trim()'],
  ['substr(row.x, 1)', 'row.x.substring('],
  ['to_date(row.x)', 'date.parse('],
  ['strftime(row.x, "%Y")', 'date.format('],
  ['hash.uuid5("dns", row.x)', 'Did you mean uuid5?'],
  ['coalesce(row.x, "")', 'row.?x.orValue(0)'],
  ['row.x ?? ""', 'row.?x.orValue(0)'],
  ['not row.n', '! for not'],
  ['row.x = "a"', 'Write == to compare.'],
])('%s', (source, hint) => {
  const compiled = compileExpression(source, { over: 'row', schema: SCHEMA })
  expect(compiled.ok ? '' : compiled.problems[0]?.hint).toContain(hint)
})

test('what is proposed can be written', () => {
  for (const source of [
    'row.x.upper()',
    'row.x.trim()',
    'row.x.substring(0, 1)',
    '"" + string(5)',
    'row["eröffnet_am"]',
    'row.?x.orValue("")',
    'row.n > 1 ? 1 : 2',
    'row.big == "5" || decimal(row.big) == 5 || decimal(row.maybe) > row.n || decimal(row.big) + 1 > 5',
  ])
    expect(compileExpression(source, { over: 'row', schema: SCHEMA }).ok).toBe(true)
})

test('an integer that is larger than 64 bits is written as a text', () => {
  const compiled = compileExpression('row.id == 12345678901234567890', {
    over: 'row',
    schema: { fields: new Map(), closed: false, observed: true },
  })
  expect(compiled).toMatchObject({
    ok: false,
    problems: [
      {
        hint: 'An id is compared as a text: write "12345678901234567890"; an amount as decimal("12345678901234567890").',
      },
    ],
  })
})

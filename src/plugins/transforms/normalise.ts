/** The `normalise` transform. */
import { z } from 'zod'
import { BLANKS, trim } from '../../model/blanks.ts'
import { derive, type MutableRow, newRow } from '../../model/row.ts'
import { excludesNull, type RowSchema } from '../../model/schema.ts'
import { defineTransform } from '../../sdk/define.ts'
import { oneRow, rowError } from '../../sdk/results.ts'
import { byField } from './options.ts'

const stepOptions = z.strictObject({
  unicode: z
    .enum(['NFC', 'NFD', 'NFKC', 'NFKD'])
    .default('NFC')
    .describe('The Unicode normalisation form; NFKC and NFKD also replace ligatures, full-width letters and the like'),
  case: z.enum(['lower', 'upper']).optional().describe('Letters as lower or upper case, whatever the language'),
  diacritics: z
    .literal('drop')
    .optional()
    .describe('Leaves out accents and other marks that are combined with letters'),
  punctuation: z.enum(['drop', 'blank']).optional().describe('Leaves punctuation out, or puts a blank in its place'),
  blanks: z
    .enum(['trim', 'collapse', 'drop'])
    .optional()
    .describe('Blanks at both ends are left out; all runs of blanks become one space, too; or all blanks are left out'),
})
type Steps = z.output<typeof stepOptions>

/** The blocks of marks for letters of Latin, Greek and Cyrillic; vowel signs of other scripts are no accents. */
const DIACRITICS = /[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\ufe20-\ufe2f]+/g
const PUNCTUATION = /\p{P}/gu
const withoutBlanks = (text: string, blanks: NonNullable<Steps['blanks']>): string =>
  blanks === 'drop' ? text.replace(BLANKS, '') : trim(blanks === 'trim' ? text : text.replace(BLANKS, ' '))

/** A text to which nothing more happens if it is done again. */
function normalised(text: string, { unicode, ...steps }: Steps): string {
  let next = text.normalize(unicode)
  if (steps.case !== undefined)
    next = (steps.case === 'lower' ? next.toLowerCase() : next.toUpperCase()).normalize(unicode)
  if (steps.diacritics !== undefined) next = next.normalize('NFD').replace(DIACRITICS, '').normalize(unicode)
  if (steps.punctuation !== undefined) next = next.replace(PUNCTUATION, steps.punctuation === 'drop' ? '' : ' ')
  if (steps.blanks !== undefined) next = withoutBlanks(next, steps.blanks)
  return next.normalize(unicode)
}

/** What is said of a text's value or length no longer holds. */
function normalisedSchema(fields: readonly string[], input: RowSchema): RowSchema {
  const known = new Map(input.fields)
  for (const name of fields) {
    const field = known.get(name)
    if (field === undefined) continue
    const optional = field.optional || !excludesNull(field.schema)
    known.set(name, { schema: { type: optional ? ['string', 'null'] : 'string' }, optional })
  }
  return { ...input, fields: known }
}

export const normalise = defineTransform({
  name: 'normalise',
  summary: 'Brings texts into one form: Unicode, case, accents, punctuation, blanks',
  description: [
    'Two texts that look alike become the same text, so that they can be compared, counted and looked up. The steps are done in',
    'this order: Unicode form, case, diacritics, punctuation, blanks. Without any step a text gets the form NFC. To keep the',
    'text as it was, copy it to another field before, with `compute`.',
    '',
    'Diacritics are the combining marks U+0300–U+036F, U+1AB0–U+1AFF, U+1DC0–U+1DFF and U+FE20–U+FE2F: é becomes e; ø and ł, which are',
    'letters of their own in Unicode, stay. Punctuation is what Unicode classes as such (`\\p{P}`); `$`, `+` and other symbols',
    'stay. Blanks are all that Unicode has as white space, line breaks included. Null and missing fields stay as they are;',
    'anything else that isn’t a text is an error.',
  ].join('\n'),
  options: z.strictObject({
    fields: byField(stepOptions).describe('`{field: steps}`'),
  }),
  determinism: 'deterministic',
  errors: { NOT_TEXT: 'A field to be normalised isn’t a text.' },
  examples: [
    {
      title: 'Names to compare by',
      options: { fields: { name: { case: 'lower', diacritics: 'drop', punctuation: 'blank', blanks: 'collapse' } } },
      rows_in: [{ name: '  Müller-Lüdenscheidt,\tÉva ' }, { name: null }, { id: 1 }, { name: 5 }],
      rows_out: [{ name: 'muller ludenscheidt eva' }, { name: null }, { id: 1 }],
      errors: ['NOT_TEXT'],
    },
    {
      title: 'Codes that were typed in different ways',
      options: { fields: { iban: { unicode: 'NFKC', case: 'upper', blanks: 'drop' }, note: {} } },
      rows_in: [{ iban: 'de02 1203 ００００', note: 'Cafe\u0301' }],
      rows_out: [{ iban: 'DE0212030000', note: 'Caf\u00e9' }],
    },
  ],
  requires: ({ fields }) => Object.keys(fields).map(field => ({ field, types: ['string'], path: ['fields', field] })),
  guarantees: ({ fields }, input) => normalisedSchema(Object.keys(fields), input),
  cardinality: 'one',
  create: ({ fields }) => {
    const all = Object.entries(fields)
    return {
      process(row) {
        let changes: MutableRow | null = null
        for (const [field, steps] of all) {
          const text = row[field]
          if (text === null || text === undefined) continue
          if (typeof text !== 'string') return rowError('NOT_TEXT', `${field} is not a text`, { field })
          const next = normalised(text, steps)
          if (next === text) continue
          changes ??= newRow()
          changes[field] = next
        }
        return oneRow(changes === null ? row : derive(row, changes))
      },
    }
  },
})

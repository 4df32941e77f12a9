/** The `truncate` transform. */
import { z } from 'zod'
import { derive, type MutableRow, newRow } from '../../model/row.ts'
import { excludesNull, type RowSchema } from '../../model/schema.ts'
import { defineTransform } from '../../sdk/define.ts'
import { oneRow, rowError } from '../../sdk/results.ts'
import { byField } from './options.ts'

/** UTF-16 length of the first `count` code points; null if there are no more than that. */
function lengthOf(text: string, count: number): number | null {
  if (text.length <= count) return null
  let offset = 0
  for (let i = 0; i < count && offset < text.length; i++)
    offset += (text.codePointAt(offset) as number) > 0xffff ? 2 : 1
  return offset < text.length ? offset : null
}

/** What is said of a text's value or its end, as `enum` or `pattern`, no longer holds where it may have been cut. */
function cutSchema(lengths: { readonly [field: string]: number }, input: RowSchema): RowSchema {
  const fields = new Map(input.fields)
  for (const [name, field] of input.fields) {
    const length = Object.hasOwn(lengths, name) ? lengths[name] : undefined
    if (length === undefined) continue
    const optional = field.optional || !excludesNull(field.schema)
    fields.set(name, { schema: { type: optional ? ['string', 'null'] : 'string', maxLength: length }, optional })
  }
  return { ...input, fields }
}

const countOf = (text: string) => [...text].length

export const truncate = defineTransform({
  name: 'truncate',
  summary: 'Cuts texts to a length',
  description: [
    'Lengths count Unicode code points, so no character is split in half. A text that is cut ends with `suffix`, which',
    'counts in the length. Null and missing fields stay as they are; anything else that isn’t a text is an error.',
  ].join('\n'),
  options: z.strictObject({
    fields: byField(z.int().min(0)).describe('`{field: length}`, in code points'),
    suffix: z.string().default('').describe('Put at the end of texts that were cut, within the length'),
  }),
  determinism: 'deterministic',
  errors: { NOT_TEXT: 'A field to be cut isn’t a text.' },
  examples: [
    {
      title: 'Ten characters at most',
      options: { fields: { note: 10 }, suffix: '…' },
      rows_in: [{ note: 'call after five' }, { note: 'call later' }, { note: null }, {}, { note: 5 }],
      rows_out: [{ note: 'call afte…' }, { note: 'call later' }, { note: null }, {}],
      errors: ['NOT_TEXT'],
    },
    {
      title: 'Characters beyond the Basic Multilingual Plane count one',
      options: { fields: { text: 2 } },
      rows_in: [{ text: '😀😀😀' }, { text: '😀😀' }],
      rows_out: [{ text: '😀😀' }, { text: '😀😀' }],
    },
  ],
  check: ({ fields, suffix }) =>
    Object.entries(fields)
      .filter(([, length]) => countOf(suffix) > length)
      .map(([field, length]) => ({
        path: ['fields', field],
        message: `the suffix is longer than ${length} characters`,
        hint: 'Allow more characters, or use a shorter suffix.',
      })),
  requires: ({ fields }) => Object.keys(fields).map(field => ({ field, types: ['string'], path: ['fields', field] })),
  guarantees: ({ fields }, input) => cutSchema(fields, input),
  cardinality: 'one',
  create: ({ fields, suffix }) => {
    const cuts = Object.entries(fields).map(([field, length]) => ({ field, length, kept: length - countOf(suffix) }))
    return {
      process(row) {
        let changes: MutableRow | null = null
        for (const { field, length, kept } of cuts) {
          const text = row[field]
          if (text === null || text === undefined) continue
          if (typeof text !== 'string') return rowError('NOT_TEXT', `${field} is not a text`, { field })
          if (lengthOf(text, length) === null) continue
          changes ??= newRow()
          changes[field] = text.slice(0, lengthOf(text, kept) ?? text.length) + suffix
        }
        return oneRow(changes === null ? row : derive(row, changes))
      },
    }
  },
})

/** The `keyword_filter` transform. */
import { z } from 'zod'
import { CustodyError } from '../../model/error.ts'
import type { Json } from '../../model/row.ts'
import { defineTransform } from '../../sdk/define.ts'
import { compilePattern, isPattern, type Pattern } from '../../sdk/expression.ts'
import { oneRow, rowError } from '../../sdk/results.ts'
import { fieldList } from './options.ts'

const keywordOptions = z.strictObject({
  fields: fieldList.describe('The fields to search'),
  patterns: z.array(z.string().min(1)).min(1).describe('Patterns in RE2 syntax; `(?i)` in front ignores case'),
})

/** Whether the pattern matches the value's text, or any text within a list or an object. */
function found(pattern: Pattern, value: Json | undefined): boolean {
  if (typeof value === 'string') return pattern.test(value)
  if (value === null || value === undefined) return false
  if (typeof value !== 'object') return pattern.test(String(value))
  return Object.values(value).some(each => found(pattern, each as Json))
}

export const keywordFilter = defineTransform({
  name: 'keyword_filter',
  summary: 'Stops rows in which a pattern is found',
  description: [
    'A row in which any pattern matches any part of a field meets the error KEYWORD_FOUND, for `on_error`; all others continue',
    'unchanged. Numbers, true and false are searched as they are written; of lists and objects all values are searched,',
    'to any depth, but not the names of fields. Null and missing fields match nothing.',
    '',
    'Patterns have RE2 syntax: no look-around and no back-references, and time that is linear in the text.',
  ].join('\n'),
  options: keywordOptions,
  determinism: 'deterministic',
  errors: { KEYWORD_FOUND: 'A pattern was found in a field.' },
  examples: [
    {
      title: 'Keep passwords out',
      options: { fields: ['note'], patterns: ['(?i)password', '\\bpin\\b'] },
      rows_in: [{ note: 'call after five' }, { note: 'my PassWord is x' }, { note: 'spinning' }, { note: null }, {}],
      rows_out: [{ note: 'call after five' }, { note: 'spinning' }, { note: null }, {}],
      errors: ['KEYWORD_FOUND'],
    },
    {
      title: 'Values that are not texts',
      options: { fields: ['tags', 'code'], patterns: ['^42$'] },
      rows_in: [{ tags: ['a', { b: '42' }] }, { code: 42 }, { code: 420, tags: [] }],
      rows_out: [{ code: 420, tags: [] }],
      errors: ['KEYWORD_FOUND', 'KEYWORD_FOUND'],
    },
  ],
  requires: ({ fields }) => fields.map((field, i) => ({ field, path: ['fields', i] })),
  patterns: ({ patterns }) => patterns.map((source, i) => ({ path: ['patterns', i], source })),
  guarantees: (_options, input) => input,
  cardinality: 'one',
  create: ({ fields, patterns }, { node }) => {
    const compiled = patterns.map(source => {
      const pattern = compilePattern(source)
      if (isPattern(pattern)) return { source, pattern }
      const message = `The pattern ${JSON.stringify(source)}: ${pattern.problem}.`
      throw new CustodyError('CUSTODY_PATTERN', message, { where: { node } })
    })
    return {
      process(row) {
        for (const field of fields) {
          const value = row[field]
          if (value === null || value === undefined) continue
          for (const { source, pattern } of compiled) {
            if (!found(pattern, value)) continue
            return rowError('KEYWORD_FOUND', `${field} matches ${source}`, {
              field,
              details: { field, pattern: source },
            })
          }
        }
        return oneRow(row)
      },
    }
  },
})

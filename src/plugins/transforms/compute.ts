/** The `compute` transform. */
import { z } from 'zod'
import { type Json, newRow } from '../../model/row.ts'
import { defineTransform } from '../../sdk/define.ts'
import { EXPRESSION_ERRORS, fieldOf } from '../../sdk/expression.ts'
import { oneRow, rowError } from '../../sdk/results.ts'
import { expressionFor } from './expressions.ts'
import { byField, withFields } from './options.ts'

const computeOptions = z.strictObject({
  set: byField(z.string().min(1)).describe('`{field: expression}`; each expression sees the incoming row'),
})

export const compute = defineTransform({
  name: 'compute',
  summary: 'Sets fields to the results of CEL expressions',
  description: [
    'Each expression sees the row as it came in, so the order doesn’t matter and two fields can be swapped. A field that is',
    'there already keeps its place; new ones come last. If one expression fails, the row meets that error and none is set.',
  ].join('\n'),
  options: computeOptions,
  determinism: 'deterministic',
  errors: EXPRESSION_ERRORS,
  examples: [
    {
      title: 'A total and a size',
      options: { set: { total: 'row.price * row.count', size: 'row.count > 10 ? "large" : "small"' } },
      rows_in: [{ price: 2.5, count: 4 }],
      rows_out: [{ price: 2.5, count: 4, total: 10, size: 'small' }],
    },
    {
      title: 'A default, and an error for the row that has no price',
      options: { set: { note: 'row.?note.orValue("none")', twice: 'row.price * 2' } },
      rows_in: [{ price: 2 }, { price: null }, {}],
      rows_out: [{ price: 2, note: 'none', twice: 4 }],
      errors: ['VALUE_NULL', 'FIELD_MISSING'],
    },
  ],
  expressions: ({ set }) =>
    Object.entries(set).map(([field, source]) => ({ path: ['set', field], source, gives: 'any' })),
  guarantees: ({ set }, input, types) => {
    const fields = new Map(input.fields)
    for (const field of Object.keys(set)) fields.set(field, types.get(`set.${field}`) ?? { schema: {}, optional: true })
    return withFields(input, fields)
  },
  cardinality: 'one',
  create: ({ set }, context) => {
    const steps = Object.entries(set).map(([field, source]) => ({
      field,
      expression: expressionFor(source, `set.${field}`, context),
    }))
    return {
      process(row) {
        const next = newRow()
        for (const field in row) next[field] = row[field] as Json
        for (const { field, expression } of steps) {
          const result = expression.evaluate(row, context.run_started_us?.())
          if (!result.ok) return rowError(result.code, `${field}: ${result.message}`, fieldOf(result))
          next[field] = result.value as Json
        }
        return oneRow(next)
      },
    }
  },
})

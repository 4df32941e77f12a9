/** The `filter` transform. */
import { z } from 'zod'
import { defineTransform } from '../../sdk/define.ts'
import { EXPRESSION_ERRORS, fieldOf } from '../../sdk/expression.ts'
import { FILTERED, oneRow, rowError } from '../../sdk/results.ts'
import { expressionFor } from './expressions.ts'

export const filter = defineTransform({
  name: 'filter',
  summary: 'Keeps the rows for which a CEL expression is true',
  description: 'A row that isn’t kept ends here as DISCARDED / filter. To send it elsewhere use a gate.',
  options: z.strictObject({
    keep: z.string().min(1).describe('A CEL expression that gives true or false'),
  }),
  determinism: 'deterministic',
  errors: { ...EXPRESSION_ERRORS, NOT_BOOLEAN: 'The expression gives neither true nor false.' },
  examples: [
    {
      title: 'Large amounts only',
      options: { keep: 'row.amount >= 5000' },
      rows_in: [{ amount: 7000 }, { amount: 20 }, { amount: null }],
      rows_out: [{ amount: 7000 }],
      errors: ['VALUE_NULL'],
    },
    { title: 'Rows with a note', options: { keep: 'has(row.note)' }, rows_in: [{ note: null }, {}], rows_out: [] },
  ],
  expressions: ({ keep }) => [{ path: ['keep'], source: keep, gives: 'bool' }],
  guarantees: (_options, input) => input,
  cardinality: 'one',
  filters: true,
  create: ({ keep }, context) => {
    const expression = expressionFor(keep, 'keep', context)
    return {
      process(row) {
        const result = expression.evaluate(row, context.run_started_us?.())
        if (!result.ok) return rowError(result.code, result.message, fieldOf(result))
        if (typeof result.value === 'boolean') return result.value ? oneRow(row) : FILTERED
        return rowError('NOT_BOOLEAN', `${keep} gives ${JSON.stringify(result.value)}, neither true nor false`)
      },
    }
  },
})

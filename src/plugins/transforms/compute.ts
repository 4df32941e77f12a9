/** The `compute` transform. */
import { z } from 'zod'
import { type Json, newRow } from '../../model/row.ts'
import { OBSERVED } from '../../model/schema.ts'
import { defineTransform } from '../../sdk/define.ts'
import { compileExpression, EXPRESSION_ERRORS, fieldOf } from '../../sdk/expression.ts'
import { oneRow, rowError } from '../../sdk/results.ts'
import type { OptionProblem, SecretOption } from '../../sdk/spec.ts'
import { expressionFor } from './expressions.ts'
import { byField, fieldName, withFields } from './options.ts'

const computeOptions = z.strictObject({
  set: byField(z.string().min(1)).describe('`{field: expression}`; each expression sees the incoming row'),
  secrets: z
    .record(fieldName, z.string())
    .default({})
    .describe('`{name: {secret: NAME}}`: what expressions may use as `secrets.name`, in functions that take a secret'),
})
type ComputeOptions = z.output<typeof computeOptions>

/**
 * What isn't a secret would stand in the evidence, and what has no plain name no expression could use. One that none uses is a warning:
 * a run needs its value all the same.
 */
function checkSecrets(options: ComputeOptions, found: readonly SecretOption[]): readonly OptionProblem[] {
  const hidden = new Set(found.map(({ path }) => path.join('.')))
  const used = secretsUsed(options)
  return Object.keys(options.secrets).flatMap((name): OptionProblem[] => {
    const path = ['secrets', name]
    if (!hidden.has(path.join('.')))
      return [
        {
          path,
          message: 'the value of a secret stands in the environment',
          hint: `Write ${name}: { secret: NAME_OF_THE_VARIABLE }.`,
        },
      ]
    if (!PLAIN_NAME.test(name))
      return [{ path, message: `no expression can use secrets.${name}`, hint: 'Name it with letters, digits and _.' }]
    if (used === null || used.has(name)) return []
    const hint = 'Use it in one, or remove it: a run won’t start without its value.'
    return [{ path, message: `no expression uses secrets.${name}`, hint, severity: 'warning' }]
  })
}

/** Null if an expression isn't one, which is reported where expressions are checked. */
function secretsUsed({ set, secrets }: ComputeOptions): ReadonlySet<string> | null {
  const values = new Map(Object.entries(secrets))
  const used = new Set<string>()
  for (const source of Object.values(set)) {
    const compiled = compileExpression(source, { over: 'row', schema: OBSERVED, in_run: true, secrets: values })
    if (!compiled.ok) return null
    for (const name of compiled.expression.secrets) used.add(name)
  }
  return used
}

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

export const compute = defineTransform({
  name: 'compute',
  summary: 'Sets fields to the results of CEL expressions',
  description: [
    'Each expression sees the row as it came in, so the order doesn’t matter and two fields can be swapped. A field that is',
    'there already keeps its place; new ones come last. If one expression fails, the row meets that error and none is set.',
    '',
    'With `secrets` an expression may use a secret, as in `hash.hmacSha256(row.email, secrets.key)`: a pseudonym. Its value is read from',
    'the environment when the run starts, and never stored.',
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
  check: checkSecrets,
  expressions: ({ set, secrets }) =>
    Object.entries(set).map(([field, source]) => ({
      ...{ path: ['set', field], source, gives: 'any' as const },
      secrets: Object.keys(secrets),
    })),
  guarantees: ({ set }, input, types) => {
    const fields = new Map(input.fields)
    for (const field of Object.keys(set)) fields.set(field, types.get(`set.${field}`) ?? { schema: {}, optional: true })
    return withFields(input, fields)
  },
  cardinality: 'one',
  create: ({ set, secrets }, context) => {
    const values = new Map(Object.entries(secrets))
    const steps = Object.entries(set).map(([field, source]) => ({
      field,
      expression: expressionFor(source, `set.${field}`, context, values),
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

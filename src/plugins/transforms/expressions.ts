/** Expressions among the options of a plugin. The plan has checked them before; a plugin used on its own relies on this. */
import { CustodyError } from '../../model/error.ts'
import { compileExpression, type Expression, type SecretValues } from '../../sdk/expression.ts'
import type { PluginContext } from '../../sdk/spec.ts'

/** @throws CustodyError CUSTODY_PLUGIN_OPTIONS if it doesn't compile over the rows that enter. */
export function expressionFor(
  source: string,
  option: string,
  { node, input }: PluginContext,
  secrets?: SecretValues,
): Expression {
  const scope = { over: 'row', schema: input, in_run: true } as const
  const compiled = compileExpression(source, secrets === undefined ? scope : { ...scope, secrets })
  if (compiled.ok) return compiled.expression
  const [problem] = compiled.problems
  throw new CustodyError('CUSTODY_PLUGIN_OPTIONS', `${option} of ${node}: ${problem?.message ?? 'it isn’t valid'}.`, {
    where: { node },
    hint: problem?.hint,
  })
}

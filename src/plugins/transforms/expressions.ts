/** Expressions among the options of a plugin. The plan has checked them before; a plugin used on its own relies on this. */
import { CustodyError } from '../../model/error.ts'
import { compileExpression, type Expression } from '../../sdk/expression.ts'
import type { PluginContext } from '../../sdk/spec.ts'

/** @throws CustodyError CUSTODY_PLUGIN_OPTIONS if it doesn't compile over the rows that enter. */
export function expressionFor(source: string, option: string, { node, input }: PluginContext): Expression {
  const compiled = compileExpression(source, { over: 'row', schema: input, in_run: true })
  if (compiled.ok) return compiled.expression
  const [problem] = compiled.problems
  throw new CustodyError('CUSTODY_PLUGIN_OPTIONS', `${option} of ${node}: ${problem?.message ?? 'it isn’t valid'}.`, {
    where: { node },
    hint: problem?.hint,
  })
}

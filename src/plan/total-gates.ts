/**
 * Whether a gate can do without `on_error`: if its expression has a value for every row that can come. Problem:
 * CUSTODY_ERROR_ROUTE_MISSING, at the first operation that can fail.
 */
import { type ExpressionRisk, expressionRisks } from '../expression/expression.ts'
import type { RowSchema } from '../model/schema.ts'
import type { DraftNode } from './draft.ts'
import type { GateDecision } from './gates.ts'
import type { Report } from './report.ts'

/** How many are reported. */
const SHOWN = 3

/**
 * `input`: what is known of its rows. `doubt`: a node upstream that may have made something else of them, so that nothing can be
 * relied on.
 */
export function checkCannotFail(
  node: DraftNode,
  decision: GateDecision,
  input: RowSchema,
  doubt: DraftNode | null,
  report: Report,
): void {
  if (decision === null || decision.kind === 'plugin') return
  const schema = doubt === null ? input : null
  const risks = risksOf(node, decision, schema)
  const [first] = risks
  if (first === undefined) return
  const shown = risks.slice(0, SHOWN).map(({ message }) => message)
  const more = risks.length > SHOWN ? [`and ${risks.length - SHOWN} more`] : []
  const why = doubt === null ? [] : [`what \`${doubt.name}\` makes of rows isn’t known for certain`]
  const hint = [...why, ...shown, ...more, 'add on_error: a sink, a node or discard, here or in defaults'].join('; ')
  const message = `the file doesn’t say where rows of \`${node.name}\` go after an error`
  const { offset, length } = first
  report.routeMissing('on_error', node.path, { path: first.path, message, hint, within: { offset, length } })
}

interface PlacedRisk extends ExpressionRisk {
  readonly path: DraftNode['path']
}

function risksOf(
  { path }: DraftNode,
  decision: Exclude<GateDecision, null | { readonly kind: 'plugin' }>,
  schema: RowSchema | null,
): readonly PlacedRisk[] {
  if (decision.kind !== 'cases') {
    const wanted = decision.kind === 'boolean' ? 'bool' : 'string'
    const [risks = []] = expressionRisks([decision.expression], schema, wanted)
    return risks.map(risk => ({ ...risk, path: [...path, 'gate'] }))
  }
  const expressions = decision.cases.flatMap(({ when }) => (when === null ? [] : [when]))
  return expressionRisks(expressions, schema, 'bool').flatMap((risks, index) =>
    risks.map(risk => ({ ...risk, path: [...path, 'cases', index, 'when'] })),
  )
}

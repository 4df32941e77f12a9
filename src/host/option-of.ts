/** An option of a node as it was written, whatever its plugin does with it. */
import type { Plan } from '../plan/plan.ts'

/** An option as the plan's record has it. */
export function optionOf(plan: Plan, node: string, option: string): unknown {
  const options = plan.value.options[node]
  return typeof options === 'object' && options !== null && Object.hasOwn(options, option)
    ? (options as { readonly [option: string]: unknown })[option]
    : undefined
}

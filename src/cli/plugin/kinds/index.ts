/** The plugins that `custody plugin init` begins with, by kind. */
import type { PluginKind } from '../../../sdk/spec.ts'
import { AGGREGATE } from './aggregate.ts'
import { GATE } from './gate.ts'
import type { PluginTemplate } from './kind.ts'
import { SINK } from './sink.ts'
import { SOURCE } from './source.ts'
import { TRANSFORM } from './transform.ts'

export const TEMPLATES: { readonly [Kind in PluginKind]: PluginTemplate } = {
  source: SOURCE,
  transform: TRANSFORM,
  gate: GATE,
  aggregate: AGGREGATE,
  sink: SINK,
}

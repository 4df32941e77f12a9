/** The JSON Schema of pipeline files, with the options of all built-in plugins, and that of test files. */
import { pipelineSchema } from '../config/schema.ts'
import { builtins } from '../plugins/index.ts'
import { optionsSchema } from './render/plugin.ts'

export { testsSchema } from '../config/schema.ts'

export function schemaOfPipelines(): object {
  const plugins = builtins.map(spec => {
    // Each stands inside the whole, which names the dialect once.
    const { $schema: _, ...options } = optionsSchema(spec) as { readonly [keyword: string]: unknown }
    return { kind: spec.kind, name: spec.name, summary: spec.summary, options }
  })
  return pipelineSchema(plugins)
}

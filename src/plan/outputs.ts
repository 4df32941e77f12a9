/** What an aggregate gives where the file doesn't say: `transform`, or else the only thing that its plugin can give. */
import type { NodeConfig, PipelineConfig, PipelineFile } from '../config/pipeline.ts'
import type { Catalogue } from '../sdk/catalogue.ts'

export function withDefaultOutputs(pipeline: PipelineFile, catalogue: Catalogue): PipelineConfig {
  const nodes = pipeline.config.nodes.map((node): NodeConfig => {
    if (node.kind !== 'aggregate' || pipeline.has(['nodes', node.name, 'output'])) return node
    const spec = catalogue.get('aggregate', node.plugin)
    const [only, ...others] = spec?.kind === 'aggregate' ? spec.outputs : []
    return only === undefined || others.length > 0 ? node : { ...node, output: only }
  })
  return { ...pipeline.config, nodes }
}

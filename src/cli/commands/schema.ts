/** `custody schema`: the JSON Schema of pipeline files, for editors. */
import { Command } from 'commander'
import { pipelineSchema } from '../../config/schema.ts'
import { builtins } from '../../plugins/index.ts'
import type { Context } from '../context.ts'
import { optionsSchema } from '../render/plugin.ts'

export function schemaCommand(context: Context, done: (exit: number) => void): Command {
  return new Command('schema')
    .summary('print the JSON Schema of pipeline files')
    .description(
      'Prints the JSON Schema of pipeline files. Save it, and begin a pipeline file with:\n  # yaml-language-server: $schema=./custody.schema.json',
    )
    .option('--json', 'the same: the answer is JSON anyway')
    .action(() => {
      const plugins = builtins.map(spec => {
        // Each stands inside the whole, which names the dialect once.
        const { $schema: _, ...options } = optionsSchema(spec) as { readonly [keyword: string]: unknown }
        return { kind: spec.kind, name: spec.name, summary: spec.summary, options }
      })
      context.terminal.answer(JSON.stringify(pipelineSchema(plugins), null, 2))
      done(0)
    })
}

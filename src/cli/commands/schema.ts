/** `custody schema`: the JSON Schema of pipeline files, for editors. */
import { Command } from 'commander'
import type { Context } from '../context.ts'

export function schemaCommand(context: Context, done: (exit: number) => void): Command {
  return new Command('schema')
    .summary('print the JSON Schema of pipeline files')
    .description(
      'Prints the JSON Schema of pipeline files. Save it, and begin a pipeline file with:\n  # yaml-language-server: $schema=./custody.schema.json',
    )
    .option('--json', 'the same: the answer is JSON anyway')
    .action(async () => {
      const { schemaOfPipelines } = await import('../pipeline-schema.ts')
      context.terminal.answer(JSON.stringify(schemaOfPipelines(), null, 2))
      done(0)
    })
}

/** `custody schema`: the JSON Schema of pipeline files, for editors. */
import { Command } from 'commander'
import { pipelineSchema } from '../../config/schema.ts'
import type { Context } from '../context.ts'

export function schemaCommand(context: Context, done: (exit: number) => void): Command {
  return new Command('schema')
    .summary('print the JSON Schema of pipeline files')
    .description(
      'Prints the JSON Schema of pipeline files. Save it, and begin a pipeline file with:\n# yaml-language-server: $schema=./custody.schema.json',
    )
    .option('--json', 'the same: the answer is JSON anyway')
    .action(() => {
      context.terminal.answer(JSON.stringify(pipelineSchema(), null, 2))
      done(0)
    })
}

/** `custody schema`: the JSON Schema of pipeline files, or of test files, for editors. */
import { Command } from 'commander'
import type { Context } from '../context.ts'

export function schemaCommand(context: Context, done: (exit: number) => void): Command {
  return new Command('schema')
    .summary('print the JSON Schema of pipeline files')
    .description(
      'Prints the JSON Schema of pipeline files. Save it, and begin a pipeline file with:\n  # yaml-language-server: $schema=./custody.schema.json',
    )
    .option('--tests', 'print that of test files instead')
    .option('--json', 'the same: the answer is JSON anyway')
    .action(async ({ tests }: { readonly tests?: boolean }) => {
      const { schemaOfPipelines, testsSchema } = await import('../pipeline-schema.ts')
      context.terminal.answer(JSON.stringify(tests === true ? testsSchema() : schemaOfPipelines(), null, 2))
      done(0)
    })
}

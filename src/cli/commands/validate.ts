/** `custody validate FILE`: the command and its options; validate-pipeline.ts does the work. */
import { Command } from 'commander'
import { collect, oneOf } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { ValidateOptions } from '../validate-pipeline.ts'

export function validateCommand(context: Context, done: (exit: number) => void): Command {
  return new Command('validate')
    .summary('check a pipeline file, and draw its graph')
    .description('Reports all problems of a pipeline file at once, with the place of each, and draws its graph.')
    .argument('<file>', 'the pipeline file')
    .option('--graph <form>', 'text, mermaid or dot', oneOf(['text', 'mermaid', 'dot']))
    .option('--set <path=value>', 'replace a value of the pipeline file; repeatable', collect)
    .option('--json', 'print diagnostics and graph as JSON')
    .action(async (file: string, options: ValidateOptions) => {
      const { validatePipeline } = await import('../validate-pipeline.ts')
      done(await validatePipeline(context, file, options))
    })
}

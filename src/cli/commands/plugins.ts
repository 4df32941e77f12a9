/** `custody plugins [NAME] [--pipeline FILE]`: the command; plugin-pages.ts does the work. */
import { Command } from 'commander'
import type { Context } from '../context.ts'

export function pluginsCommand(context: Context, done: (exit: number) => void): Command {
  return new Command('plugins')
    .summary('list the plugins, or show all about one')
    .description('Lists the plugins by kind, or shows all about one: its options, its error codes, examples.')
    .argument('[name]', 'the name of a plugin')
    .option('--pipeline <file>', 'also those that this pipeline file names under `plugins`')
    .option('--json', 'print an array of plugins as JSON, with the JSON Schema of their options')
    .action(async (name: string | undefined, { pipeline, json }: { pipeline?: string; json?: boolean }) => {
      const { printPlugins } = await import('../plugin-pages.ts')
      await printPlugins(context, name, pipeline, json === true)
      done(0)
    })
}

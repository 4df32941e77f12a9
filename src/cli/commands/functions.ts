/** `custody functions [NAME]`: the command; function-pages.ts does the work. */
import { Command } from 'commander'
import type { Context } from '../context.ts'

export function functionsCommand(context: Context, done: (exit: number) => void): Command {
  return new Command('functions')
    .summary('list the functions of expressions, or show all about one')
    .description('Lists the functions of expressions by subject, or shows all about one: how it is called, examples.')
    .argument('[name]', 'the name of a function, such as trim or math.abs')
    .option('--json', 'print an array of functions as JSON')
    .action(async (name: string | undefined, { json }: { json?: boolean }) => {
      const { printFunctions } = await import('../function-pages.ts')
      printFunctions(context, name, json === true)
      done(0)
    })
}

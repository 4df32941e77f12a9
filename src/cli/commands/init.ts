/** `custody init [dir]`: the command; write-example.ts does the work. */
import { Command } from 'commander'
import type { Context } from '../context.ts'

export function initCommand(context: Context, done: (exit: number) => void): Command {
  return new Command('init')
    .summary('write a runnable example, with data')
    .description(
      'Writes a small example: a pipeline file with comments, its data, and a README. Files that are there already are kept as they are.',
    )
    .argument('[dir]', 'folder to write it to; it is made if it is missing', '.')
    .option('--json', 'print what was written as JSON')
    .action(async (dir: string, { json }: { json?: boolean }) => {
      const { writeExample } = await import('../write-example.ts')
      writeExample(context, dir, json === true)
      done(0)
    })
}

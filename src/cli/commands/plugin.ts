/** `custody plugin init|test`: the commands and their options; plugin/ does the work. */
import { Command, Option } from 'commander'
import { PLUGIN_KINDS } from '../../sdk/spec-problems.ts'
import { integerFrom } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { InitOptions } from '../plugin/write-package.ts'

export function pluginCommand(context: Context, done: (exit: number) => void): Command {
  const init = new Command('init')
    .summary('begin a package with a plugin')
    .description(
      'Writes a small TypeScript package with one plugin, a test of it, and a pipeline that uses it, with test cases. Asks nothing, and writes over nothing.',
    )
    .argument('<name>', 'name of the package, such as custody-plugin-shout; the plugin gets its last words')
    .addOption(new Option('--kind <kind>', 'what the plugin is').choices(PLUGIN_KINDS).default('transform'))
    .option('--dir <dir>', 'folder to write it to (default: one of the package’s name)')
    .option('--json', 'print what was written as JSON')
    .action(async (name: string, options: InitOptions) => {
      const { writePackage } = await import('../plugin/write-package.ts')
      writePackage(context, name, options)
      done(0)
    })
  const test = new Command('test')
    .summary('check that plugins keep their promises')
    .description(
      'Runs the conformance kit on every plugin that a module exports, with the examples of its spec: no pipeline and no test runner is needed. Exits with 1 if a check fails.',
    )
    .argument('<module>', 'a file, the folder of a package, or the name of one that is installed')
    .option('--timeout <seconds>', 'the most that the checks of one plugin may take', integerFrom(1), 60)
    .option('--json', 'print the results as JSON')
    .action(async (module: string, options: { timeout: number; json?: boolean }) => {
      const { testPlugins } = await import('../plugin/test-plugins.ts')
      done(await testPlugins(context, module, options))
    })
  return new Command('plugin')
    .summary('begin and test plugins of your own')
    .description('Begins a package with a plugin of your own, or checks that plugins keep their promises.')
    .addCommand(init)
    .addCommand(test)
}

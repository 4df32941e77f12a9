/** The commands put together, and the help that a newcomer reads. */
import { Command } from 'commander'
import type { GivenLedgerKey } from '../host/key-place.ts'
import { browseCommand } from './commands/browse.ts'
import { chaosCommand } from './commands/chaos-llm.ts'
import { checkpointCommand } from './commands/checkpoint.ts'
import { diffCommand } from './commands/diff.ts'
import { doctorCommand } from './commands/doctor.ts'
import { eraseCommand, purgeCommand } from './commands/erase.ts'
import { explainCommand } from './commands/explain.ts'
import { exportCommand } from './commands/export.ts'
import { functionsCommand } from './commands/functions.ts'
import { inferCommand } from './commands/infer.ts'
import { initCommand } from './commands/init.ts'
import { keyCommand } from './commands/key.ts'
import { ledgerCommand } from './commands/ledger.ts'
import { mcpCommand } from './commands/mcp.ts'
import { pluginCommand } from './commands/plugin.ts'
import { pluginsCommand } from './commands/plugins.ts'
import { checkCommand, proveCommand } from './commands/prove.ts'
import { replayCommand } from './commands/replay.ts'
import { rerunCommand } from './commands/rerun.ts'
import { abandonCommand, resumeCommand } from './commands/resume.ts'
import { runCommand } from './commands/run.ts'
import { runsCommand } from './commands/runs.ts'
import { schemaCommand } from './commands/schema.ts'
import { serveCommand } from './commands/serve.ts'
import { showCommand } from './commands/show.ts'
import { testCommand } from './commands/test.ts'
import { validateCommand } from './commands/validate.ts'
import { verifierCommand } from './commands/verifier.ts'
import { verifyCommand } from './commands/verify.ts'
import { witnessCommand } from './commands/witness.ts'
import { workerCommand } from './commands/worker.ts'
import type { Context } from './context.ts'

/** Makes one command; `done` takes its exit code. */
export type CommandMaker = (context: Context, done: (exit: number) => void) => Command

const GROUPS: ReadonlyArray<readonly [title: string, makers: readonly CommandMaker[]]> = [
  [
    'Build and run:',
    [
      initCommand,
      inferCommand,
      validateCommand,
      testCommand,
      runCommand,
      resumeCommand,
      abandonCommand,
      rerunCommand,
      replayCommand,
      workerCommand,
    ],
  ],
  [
    'Ask what happened:',
    [runsCommand, showCommand, explainCommand, diffCommand, verifyCommand, browseCommand, serveCommand, mcpCommand],
  ],
  [
    'Hand on, or let go:',
    [proveCommand, checkCommand, verifierCommand, checkpointCommand, exportCommand, eraseCommand, purgeCommand],
  ],
  ['Extend and try out:', [pluginCommand, chaosCommand]],
  [
    'Look things up:',
    [pluginsCommand, functionsCommand, schemaCommand, keyCommand, witnessCommand, ledgerCommand, doctorCommand],
  ],
]

export function makeProgram(context: Context, done: (exit: number) => void): Command {
  const { terminal, command } = context
  const program = new Command('custody')
    .description('Data pipelines that can answer for every row.')
    .version(context.version, '--version', 'print the version')
    .usage('<command> [arguments]')
    .helpOption('-h, --help', 'print help')
    .configureOutput({
      writeOut: text => terminal.answer(text.replace(/\n$/, '')),
      writeErr: text => terminal.report(text.replace(/\n$/, '')),
      // Errors are reported by main, once, in its own form.
      outputError: () => undefined,
      getOutHelpWidth: () => Math.min(terminal.columns, 100),
    })
    .configureHelp({ styleTitle: text => terminal.paint('bold', text) })
    .addHelpText(
      'after',
      `\n${command} help <command> shows more about one of them. RUN is a run's id, a unique beginning of one, or latest (latest~1: the one before).`,
    )
    .exitOverride()
    .hook('preAction', (_, command) => unlock(context, command))
  for (const [title, makers] of GROUPS) {
    program.commandsGroup(title)
    for (const maker of makers) program.addCommand(configured(maker(context, done), program))
  }
  program.helpCommand(false).addCommand(helpCommand(program))
  return program
}

/** Commands that may come to encrypted values begin with the keys that there are. */
async function unlock(context: Context, command: Command): Promise<void> {
  if (!command.options.some(each => each.attributeName() === 'ledgerKey')) return
  const { fillKeychain } = await import('../host/key-place.ts')
  await fillKeychain(context, command.opts<GivenLedgerKey>())
}

/** Commands made by themselves don't inherit what the program settled, nor do those within them. */
function configured(command: Command, program: Command): Command {
  for (const each of command.commands) configured(each, program)
  return command.copyInheritedSettings(program).allowExcessArguments(false)
}

function helpCommand(program: Command): Command {
  return configured(new Command('help'), program)
    .description('help for a command')
    .argument('[command]')
    .action((name: string | undefined) => {
      const found = name === undefined ? program : program.commands.find(each => each.name() === name)
      // An unknown name is reported with the nearest one, as an unknown command is.
      if (found === undefined) program.parse([name ?? ''], { from: 'user' })
      else found.outputHelp()
    })
}

/** What `custody` alone says. */
export function firstHelp({ command, terminal }: Context): string {
  const { paint } = terminal
  return [
    `${paint('bold', 'custody')}: data pipelines that can answer for every row.`,
    '',
    'Try these three:',
    `  ${command} init demo                    writes a small example, with data`,
    `  ${command} run demo/pipeline.yaml       runs it; each row's story is recorded as evidence`,
    `  ${command} explain latest --row 17      shows why row 17 ended where it did`,
    '',
    `${command} --help lists all commands.`,
  ].join('\n')
}

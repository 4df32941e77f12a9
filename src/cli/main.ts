/**
 * The program: words in, exit code out. Whatever a command throws ends here, as text on standard error, or with `--json` as
 * one JSON value on standard output. Exit codes are those of docs/errors.md.
 */
import { setImmediate } from 'node:timers/promises'
import { CommanderError } from 'commander'
import { DiagnosticsError } from '../host/diagnostics-error.ts'
import { CustodyError } from '../model/error.ts'
import { ownVersion } from '../model/own-file.ts'
import { type Context, commandFor, type Host, processHost } from './context.ts'
import { nodeVersionProblem } from './node-version.ts'
import { firstHelp, makeProgram } from './program.ts'
import { diagnosticCounts, renderDiagnostics } from './render/diagnostics.ts'
import { asCustodyError, errorJson, exitCodeOf, renderError } from './render/error.ts'
import { sourceLines } from './source-lines.ts'
import { Terminal } from './terminal.ts'

/** Runs the command that `argv` (without interpreter and script) names. Never throws, never ends the process by itself. */
export async function main(argv: readonly string[], host: Host = processHost()): Promise<number> {
  const terminal = new Terminal(host.stdout, host.stderr, host.env)
  const context: Context = {
    host,
    terminal,
    cwd: host.cwd,
    env: host.env,
    command: commandFor(host),
    version: ownVersion(),
    log: null,
  }
  try {
    const old = nodeVersionProblem(process.versions.node)
    if (old !== null) throw old
    if (argv.length === 0) {
      terminal.answer(firstHelp(context))
      return 0
    }
    let exit = 0
    const program = makeProgram(context, code => {
      exit = code
    })
    await program.parseAsync([...argv], { from: 'user' })
    return exit === 0 ? await afterAnswer(terminal) : exit
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0
    return report(
      thrown instanceof CommanderError ? usageError(thrown, argv, context) : asCustodyError(thrown),
      argv,
      context,
    )
  }
}

/** An answer that couldn't be written counts as an error. @throws CustodyError CUSTODY_OUTPUT. */
async function afterAnswer(terminal: Terminal): Promise<0> {
  // Streams report an error later than the write returns.
  await setImmediate()
  const { lost } = terminal
  if (lost === null) return 0
  throw new CustodyError('CUSTODY_OUTPUT', `standard output can't be written: ${lost.message}`, { cause: lost })
}

function report(error: CustodyError, argv: readonly string[], { terminal, env, cwd }: Context): number {
  if (wantsJson(argv) && terminal.lost === null) terminal.answerJson(errorJson(error))
  else if (error instanceof DiagnosticsError) {
    const view = {
      paint: terminal.paint_stderr,
      columns: terminal.columns_stderr,
      sourceLine: sourceLines(error.texts),
    }
    terminal.report(renderDiagnostics(error.diagnostics, view))
    if (error.of_pipeline) terminal.report(`${diagnosticCounts(error.diagnostics)}. Nothing was run.`)
  } else terminal.report(renderError(error, terminal.paint_stderr, env.CUSTODY_DEBUG === '1', cwd))
  return exitCodeOf(error)
}

/** A mistake in the arguments, as commander reports it: its first line is the problem, `(Did you mean …?)` the hint. */
function usageError(error: CommanderError, [first]: readonly string[], { command }: Context): CustodyError {
  const text = error.message.replace(/^error: /, '')
  const guess = /\n?\((Did you mean .*\?)\)\s*$/s.exec(text)
  const message = (guess === null ? text : text.slice(0, guess.index)).trim().replace(/\.$/, '')
  // There is no help for an unknown command.
  const is_unknown = error.code === 'commander.unknownCommand' && (first === 'help' || message.endsWith(`'${first}'`))
  const topic = first !== undefined && !is_unknown && /^[a-z][a-z-]*$/.test(first) ? `help ${first}` : '--help'
  const hint = guess?.[1] === undefined ? `See \`${command} ${topic}\`.` : guess[1].replace(/^D/, 'd')
  return new CustodyError('CUSTODY_ARGUMENT', message, { hint })
}

function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json')
}

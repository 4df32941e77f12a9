/** `--log-format`: to whom a run is reported. */
import type { Command } from 'commander'
import { oneOf } from './arguments.ts'
import type { Context } from './context.ts'

/** With `--json` beside it. */
export interface LogOptions {
  readonly logFormat?: 'text' | 'json'
  readonly json?: boolean
}

export function withLogFormat(command: Command): Command {
  return command.option(
    '--log-format <format>',
    'how the run is reported on standard error: text for people, or json, an object a line',
    oneOf(['text', 'json']),
  )
}

/** The exit code of `work`, which reports as the options say. */
export async function reporting(
  context: Context,
  options: LogOptions,
  work: (context: Context) => Promise<number>,
): Promise<number> {
  if (options.logFormat !== 'json') return work(context)
  // Loaded when it is needed, as commands are.
  const { withRunLog } = await import('./run-log.ts')
  return withRunLog(context, options.json === true, work)
}

/** What every command gets: where it is run, how it was called, and where it may write. */
import { basename, delimiter, dirname, join, relative, resolve } from 'node:path'
import type { ServiceState } from '../engine/calls/service-state.ts'
import type { ProgressFacts } from './progress.ts'
import { quoted } from './render/shell.ts'
import type { Environment, OutputStream, Terminal } from './terminal.ts'

/** What is typed. */
export interface Input extends NodeJS.ReadableStream {
  readonly isTTY?: boolean | undefined
}

/** What the program takes from its process; tests give their own. */
export interface Host {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Environment
  /** Absolute. */
  readonly cwd: string
  /** The script that was started, as the process has it. */
  readonly script: string
  /** Calls back on signals that end a process and can be waited for; returns a function that stops listening. */
  onSignal(listener: () => void): () => void
  /** Ends the process at once. */
  exit(code: number): void
  /** Asks whoever sits at the terminal for a yes; absent where nobody does. */
  readonly ask?: (question: string) => Promise<boolean>
  /** Opened when it is first asked for; absent where a command has none. */
  readonly stdin?: Input
}

export interface Context {
  readonly host: Host
  readonly terminal: Terminal
  readonly cwd: string
  readonly env: Environment
  /** How to call this program from here, for commands that are printed: `custody`, `npx custody`, … */
  readonly command: string
  /** Version of this program. */
  readonly version: string
  /** Where a run is reported as JSON; null: it is reported to people. */
  readonly log: RunLog | null
}

/** What is reported of a run to programs. Each call is one line. */
export interface RunLog {
  started(facts: { readonly [key: string]: unknown }): void
  progress(facts: ProgressFacts): void
  service(state: ServiceState): void
  ended(facts: { readonly status: string; readonly [key: string]: unknown }): void
}

/** Ctrl-C; `kill`, and service managers; a terminal that is closed, or a connection that is lost; Ctrl-Break on Windows. */
const STOPPING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK']

export function processHost(): Host {
  // While a run is on, plugins find another one there.
  const exit = process.exit.bind(process)
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    // Looking at it opens it.
    get stdin() {
      return process.stdin
    },
    env: process.env,
    cwd: process.cwd(),
    script: process.argv[1] ?? 'custody',
    onSignal: listener => {
      for (const signal of STOPPING) process.on(signal, listener)
      return () => {
        for (const signal of STOPPING) process.off(signal, listener)
      }
    },
    exit: code => exit(code),
    ...(process.stdin.isTTY === true && process.stderr.isTTY === true ? { ask: askForYes } : {}),
  }
}

async function askForYes(question: string): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim())
  } finally {
    lines.close()
  }
}

/**
 * The words that start this program again in the same folder: `npx custody` under npm or from a project's
 * `node_modules/.bin`, `custody` if that is on the PATH, else `node` and the path of the script.
 */
export function commandFor({ env, script, cwd }: Pick<Host, 'env' | 'script' | 'cwd'>): string {
  if (env.npm_lifecycle_event !== undefined || env.npm_command !== undefined) return 'npx custody'
  const folder = dirname(resolve(cwd, script))
  if (basename(script) === 'custody') {
    if ((env.PATH ?? '').split(delimiter).some(each => each !== '' && resolve(cwd, each) === folder)) return 'custody'
    if (folder.endsWith(join('node_modules', '.bin'))) return 'npx custody'
    return quoted(script)
  }
  if (!script.endsWith('.js')) return 'custody'
  const absolute = resolve(cwd, script)
  const path = relative(cwd, absolute)
  return `node ${quoted(path.length < absolute.length ? path : absolute)}`
}

/** The command line from its sources, within this process: nothing is compiled or started for it. */
import { join } from 'node:path'
import { main } from '../../src/cli/main.ts'
import type { ProgramResult } from './built-cli.ts'

const ROOT = join(import.meta.dirname, '..', '..')

export interface InProcess {
  readonly cwd: string
  readonly env: { readonly [name: string]: string }
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  readonly onSignal?: (listener: () => unknown) => void
  /** Somebody sits at the terminal. */
  readonly ask?: (question: string) => Promise<boolean>
}

/** @returns its exit code. */
export function runMain(
  argv: readonly string[],
  { cwd, env, stdout, stderr, onSignal, ask }: InProcess,
): Promise<number> {
  return main(argv, {
    stdout: { write: stdout },
    stderr: { write: stderr },
    env,
    cwd,
    script: join(ROOT, 'bin', 'custody.js'),
    onSignal: listener => {
      onSignal?.(listener)
      return () => undefined
    },
    exit: code => {
      throw new Error(`the program ended itself with ${code}`)
    },
    ...(ask === undefined ? {} : { ask }),
  })
}

/** Runs in which `cwd` is the process's own folder, too: some paths are resolved against that. One at a time. */
export async function runInProcess(
  argv: readonly string[],
  cwd: string,
  env: { readonly [name: string]: string },
  ask?: InProcess['ask'],
): Promise<ProgramResult> {
  let stdout = ''
  let stderr = ''
  const before = process.cwd()
  process.chdir(cwd)
  const exit = await runMain(argv, {
    cwd,
    env,
    stdout: text => {
      stdout += text
    },
    stderr: text => {
      stderr += text
    },
    ...(ask === undefined ? {} : { ask }),
  }).finally(() => process.chdir(before))
  return { exit, stdout, stderr }
}

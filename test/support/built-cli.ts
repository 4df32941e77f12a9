/** Programs of the folder that the tests of the command line provide (`inject('bin')`), each in a process of its own. */
import { execFile } from 'node:child_process'
import { delimiter, join } from 'node:path'

export interface ProgramResult {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Rejects if the program can't be started or is killed. The environment is that of this process without what would change
 * the program's choices, with `environment` added and `bin` first on the PATH.
 */
export function runProgram(
  bin: string,
  program: 'custody' | 'node',
  argv: readonly string[],
  cwd: string,
  environment: { readonly [name: string]: string },
): Promise<ProgramResult> {
  const { CUSTODY_KEY: _key, CUSTODY_LEDGER: _ledger, NODE_COMPILE_CACHE: _cache, ...inherited } = process.env
  const env = { ...inherited, ...environment, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` }
  return new Promise((resolve, reject) => {
    const child = execFile(join(bin, program), argv, { cwd, env, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (error !== null && child.exitCode === null) reject(error)
      else resolve({ exit: child.exitCode ?? 0, stdout, stderr })
    })
  })
}

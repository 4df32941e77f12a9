/** The command line as users have it: `bin/custody.js` over what `npm run build` made, in a process of its own. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..', '..')

export interface CliResult {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

export interface CliPlace {
  readonly cwd: string
  /** Where the signing key is kept. */
  readonly home: string
}

export function builtCli(argv: readonly string[], { cwd, home }: CliPlace): Promise<CliResult> {
  if (!existsSync(join(ROOT, 'dist', 'cli', 'main.js'))) throw new Error('dist/ isn’t there: npm run build')
  return runNode([join(ROOT, 'bin', 'custody.js'), ...argv], cwd, { XDG_CONFIG_HOME: home })
}

/** Runs Node with these arguments; `environment` is added to that of this process. */
export function runNode(
  argv: readonly string[],
  cwd: string,
  environment: { readonly [name: string]: string },
): Promise<CliResult> {
  const { CUSTODY_KEY: _key, CUSTODY_LEDGER: _ledger, ...inherited } = process.env
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      argv,
      { cwd, env: { ...inherited, ...environment }, maxBuffer: 1 << 28 },
      (error, stdout, stderr) => {
        if (error !== null && child.exitCode === null) reject(error)
        else resolve({ exit: child.exitCode ?? 0, stdout, stderr })
      },
    )
  })
}

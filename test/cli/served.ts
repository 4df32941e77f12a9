/**
 * Commands of the program as it is shipped, one after another in one process: most of the time of a short command is that of starting.
 * `serve.ts` begins it, with the script that a
 * shell would find on its PATH.
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { main as Main } from '../../src/cli/main.ts'

export interface Command {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: { readonly [name: string]: string }
}

/** `end` stands behind what a command wrote to each of the streams. */
const [, , script = '', end = ''] = process.argv
const built = join(script, '..', '..')
const { main } = (await import(pathToFileURL(join(built, 'dist', 'cli', 'main.js')).href)) as { main: typeof Main }
globalThis.console = new console.Console(process.stderr)

process.on('message', async ({ argv, cwd, env }: Command) => {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  process.chdir(cwd)
  const stdout = { write: (text: string) => process.stdout.write(text) }
  const stderr = { write: (text: string) => process.stderr.write(text) }
  const onSignal = () => () => undefined
  const exit = await main(argv, { stdout, stderr, env: process.env, cwd, script, onSignal, exit: process.exit })
  stdout.write(end)
  stderr.write(end)
  process.send?.(exit)
})

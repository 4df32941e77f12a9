/**
 * Commands of the program as it is shipped, one after another in one process: most of the time of a short command is that of starting.
 * `serve.ts` begins it, with the script that a shell would find on its PATH.
 */
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { main as Main } from '../../src/cli/main.ts'

export interface Command {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: { readonly [name: string]: string }
}

export interface Answer {
  readonly exit: number
  /** All that was written, in order. */
  readonly said: readonly Said[]
}

export interface Said {
  readonly to: 'stdout' | 'stderr'
  readonly text: string
}

const [, , script = ''] = process.argv
const built = join(realpathSync(script), '..', '..')
const { main } = (await import(pathToFileURL(join(built, 'dist', 'cli', 'main.js')).href)) as { main: typeof Main }

let said: Said[] = []
const stdout = { write: (text: string) => void said.push({ to: 'stdout', text }) }
const stderr = { write: (text: string) => void said.push({ to: 'stderr', text }) }
// What plugins write by themselves.
for (const to of ['stdout', 'stderr'] as const)
  process[to]._write = (chunk, _encoding, done) => {
    said.push({ to, text: String(chunk) })
    done()
  }
globalThis.console = new console.Console(process.stderr)

process.on('message', async ({ argv, cwd, env }: Command) => {
  said = []
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  process.chdir(cwd)
  const onSignal = () => () => undefined
  const exit = await main(argv, { stdout, stderr, env: process.env, cwd, script, onSignal, exit: process.exit })
  process.send?.({ exit, said } satisfies Answer)
})

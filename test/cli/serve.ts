/** A process that runs commands of the program (served.ts), and shells whose `custody` asks it instead of being a process that starts. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { ProgramResult } from '../support/built-cli.ts'
import type { Answer, Command, Said } from './served.ts'

/**
 * What a shell finds as `custody`. It leaves its words and its environment in a folder, says so through descriptor 3, and does what
 * comes back. What reads its input, or goes on in the background, is a process of its own.
 */
const ASKING = `#!/bin/sh
case " $* " in
  *' - '* | *' /dev/stdin '* | *' chaos-llm '* | *' witness --listen '*) exec "$CUSTODY" "$@" 3>&- ;;
esac
at="$ASKED/$$"
mkdir "$at" && mkfifo "$at/come"
printf '%s\\0' "$PWD" "$@" > "$at/words"
env -0 > "$at/env"
echo "$at" >&3
read -r _ < "$at/come"
. "$at/answer"
`

export class Served {
  readonly #child: ChildProcess
  /** Rejects once the process has ended. */
  readonly #gone: Promise<never>
  readonly #folder = mkdtempSync(join(tmpdir(), 'custody-asked-'))
  readonly #bin: string
  #last: Promise<unknown> = Promise.resolve()

  /** `bin`: a folder with `custody` in it. */
  constructor(bin: string) {
    this.#bin = bin
    this.#child = fork(join(import.meta.dirname, 'served.ts'), [join(bin, 'custody')])
    this.#gone = once(this.#child, 'exit').then(([code]) => {
      throw new Error(`the process ended with ${code}`)
    })
    this.#gone.catch(() => undefined)
    mkdirSync(join(this.#folder, 'bin'))
    writeFileSync(join(this.#folder, 'bin', 'custody'), ASKING)
    chmodSync(join(this.#folder, 'bin', 'custody'), 0o755)
  }

  /** Runs it when those before have ended. */
  run(command: Command): Promise<Answer> {
    const answer = this.#last.then(() => {
      const message = once(this.#child, 'message')
      this.#child.send(command)
      return Promise.race([message, this.#gone])
    })
    this.#last = answer.catch(() => undefined)
    return answer.then(([value]) => value as Answer)
  }

  /** The same, each stream as a whole. */
  async tell(command: Command): Promise<ProgramResult> {
    const { exit, said } = await this.run(command)
    const saidTo = (stream: Said['to']) => said.map(({ to, text }) => (to === stream ? text : '')).join('')
    return { exit, stdout: saidTo('stdout'), stderr: saidTo('stderr') }
  }

  /** What a shell makes of `script`; `custody` in it is run as by `run`. */
  async shell(script: string, cwd: string, env: { readonly [name: string]: string }): Promise<ProgramResult> {
    const child = spawn('/bin/sh', ['-c', script], {
      cwd,
      env: {
        ...env,
        PATH: `${join(this.#folder, 'bin')}:${env.PATH}`,
        CUSTODY: join(this.#bin, 'custody'),
        ASKED: this.#folder,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    })
    const [, stdout, stderr, asked] = child.stdio as unknown as readonly [null, Readable, Readable, Readable]
    const ended = once(child, 'close')
    const said = Promise.all([textOf(stdout), textOf(stderr)])
    const failed = new Promise<never>((_, fail) => {
      createInterface({ input: asked }).on('line', at => void this.#answer(at).catch(fail))
    })
    const [exit] = await Promise.race([ended, failed])
    const [out, err] = await said
    return { exit: Number(exit ?? -1), stdout: out, stderr: err }
  }

  /** `at`: the folder of a shell's request. */
  async #answer(at: string): Promise<void> {
    const listed = (name: string) => readFileSync(join(at, name), 'utf8').split('\0').slice(0, -1)
    const [cwd = '', ...argv] = listed('words')
    const env = Object.fromEntries(
      listed('env').map(each => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]),
    )
    const { PATH = '', ASKED: _asked, CUSTODY: _custody, ...rest } = env
    const { exit, said } = await this.run({ argv, cwd, env: { ...rest, PATH: PATH.slice(PATH.indexOf(':') + 1) } })
    const lines = said.map(({ to, text }) => `printf %s ${quoted(text)}${to === 'stderr' ? ' >&2' : ''}`)
    writeFileSync(join(at, 'answer'), [...lines, `exit ${exit}`, ''].join('\n'))
    await writeFile(join(at, 'come'), '\n')
  }

  close(): void {
    this.#child.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** As one word of a shell. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

async function textOf(stream: Readable): Promise<string> {
  let text = ''
  for await (const piece of stream.setEncoding('utf8')) text += piece
  return text
}

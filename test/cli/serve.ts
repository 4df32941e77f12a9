/** A process for commands that need no shell: served.ts. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { ProgramResult } from '../support/built-cli.ts'
import type { Command } from './served.ts'

const END = '<end of a command>\n'

export class Served {
  readonly #child: ChildProcess
  /** Rejects once the process has ended. */
  readonly #gone: Promise<never>
  #last: Promise<unknown> = Promise.resolve()

  /** `bin`: a folder with `custody` in it. */
  constructor(bin: string) {
    this.#child = fork(join(import.meta.dirname, 'served.ts'), [join(bin, 'custody'), END], { silent: true })
    this.#gone = once(this.#child, 'exit').then(([code]) => {
      throw new Error(`the process ended with ${code}`)
    })
    this.#gone.catch(() => undefined)
  }

  /** Runs it when those before have ended. */
  run(command: Command): Promise<ProgramResult> {
    const result = this.#last.then(() => this.#run(command))
    this.#last = result.catch(() => undefined)
    return result
  }

  async #run(command: Command): Promise<ProgramResult> {
    const { stdout, stderr } = this.#child
    if (stdout === null || stderr === null) throw new TypeError('its streams are pipes')
    const said = Promise.all([textOf(stdout), textOf(stderr), once(this.#child, 'message')])
    this.#child.send(command)
    const [out, err, [exit]] = await Promise.race([said, this.#gone])
    return { exit: Number(exit), stdout: out, stderr: err }
  }

  close(): void {
    this.#child.kill()
  }
}

/** What comes up to the end of a command. */
function textOf(stream: Readable): Promise<string> {
  return new Promise(done => {
    let text = ''
    const take = (piece: string) => {
      text += piece
      if (!text.endsWith(END)) return
      stream.off('data', take)
      done(text.slice(0, -END.length))
    }
    stream.setEncoding('utf8').on('data', take)
  })
}

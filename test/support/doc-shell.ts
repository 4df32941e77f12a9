/**
 * Runs the command lines of a document in one folder, in order, as its reader would: `custody …`, `npx custody …`, `cd DIR`,
 * `npm start` (what package.json says of it); `npm install` does nothing here. The program runs within this process.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { NAMED_ADDRESS, replaceAddress } from './chaos-address.ts'
import { runMain } from './in-process.ts'

export interface ShellResult {
  readonly exit: number
  /** Both streams, in order. */
  readonly output: string
}

const ROOT = join(import.meta.dirname, '..', '..')

export class DocShell {
  private readonly folder: string
  private readonly home: string
  private cwd: string
  private peer: { readonly ended: Promise<number>; interrupt(): unknown } | null = null

  /** `home` gets the signing key. */
  constructor(folder: string, home: string) {
    this.folder = folder
    this.cwd = folder
    this.home = home
  }

  /** All lines of a block. Those that are no commands for this shell are refused. */
  async runAll(block: string): Promise<ShellResult> {
    let output = ''
    let exit = 0
    for (const line of block.split('\n').filter(each => each.trim() !== '')) {
      if (exit !== 0) throw new Error(`a command before \`${line}\` ended with ${exit}`)
      const result = await this.run(line)
      output += result.output
      exit = result.exit
    }
    return { exit, output }
  }

  /**
   * As `runAll`, but the last line is `custody chaos-llm …`, which runs until `close`. It listens at a port that is free, and
   * the pipeline files of the folder get that port. `output`: what it says when it is ready.
   */
  async startLast(block: string): Promise<ShellResult> {
    const lines = block.trim().split('\n')
    await this.runAll(lines.slice(0, -1).join('\n'))
    const argv = wordsOf(lines.at(-1) as string)
    const words = argv[0] === 'npx' ? argv.slice(1) : argv
    if (words[0] !== 'custody' || words[1] !== 'chaos-llm') throw new Error(`not a peer: ${lines.at(-1)}`)
    let output = ''
    let interrupt: () => unknown = () => undefined
    const ended = this.main([...words.slice(1), '--port', '0'], {
      write: text => {
        output += text
      },
      onSignal: listener => {
        interrupt = listener
      },
    })
    this.peer = { ended, interrupt: () => interrupt() }
    let exit: number | null = null
    ended.then(code => {
      exit = code
    })
    while (exit === null && !output.includes('Ctrl-C')) await new Promise(setImmediate)
    if (exit !== null) return { exit, output }
    const address = /http:\/\/([\d.:]+)/.exec(output)?.[1] as string
    replaceAddress(this.folder, address)
    return { exit: 0, output: output.replaceAll(address, NAMED_ADDRESS) }
  }

  /** Ends what `startLast` began. */
  async close(): Promise<void> {
    this.peer?.interrupt()
    await this.peer?.ended
  }

  private async run(line: string): Promise<ShellResult> {
    const [program, ...words] = wordsOf(line)
    if (program === 'cd') {
      this.cwd = resolve(this.cwd, words[0] ?? '.')
      return { exit: 0, output: '' }
    }
    if (program === 'npx' && words[0] === 'custody') return this.custody(words.slice(1))
    if (program === 'custody') return this.custody(words)
    if (program === 'npm' && words[0] === 'install') return { exit: 0, output: '' }
    if (program === 'npm' && words[0] === 'start') return this.custody(startArguments())
    throw new Error(`not a command that can be tried here: ${line}`)
  }

  private async custody(argv: readonly string[]): Promise<ShellResult> {
    let output = ''
    const write = (text: string) => {
      output += text
    }
    // Whatever resolves a path against the process's folder finds the same one.
    const before = process.cwd()
    process.chdir(this.cwd)
    const exit = await this.main(argv, { write, onSignal: () => undefined }).finally(() => process.chdir(before))
    return { exit, output }
  }

  private main(
    argv: readonly string[],
    { write, onSignal }: { write(text: string): void; onSignal(listener: () => unknown): void },
  ): Promise<number> {
    return runMain(argv, {
      cwd: this.cwd,
      env: { COLUMNS: '100', npm_command: 'exec', XDG_CONFIG_HOME: this.home },
      stdout: write,
      stderr: write,
      onSignal,
    })
  }
}

/** Words as a shell would part them; comments fall away. */
export function wordsOf(line: string): readonly string[] {
  const words: string[] = []
  for (const [whole, single, double] of line.matchAll(/'([^']*)'|"([^"]*)"|[^\s'"]+/g)) {
    if (whole.startsWith('#')) break
    words.push(single ?? double ?? whole)
  }
  return words
}

function startArguments(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly scripts: { readonly start: string }
  }
  return wordsOf(scripts.start).slice(2)
}

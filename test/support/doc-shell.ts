/**
 * Runs the command lines of a document in one folder, in order, as its reader would: `custody …`, `npx custody …`, `cd DIR`,
 * `npm start` (what package.json says of it); `npm install` does nothing here. The program runs within this process.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { main } from '../../src/cli/main.ts'

export interface ShellResult {
  readonly exit: number
  /** Both streams, in order. */
  readonly output: string
}

const ROOT = join(import.meta.dirname, '..', '..')

export class DocShell {
  private cwd: string
  private readonly home: string

  /** `home` gets the signing key. */
  constructor(folder: string, home: string) {
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
    const stream = {
      write: (text: string) => {
        output += text
      },
    }
    // Whatever resolves a path against the process's folder finds the same one.
    const before = process.cwd()
    process.chdir(this.cwd)
    const exit = await main(argv, {
      stdout: stream,
      stderr: stream,
      env: { COLUMNS: '100', npm_command: 'exec', XDG_CONFIG_HOME: this.home },
      cwd: this.cwd,
      script: join(ROOT, 'bin', 'custody.js'),
      onSignal: () => () => undefined,
      exit: code => {
        throw new Error(`the program ended itself with ${code}`)
      },
    }).finally(() => process.chdir(before))
    return { exit, output }
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

/**
 * Tries a document's commands and compares the output that it quotes with what they really say.
 *
 * An `sh` block is run line by line; the `text` block that follows it directly is its output. Comments before an `sh` block:
 * `exit N` (what its last command ends with, else 0), `not run`, `another terminal` (its last command is a chaos peer, which
 * runs to the end of the document). A comment `file PATH` before any block: its content is written there, for the commands
 * behind it. With CUSTODY_DOCS=update quoted output that differs is replaced in the file; if it ends with `…` it keeps its
 * length.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DocShell, type ShellResult } from './doc-shell.ts'
import { type CodeBlock, codeBlocks, withBlock } from './markdown.ts'
import { firstDifference } from './transcript.ts'

/** Problems, each with its line; none if the document is true. */
export async function tryDocument(
  path: string,
  folder: string,
  home: string,
  shell: Pick<DocShell, 'runAll'> = new DocShell(folder, home),
): Promise<readonly string[]> {
  const problems: string[] = []
  const terminals = new Terminals(shell, () => new DocShell(folder, home))
  const markdown = readFileSync(path, 'utf8')
  let updated = markdown
  let shift = 0
  let output: string | null = null
  try {
    for (const block of codeBlocks(markdown)) {
      if (block.language === 'text' && output !== null) {
        const difference = firstDifference(block.text, output)
        if (difference !== null && process.env.CUSTODY_DOCS === 'update') {
          updated = withBlock(updated, block.line + shift, shortened(output.trimEnd(), block.text))
          shift = updated.split('\n').length - markdown.split('\n').length
        } else if (difference !== null)
          problems.push(`line ${block.line}: quoted ${difference.quoted}\n  really ${difference.actual}`)
      }
      output = null
      writeNamedFile(block, folder)
      if (block.language !== 'sh' || block.mark === 'not run') continue
      const expected = Number(/^exit (\d+)$/.exec(block.mark ?? '')?.[1] ?? 0)
      const result = await terminals.run(block)
      if (result.exit !== expected)
        problems.push(`line ${block.line}: ended with ${result.exit}, not ${expected}\n${result.output}`)
      output = result.output
    }
  } finally {
    await terminals.close()
  }
  if (updated !== markdown) writeFileSync(path, updated)
  return problems
}

/** The reader's terminal, and others that block it with a server. */
class Terminals {
  readonly #first: Pick<DocShell, 'runAll'>
  readonly #open: () => DocShell
  readonly #others: DocShell[] = []

  constructor(first: Pick<DocShell, 'runAll'>, open: () => DocShell) {
    this.#first = first
    this.#open = open
  }

  run({ mark, text }: CodeBlock): Promise<ShellResult> {
    if (mark !== 'another terminal') return this.#first.runAll(text)
    const other = this.#open()
    this.#others.push(other)
    return other.startLast(text)
  }

  async close(): Promise<void> {
    for (const each of this.#others) await each.close()
  }
}

function writeNamedFile({ mark, text }: CodeBlock, folder: string): void {
  const file = /^file (\S+)$/.exec(mark ?? '')?.[1]
  if (file === undefined) return
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), `${text}\n`)
}

function shortened(output: string, quoted: string): string {
  const before = quoted.split('\n')
  if (before.at(-1) !== '…') return output
  return [...output.split('\n').slice(0, before.length - 1), '…'].join('\n')
}

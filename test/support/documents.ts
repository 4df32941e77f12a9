/**
 * Tries a document's commands and holds the output that it quotes against what they really say.
 *
 * An `sh` block is run line by line; the `text` block that follows it directly is its output. Comments before an `sh` block:
 * `exit N` (what its last command ends with, else 0), `not run`. A comment `file PATH` before any block: its content is
 * written there, for the commands behind it. With CUSTODY_DOCS=update quoted output that differs is replaced in the file;
 * if it ends with `…` it keeps its length.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DocShell, type ShellResult } from './doc-shell.ts'
import { codeBlocks, withBlock } from './markdown.ts'
import { firstDifference } from './transcript.ts'

/** Problems, each with its line; none if the document is true. */
export async function tryDocument(
  path: string,
  folder: string,
  home: string,
  shell: { runAll(block: string): Promise<ShellResult> } = new DocShell(folder, home),
): Promise<readonly string[]> {
  const problems: string[] = []
  const markdown = readFileSync(path, 'utf8')
  let updated = markdown
  let shift = 0
  let output: string | null = null
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
    const file = /^file (\S+)$/.exec(block.mark ?? '')?.[1]
    if (file !== undefined) {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), `${block.text}\n`)
    }
    if (block.language !== 'sh' || block.mark === 'not run') continue
    const expected = Number(/^exit (\d+)$/.exec(block.mark ?? '')?.[1] ?? 0)
    const result = await shell.runAll(block.text)
    if (result.exit !== expected)
      problems.push(`line ${block.line}: ended with ${result.exit}, not ${expected}\n${result.output}`)
    output = result.output
  }
  if (updated !== markdown) writeFileSync(path, updated)
  return problems
}

function shortened(output: string, quoted: string): string {
  const before = quoted.split('\n')
  if (before.at(-1) !== '…') return output
  return [...output.split('\n').slice(0, before.length - 1), '…'].join('\n')
}

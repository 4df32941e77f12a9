/** Fenced code blocks of a Markdown file, with what an HTML comment right before a fence says about them. */

export interface CodeBlock {
  /** What stands behind the opening fence: `sh`, `yaml`, `text`; empty if nothing. */
  readonly language: string
  readonly text: string
  /** Line of the opening fence, from 1. */
  readonly line: number
  /** Content of an HTML comment that stands alone on the last line before the fence that isn't blank, or null. */
  readonly mark: string | null
}

const FENCE = /^```(\S*)\s*$/
const COMMENT = /^<!--\s*(.*?)\s*-->$/

export function codeBlocks(markdown: string): readonly CodeBlock[] {
  const lines = markdown.split('\n')
  const blocks: CodeBlock[] = []
  for (let at = 0; at < lines.length; at++) {
    const opening = FENCE.exec(lines[at]!)
    if (opening === null) continue
    const end = lines.indexOf('```', at + 1)
    if (end === -1) throw new Error(`the fence in line ${at + 1} is never closed`)
    blocks.push({
      language: opening[1]!,
      text: lines.slice(at + 1, end).join('\n'),
      line: at + 1,
      mark: markBefore(lines, at),
    })
    at = end
  }
  return blocks
}

function markBefore(lines: readonly string[], fence: number): string | null {
  let at = fence - 1
  while (at >= 0 && lines[at]!.trim() === '') at -= 1
  return COMMENT.exec(lines[at] ?? '')?.[1] ?? null
}

/** The same text with another content in the block that opens in `line`. */
export function withBlock(markdown: string, line: number, text: string): string {
  const lines = markdown.split('\n')
  const end = lines.indexOf('```', line)
  return [...lines.slice(0, line), text, ...lines.slice(end)].join('\n')
}

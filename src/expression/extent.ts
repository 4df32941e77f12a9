/** Where a node stands in its source, with the parentheses that the parser leaves out at its ends: `(a + b) * (c - 1)`. */
import type { ASTNode } from '@marcbachmann/cel-js'

export interface Extent {
  readonly offset: number
  readonly length: number
}

/** In UTF-16 units; the length is at least 1. */
export function extentOf(source: string, { start, end }: ASTNode): Extent {
  const { opened, closed } = unmatched(source.slice(start, end))
  let [from, to] = [start, end]
  for (let i = 0; i < closed; i++) from = source.lastIndexOf('(', from - 1)
  for (let i = 0; i < opened; i++) to = source.indexOf(')', to) + 1
  // A parenthesis that isn't there: the source is broken, and other problems are reported.
  const sound = from >= 0 && to >= end
  return sound ? { offset: from, length: Math.max(1, to - from) } : { offset: start, length: Math.max(1, end - start) }
}

/** The node as it is written, cut after `most` characters. */
export function writtenAt(source: string, node: ASTNode, most: number): string {
  const { offset, length } = extentOf(source, node)
  const text = source.slice(offset, offset + length)
  return text.length > most ? `${text.slice(0, most)}…` : text
}

/** How many parentheses have no partner in the text; those in texts and comments don't count. */
function unmatched(text: string): { readonly opened: number; readonly closed: number } {
  let [opened, closed] = [0, 0]
  const tokens = /r?("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|\/\/.*|[()]/g
  for (const [token] of text.matchAll(tokens)) {
    if (token === '(') opened++
    else if (token === ')' && opened > 0) opened--
    else if (token === ')') closed++
  }
  return { opened, closed }
}

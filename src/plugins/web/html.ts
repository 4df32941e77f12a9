/** HTML as a tree, and the text that people read of it. */
import { fromParse5 } from 'hast-util-from-parse5'
import { toText } from 'hast-util-to-text'
import { defaultTreeAdapter, parse } from 'parse5'

export type Nodes = Parameters<typeof toText>[0]
export type Root = Extract<Nodes, { type: 'root' }>
export type Element = Extract<Nodes, { type: 'element' }>

/** What is there for programs and for looks. */
export const UNREAD: ReadonlySet<string> = new Set([
  'script',
  'style',
  'template',
  'noscript',
  'iframe',
  'object',
  'embed',
  'svg',
  'canvas',
  'head',
])

/**
 * More elements than any page has that people read. A few kilobytes can make millions of them, by formatting that each
 * paragraph opens again.
 */
const MOST_ELEMENTS = 100_000

/** @throws RangeError as soon as there are too many elements, and of a tree that is too deep. */
export function parseHtml(html: string): Root {
  let elements = 0
  const treeAdapter: typeof defaultTreeAdapter = {
    ...defaultTreeAdapter,
    createElement(...element) {
      if (++elements > MOST_ELEMENTS) throw new RangeError('there are too many elements')
      return defaultTreeAdapter.createElement(...element)
    },
  }
  return fromParse5(parse(html, { treeAdapter })) as Root
}

export const textOf = (root: Root) => toText(root).trim()

/** Takes elements with these names out of the tree. */
export function without(root: Root, names: ReadonlySet<string>): Root {
  const left: (Root | Element)[] = [root]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    next.children = (next.children as Element['children']).filter(
      child => child.type !== 'element' || !names.has(child.tagName),
    )
    for (const child of next.children) if (child.type === 'element') left.push(child)
  }
  return root
}

/** Reads web pages: title, description, and what stands on them, as text or Markdown. */
import { toMdast } from 'hast-util-to-mdast'
import { toText } from 'hast-util-to-text'
import { gfmToMarkdown } from 'mdast-util-gfm'
import { toMarkdown } from 'mdast-util-to-markdown'
import { type Element, type Nodes, parseHtml, type Root, textOf, UNREAD, without } from './html.ts'

export interface Page {
  /** White space is collapsed; null if there is none. */
  readonly title: string | null
  readonly description: string | null
  readonly content: string
}

export interface PageSettings {
  readonly as: 'markdown' | 'text'
  /** Leave out what surrounds the content. */
  readonly main_content: boolean
}

/** What stands around the content of a page that doesn't say what its content is. */
const AROUND = new Set(['nav', 'header', 'footer', 'aside', 'form', 'dialog'])

/** `url`: of the page, for its relative links. Null if it's too large, or nested too deep, to be read. */
export function readPage(html: string, url: string, settings: PageSettings): Page | null {
  try {
    const root = parseHtml(html)
    const title = firstText(root, 'title')
    const description = metaContent(root, 'description') ?? metaContent(root, 'og:description')
    resolveLinks(root, baseOf(root, url))
    const content = pruned(root, settings.main_content)
    return { title, description, content: settings.as === 'text' ? textOf(content) : markdownOf(content) }
  } catch {
    // Nesting ends the stack of those who walk the tree, and there are pages that nobody has tried yet.
    return null
  }
}

const markdownOf = (root: Root) =>
  toMarkdown(toMdast(root, { document: true }), { bullet: '-', extensions: [gfmToMarkdown()] }).trim()

function* elements(node: Nodes): Iterable<Element> {
  const left: Nodes[] = [node]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (next.type === 'element') yield next
    if ('children' in next) left.push(...next.children.toReversed())
  }
}

function firstText(root: Root, name: string): string | null {
  for (const element of elements(root)) if (element.tagName === name) return collapsed(toText(element))
  return null
}

function metaContent(root: Root, name: string): string | null {
  for (const { tagName, properties } of elements(root)) {
    if (tagName !== 'meta') continue
    const named = String(properties.name ?? properties.property ?? '').toLowerCase()
    if (named === name && typeof properties.content === 'string') return collapsed(properties.content)
  }
  return null
}

const collapsed = (text: string): string | null => text.replaceAll(/\s+/g, ' ').trim() || null

function baseOf(root: Root, url: string): string {
  for (const { tagName, properties } of elements(root))
    if (tagName === 'base' && typeof properties.href === 'string') return absolute(properties.href, url) ?? url
  return url
}

const absolute = (link: string, base: string): string | null =>
  URL.canParse(link, base) ? new URL(link, base).href : null

/** Links and pictures get absolute URLs; those that aren't of the web or of mail lose them. */
function resolveLinks(root: Root, base: string): void {
  for (const element of elements(root)) {
    const { properties } = element
    for (const name of ['href', 'src']) {
      const link = properties[name]
      if (typeof link !== 'string') continue
      const resolved = absolute(link, base)
      if (resolved !== null && /^(https?|mailto):/.test(resolved)) properties[name] = resolved
      else delete properties[name]
    }
    const leads = properties.href !== undefined || properties.src !== undefined
    if (!leads && (element.tagName === 'a' || element.tagName === 'img')) element.tagName = 'span'
  }
}

/** The tree with only what is to be read. */
function pruned(root: Root, main_content: boolean): Root {
  const main = main_content ? mainOf(root) : null
  const drop = main_content && main === null ? new Set([...UNREAD, ...AROUND]) : UNREAD
  return without(main === null ? root : { type: 'root', children: [main] }, drop)
}

/** The element that the page itself calls its main content, or its only article; null if there is none. */
function mainOf(root: Root): Element | null {
  const articles: Element[] = []
  for (const element of elements(root)) {
    if (element.tagName === 'main' || element.properties.role === 'main') return element
    if (element.tagName === 'article') articles.push(element)
  }
  return articles.length === 1 ? (articles[0] ?? null) : null
}

/**
 * YAML text into a tree with places (YAML 1.2, core schema, one document).
 *
 * Keys are taken as their text: `true:`, `1:` and `null:` are the texts `true`, `1` and `null`, as if quoted.
 * Merge keys (`<<: *base`) work, with maps or lists of maps; what the map itself says wins. Tags of other types, and
 * `%YAML 1.1`, are refused rather than read in another way than they are meant.
 */

import type { Document, ParsedNode, YAMLMap } from 'yaml'
import { isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import { isInexactInteger } from '../model/canonical.ts'
import { grouped } from '../model/number-text.ts'
import { nearest } from './nearest.ts'
import type { Problems } from './problems.ts'
import type { Place, SourceText } from './source-text.ts'
import type { MapEntry, ScalarStyle, ScalarTree, Tree } from './tree.ts'
import { spanOf } from './tree.ts'

const DEPTH_MAX = 64
/** Parts that all aliases of a file together may stand for. */
const ALIASED_PARTS_MAX = 20_000
/** After this many syntax errors the rest says nothing new. */
const SYNTAX_ERRORS_MAX = 20

/** The tree of `source`, null if it isn't YAML (or holds nothing). Problems: CUSTODY_YAML…, CUSTODY_BAD_VALUE. */
export function parseYaml(source: SourceText, problems: Problems): Tree | null {
  const before = problems.failed
  const document = parseStrictly(source, problems)
  if (document === null || (!before && problems.failed)) return null
  if (document.contents === null) return null
  const builder = new TreeBuilder(source, problems)
  const tree = builder.build(document.contents as ParsedNode, 0)
  return builder.refused ? null : tree
}

function parseStrictly(source: SourceText, problems: Problems): Document | null {
  const at = (start: number, end: number): Place => ({ source, start, end })
  if (tooDeep(source.text)) {
    problems.error('CUSTODY_YAML', at(0, 1), `the file is nested more than ${DEPTH_MAX} levels deep`)
    return null
  }
  const document = parseDocument(source.text, {
    schema: 'core',
    version: '1.2',
    strict: true,
    uniqueKeys: false,
    prettyErrors: false,
    resolveKnownTags: false,
    logLevel: 'error',
  })
  if (document.directives.yaml.explicit === true && document.directives.yaml.version !== '1.2') {
    problems.error('CUSTODY_YAML', at(0, 1), 'Custody reads YAML 1.2 only', 'remove the %YAML line')
  }
  const found = [...document.errors, ...document.warnings]
  // `{ path: ${NAME} }` and `{ path: out/{{ row.x }} }` derail the parser: what it reports from there on is of no use.
  const derailing = found.filter(each => bracesAt(source.text, each.pos[0]) !== null)
  const all = derailing.length > 0 ? firstOfLines(derailing, source.text) : found
  const more = all.length - SYNTAX_ERRORS_MAX
  for (const [index, problem] of all.slice(0, SYNTAX_ERRORS_MAX).entries()) {
    const last = more > 0 && index === SYNTAX_ERRORS_MAX - 1
    const { message, hint } = last
      ? { message: `and ${more} more`, hint: 'fix the first ones' }
      : explain(problem.code, problem.message, source.text, problem.pos[0])
    problems.error('CUSTODY_YAML', at(problem.pos[0], problem.pos[1]), message, hint)
  }
  return document
}

type Braces = keyof typeof BRACES
/** What is no map, though its braces look like one, and how it is written. */
const BRACES = { '${': '"${NAME}"', '{{': "'out/{{ row.field }}.csv'" } as const

const quoting = (braces: Braces) => `put the whole value into quotes: ${BRACES[braces]}`

/** Which of them derailed the parser at `offset`, where it finds braces or what follows them. */
function bracesAt(text: string, offset: number): Braces | null {
  if (text.startsWith('${', offset - 1)) return '${'
  const before = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset)
  return text.startsWith('{{', offset) || /\{\{[^{}]*\}\}$/.test(before) ? '{{' : null
}

/** Braces of one line are one mistake. */
function firstOfLines<T extends { readonly pos: readonly [number, number] }>(
  found: readonly T[],
  text: string,
): readonly T[] {
  const lineOf = ({ pos }: T) => text.lastIndexOf('\n', pos[0] - 1)
  return found.filter((each, i) => found.findIndex(other => lineOf(other) === lineOf(each)) === i)
}

/** Whether flow collections open deeper than any pipeline does: the parser would recurse for each of them. */
function tooDeep(text: string): boolean {
  let depth = 0
  for (const line of text.split('\n')) {
    if (/^\s*(?:[-?] ){65}/.test(line)) return true
    for (const letter of line) {
      if (letter === '[' || letter === '{') depth++
      else if ((letter === ']' || letter === '}') && depth > 0) depth--
    }
    if (depth > 1000) return true
  }
  return false
}

/** The parser's words, or plainer ones where its own don't help. */
function explain(code: string, message: string, text: string, offset: number): { message: string; hint?: string } {
  const braces = bracesAt(text, offset)
  if (braces !== null) return { message: '`{` begins a map here', hint: quoting(braces) }
  switch (code) {
    case 'TAB_AS_INDENT':
      return { message: 'a tab can’t indent YAML', hint: 'use spaces' }
    case 'MULTIPLE_DOCS':
      return { message: 'a second document begins here', hint: 'a pipeline file holds one; remove what follows ---' }
    case 'TAG_RESOLVE_FAILED':
      return {
        message: `${lower(message)}`,
        hint: 'remove the tag; pipeline files hold maps, lists, texts and numbers',
      }
    case 'BAD_SCALAR_START':
      return { message: lower(message), hint: 'put the value into quotes' }
    case 'BLOCK_IN_FLOW':
      return {
        message: lower(message),
        hint: 'inside of {} and [] a list is written [a, b], and a dash that is meant as a text in quotes: "-"',
      }
    case 'BAD_DQ_ESCAPE':
      return { message: lower(message), hint: 'single quotes take a backslash as it is' }
    case 'BLOCK_AS_IMPLICIT_KEY':
      return {
        message: lower(message),
        hint: 'put a value that holds “: ” into quotes; otherwise check the indentation',
      }
    case 'MISSING_CHAR':
      return text[offset - 1] === '\t'
        ? { message: lower(message), hint: 'is there a tab?' }
        : { message: lower(message) }
    default:
      return { message: lower(message) }
  }
}

const lower = (message: string) => message.slice(0, 1).toLowerCase() + message.slice(1)

const STYLES: { readonly [type: string]: ScalarStyle } = {
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_FOLDED: 'block',
  BLOCK_LITERAL: 'block',
}

class TreeBuilder {
  readonly #source: SourceText
  readonly #problems: Problems
  /** null while it is being built: an alias to it would never end. */
  readonly #anchors = new Map<string, { tree: Tree; parts: number } | null>()
  /** Built so far; aliases count as what they stand for. */
  #parts = 0
  #aliased = 0
  /** Aliases stand for too much: the tree is of no use. */
  refused = false

  constructor(source: SourceText, problems: Problems) {
    this.#source = source
    this.#problems = problems
  }

  build(node: ParsedNode, depth: number): Tree {
    const before = this.#parts
    const anchor = isAlias(node) ? undefined : node.anchor
    if (anchor !== undefined) this.#anchors.set(anchor, null)
    this.#parts++
    const tree = this.#content(node, depth)
    if (anchor !== undefined) this.#anchors.set(anchor, { tree, parts: this.#parts - before })
    return tree
  }

  #content(node: ParsedNode, depth: number): Tree {
    const at = this.#place(node)
    if (depth > DEPTH_MAX) {
      this.#problems.error('CUSTODY_YAML', at, `the file is nested more than ${DEPTH_MAX} levels deep`)
      return unknown(at)
    }
    if (isAlias(node)) return this.#alias(node.source, at)
    if (isMap(node)) return this.#map(node as YAMLMap.Parsed, at, depth)
    if (isSeq(node)) {
      return { kind: 'list', at, items: node.items.map(item => this.build(item as ParsedNode, depth + 1)) }
    }
    return this.#scalar(node, at)
  }

  #alias(name: string, at: Place): Tree {
    const anchor = this.#anchors.get(name)
    if (anchor === undefined) {
      const near = nearest(name, this.#anchors.keys())
      this.#problems.error(
        'CUSTODY_YAML',
        at,
        `no anchor &${name} stands before this alias`,
        near ? `did you mean *${near}?` : undefined,
      )
    } else if (anchor === null) {
      this.#problems.error('CUSTODY_YAML_ALIASES', at, `*${name} stands inside of what it refers to`)
    } else {
      this.#parts += anchor.parts
      this.#aliased += anchor.parts
      if (this.#aliased <= ALIASED_PARTS_MAX) return anchor.tree
      this.#tooMany(at)
    }
    return unknown(at)
  }

  #map(node: YAMLMap.Parsed, at: Place, depth: number): Tree {
    const entries = new Map<string, MapEntry>()
    const merged: MapEntry[] = []
    for (const pair of node.items) {
      const key_node = pair.key as ParsedNode
      const key_at = this.#place(key_node)
      const key = this.#key(key_node, key_at)
      const value = pair.value === null ? nothing(key_at) : this.build(pair.value as ParsedNode, depth + 1)
      if (key === null) continue
      const first = entries.get(key)
      if (key === '<<' && isScalar(key_node) && key_node.type === 'PLAIN') merged.push(...this.#merged(value, key_at))
      else if (first !== undefined) {
        const message = `\`${key}\` stands twice in one map, first in line ${spanOf(first.key_at).line}`
        this.#problems.error('CUSTODY_YAML_DUPLICATE_KEY', key_at, message)
      } else entries.set(key, { key, key_at, value })
    }
    for (const entry of merged) if (!entries.has(entry.key)) entries.set(entry.key, entry)
    return { kind: 'map', at, entries }
  }

  /** Entries that `<<` brings; of several maps the first wins. */
  #merged(value: Tree, at: Place): MapEntry[] {
    const maps = value.kind === 'list' ? value.items : [value]
    const entries: MapEntry[] = []
    for (const map of maps) {
      if (map.kind === 'map') entries.push(...map.entries.values())
      else
        this.#problems.error('CUSTODY_YAML', at, '<< merges maps only', 'write <<: *anchor, where &anchor marks a map')
    }
    return entries
  }

  #key(node: ParsedNode, at: Place): string | null {
    if (!isScalar(node)) {
      const text = this.#source.text
      const hint = text[at.start - 1] === '{' && text[at.start] === '{' ? quoting('{{') : undefined
      this.#problems.error('CUSTODY_YAML', at, 'a key must be a text', hint)
      return null
    }
    const text = typeof node.value === 'string' ? node.value : (node.source ?? '')
    if (text === '' && node.type === 'PLAIN') {
      this.#problems.error('CUSTODY_YAML', at, 'a key is missing before the colon')
      return null
    }
    return this.#wellFormed(text, at) ? text : null
  }

  #scalar(node: ParsedNode, at: Place): ScalarTree {
    if (!isScalar(node)) return nothing(at)
    const style = STYLES[String(node.type)] ?? 'plain'
    const value: unknown = node.value
    if (typeof value === 'string')
      return this.#wellFormed(value, at) ? { kind: 'scalar', at, style, value } : unknown(at)
    if (typeof value === 'boolean') return { kind: 'scalar', at, style, value }
    if (typeof value === 'number') return this.#number(value, node.source ?? '', at)
    return { kind: 'scalar', at, style, value: null }
  }

  /** A number that can't be honoured is reported, and its value is then unknown. */
  #number(value: number, text: string, at: Place): ScalarTree {
    const scalar = { kind: 'scalar', at, style: 'plain', value: value === 0 ? 0 : value } as const
    if (!Number.isFinite(value)) {
      const message = `${text} isn’t a number that can be worked with`
      this.#problems.error('CUSTODY_BAD_VALUE', at, message, 'write a finite number')
    } else if (isInexactInteger(value)) {
      const hint = 'numbers go up to 9007199254740991; quote it if it is a text'
      this.#problems.error('CUSTODY_BAD_VALUE', at, `${text} is too large to be held exactly`, hint)
    } else return scalar
    return { ...scalar, value: 0, unset: true }
  }

  #wellFormed(text: string, at: Place): boolean {
    if (text.isWellFormed()) return true
    this.#problems.error(
      'CUSTODY_BAD_VALUE',
      at,
      'the text holds half of a UTF-16 surrogate pair, which is no character',
    )
    return false
  }

  /** Reported at the first alias that is too much; the others count as nothing. */
  #tooMany(at: Place): void {
    if (this.refused) return
    this.refused = true
    const limit = grouped(ALIASED_PARTS_MAX)
    this.#problems.error('CUSTODY_YAML_ALIASES', at, `the aliases up to here stand for more than ${limit} parts`)
  }

  #place(node: ParsedNode): Place {
    const [start, end] = node.range
    const text = this.#source.text
    let last = end
    while (last > start + 1 && /\s/.test(text[last - 1] as string)) last--
    return { source: this.#source, start, end: isScalar(node) && node.type?.startsWith('BLOCK') ? end : last }
  }
}

const nothing = (at: Place): ScalarTree => ({ kind: 'scalar', at, style: 'plain', value: null })
/** Stands for a value that has been reported as wrong. */
const unknown = (at: Place): ScalarTree => ({ ...nothing(at), unset: true })

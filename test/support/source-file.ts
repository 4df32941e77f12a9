/** The repository's own sources, parsed: for tests about the repository itself. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { parseSync } from 'rolldown/utils'

/** Absolute path of the repository. */
export const ROOT = resolve(import.meta.dirname, '../..')

/** Not part of the repository (.gitignore). */
const LEFT_OUT = /^(node_modules|dist|out|\.git|results|__pycache__|custody\.db.*|.*\.tgz)$/

/** All files of the repository: paths from the root with `/`, sorted. */
export function repositoryFiles(folder = ''): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter(({ name }) => !LEFT_OUT.test(name))
    .flatMap(entry => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      return entry.isDirectory() ? repositoryFiles(path) : [path]
    })
    .sort()
}

export interface Import {
  /** As written: `./line.ts`, `node:fs`, `zod`. */
  readonly specifier: string
  /** Path from the root; null for packages and modules of Node. */
  readonly file: string | null
  /** Nothing of it is left once the file is compiled. */
  readonly type_only: boolean
}

/** Anything in the tree that has a type; other properties are looked at with `in`. */
export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [property: string]: unknown
}

export interface Comment {
  readonly text: string
  readonly start: number
  readonly end: number
}

export interface FunctionSpan {
  readonly node: SyntaxNode
  readonly line: number
  readonly lines: number
}

/** One TypeScript file. */
export class SourceFile {
  /** From the root. */
  readonly path: string
  readonly text: string
  readonly comments: readonly Comment[]
  readonly #program: SyntaxNode
  /** All nodes in the order of the text, once somebody has asked for some. */
  #nodes: readonly SyntaxNode[] | null = null
  #imports: readonly Import[] | null = null

  constructor(path: string) {
    this.path = path
    this.text = readFileSync(join(ROOT, path), 'utf8')
    const { program, comments, errors } = parseSync(path, this.text)
    if (errors.length > 0) throw new Error(`${path} can't be parsed: ${errors[0]?.message}`)
    this.comments = comments.map(({ value, start, end }) => ({ text: value, start, end }))
    this.#program = program as unknown as SyntaxNode
  }

  get lines(): number {
    return this.lineAt(this.text.trimEnd().length)
  }

  /** From 1. */
  lineAt(offset: number): number {
    let line = 1
    for (let at = this.text.indexOf('\n'); at !== -1 && at < offset; at = this.text.indexOf('\n', at + 1)) line++
    return line
  }

  /** All nodes of some types, in the order of the text. */
  nodes(...types: readonly string[]): readonly SyntaxNode[] {
    this.#nodes ??= nodesOf(this.#program)
    return this.#nodes.filter(({ type }) => types.includes(type))
  }

  /** `import`, `export … from` and `import()` of a text. */
  imports(): readonly Import[] {
    this.#imports ??= this.#findImports()
    return this.#imports
  }

  #findImports(): readonly Import[] {
    const found: Import[] = []
    for (const node of this.nodes(
      'ImportDeclaration',
      'ExportNamedDeclaration',
      'ExportAllDeclaration',
      'ImportExpression',
      'TSImportType',
    )) {
      const source = node.source
      if (!isNode(source) || typeof source.value !== 'string') continue
      const specifier = source.value
      const file = specifier.startsWith('.')
        ? relative(ROOT, resolve(ROOT, dirname(this.path), specifier)).replaceAll('\\', '/')
        : null
      found.push({ specifier, file, type_only: isTypeOnly(node) })
    }
    return found
  }

  functions(): readonly FunctionSpan[] {
    return this.nodes('FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression').map(node => {
      const line = this.lineAt(node.start)
      return { node, line, lines: this.lineAt(node.end) - line + 1 }
    })
  }
}

function isTypeOnly(node: SyntaxNode): boolean {
  if (node.type === 'TSImportType' || node.importKind === 'type' || node.exportKind === 'type') return true
  const specifiers = Array.isArray(node.specifiers) ? node.specifiers.filter(isNode) : []
  return specifiers.length > 0 && specifiers.every(each => each.importKind === 'type' || each.exportKind === 'type')
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function nodesOf(top: SyntaxNode): readonly SyntaxNode[] {
  const found: SyntaxNode[] = []
  const add = (node: SyntaxNode) => {
    found.push(node)
    for (const property of Object.values(node)) {
      if (isNode(property)) add(property)
      else if (Array.isArray(property)) for (const each of property) if (isNode(each)) add(each)
    }
  }
  add(top)
  return found
}

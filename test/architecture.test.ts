/** docs/architecture.md is short, and what it says of where things are is so; docs/glossary.md is short, too. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isNode, ROOT, SourceFile } from './support/source-file.ts'

const ARCHITECTURE = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')

/** Cells of the lines of the table that stands first behind a heading, without its own heading. */
function tableBehind(text: string, heading: string): readonly (readonly string[])[] {
  const [, behind = ''] = `\n${text}`.split(`\n${heading}\n`)
  const lines = behind.slice(behind.indexOf('\n| ')).trimStart().split('\n')
  const end = lines.findIndex(line => !line.startsWith('|'))
  return lines.slice(2, end).map(line =>
    line
      .slice(1, -1)
      .split('|')
      .map(cell => cell.trim()),
  )
}

/** Where a link in docs/ leads, from the root: `[engine/run](../src/engine/run/README.md)`. */
function targetOf(link: string): string {
  const [, path = ''] = /^\[[^\]]+\]\(\.\.\/([^)]+)\)$/.exec(link) ?? []
  return path
}

/** Names of the functions, classes and constants that a file declares at its outermost level. */
function declaredIn(file: SourceFile): readonly string[] {
  const kinds = ['FunctionDeclaration', 'ClassDeclaration', 'VariableDeclarator']
  return [...file.nodes(...kinds)].flatMap(({ id }) => (isNode(id) && typeof id.name === 'string' ? id.name : []))
}

describe('docs/architecture.md', () => {
  test('has fewer than 300 lines', () => {
    expect(ARCHITECTURE.trimEnd().split('\n').length).toBeLessThan(300)
  })

  const questions = tableBehind(ARCHITECTURE, '## Ten questions').map(
    ([question = '', page = '', file = '', name = '']) => ({
      question,
      page: targetOf(page),
      file: targetOf(file),
      name,
    }),
  )

  test('asks ten questions', () => {
    expect(questions.map(({ question }) => question.endsWith('?'))).toEqual(Array(10).fill(true))
  })

  test.each(questions)('$question is answered in two hops', ({ page, file, name }) => {
    const folder = page.replace(/README\.md$/, '')
    expect(page).toMatch(/^src\/.+\/README\.md$/)
    expect(file.startsWith(folder)).toBe(true)
    expect(existsSync(join(ROOT, file))).toBe(true)
    expect(readFileSync(join(ROOT, page), 'utf8')).toContain(`](${file.slice(folder.length)})`)
    expect(declaredIn(new SourceFile(file)).map(each => `\`${each}\``)).toContain(name)
  })

  test('follows one row through each stage, file by file', () => {
    const [, life = ''] = /\n## The life of one row\n([\s\S]*?)\n## /.exec(ARCHITECTURE) ?? []
    const hops = life.split(/\n\d+\. /).slice(1)
    const stages = ['Bytes', 'Source reader', 'Row and token', 'Executor', 'Turn gate', 'Sink', 'Entry', 'Commit']
    const after = ['Worker thread', 'Leaf', 'Signed head', 'Seal', 'Explain']
    expect(hops.map(hop => /^\*\*(.+?)\.\*\*/.exec(hop)?.[1])).toEqual([...stages, ...after])
    expect(hops.filter(hop => !/\]\(\.\.\/src\/[^)]+\.ts\)/.test(hop))).toEqual([])
  })
})

describe('docs/glossary.md', () => {
  const terms = tableBehind(readFileSync(join(ROOT, 'docs/glossary.md'), 'utf8'), '# Glossary').map(([term]) => term)

  test('has at most 25 terms, each once', () => {
    expect(terms.length).toBeGreaterThan(0)
    expect(terms.length).toBeLessThanOrEqual(25)
    expect(new Set(terms).size).toBe(terms.length)
  })

  test('is found from the README and from architecture', () => {
    expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain('](docs/glossary.md)')
    expect(ARCHITECTURE).toContain('](glossary.md)')
  })
})

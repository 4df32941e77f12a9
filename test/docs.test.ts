/** What docs/ says: generated parts are up to date, examples are sound, and what is referred to is there. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { allParts, DOCS, pages } from '../scripts/docs/pages.ts'
import { ERRORS } from '../src/model/error-codes.ts'
import { FATES } from '../src/model/outcome.ts'
import { builtins } from '../src/plugins/index.ts'
import { Catalogue } from '../src/sdk/catalogue.ts'
import { compileText } from './support/compile-text.ts'
import { ROOT, repositoryFiles } from './support/source-file.ts'

const PAGES = pages()
const FILES = repositoryFiles()
const TEXTS = FILES.filter(file => file.endsWith('.md')).map(file => ({
  file,
  text: readFileSync(join(ROOT, file), 'utf8'),
}))

describe('generated parts', () => {
  test.each(PAGES.map(page => [page.name, page] as const))('%s is up to date', (_name, { text, wanted }) => {
    expect(text === wanted, 'run `npm run docs`').toBe(true)
  })

  test('every part that can be made stands on a page, once', () => {
    expect(PAGES.flatMap(({ parts }) => parts).sort()).toEqual([...allParts().keys()].sort())
  })

  test('every plugin and every code is there', () => {
    const text = (name: string) => PAGES.find(page => page.name === name)?.text ?? ''
    for (const { name, kind } of builtins) expect(text('plugins.md')).toContain(`### ${name} (${kind})`)
    for (const code of Object.keys(ERRORS)) expect(text('errors.md')).toContain(`\`${code}\``)
  })
})

describe('examples', () => {
  const examples = PAGES.flatMap(({ name, text }) =>
    [...text.matchAll(/```yaml\n(name: [\s\S]*?)```/g)].map(([, yaml = ''], i) => [name, i + 1, yaml] as const),
  )

  test('there are some', () => {
    expect(examples.length).toBeGreaterThan(5)
  })

  test.each(examples)('%s: pipeline %i is sound, without a warning', (_name, _number, yaml) => {
    expect(compileText(yaml, { catalogue: new Catalogue(builtins) }).diagnostics).toEqual([])
  })
})

describe('references', () => {
  /** Links to files and to headings of pages; those to other sites aren't looked at. */
  const links = TEXTS.flatMap(({ file, text }) =>
    [...withoutCode(text).matchAll(/\]\((?!\w+:)([^)\s]*)\)/g)].map(([, target = '']) => ({ file, target })),
  )

  test('links lead to files and headings that are there', () => {
    const broken = links.filter(({ file, target }) => {
      const [path = '', heading] = target.split('#')
      const to = path === '' ? file : relative(ROOT, join(ROOT, dirname(file), path))
      if (!existsSync(join(ROOT, to))) return true
      return (
        heading !== undefined && to.endsWith('.md') && !anchorsOf(readFileSync(join(ROOT, to), 'utf8')).has(heading)
      )
    })
    expect(broken.map(({ file, target }) => `${file}: ${target}`)).toEqual([])
  })

  test('files of the repository that docs/ names are there', () => {
    const missing = PAGES.flatMap(({ name, text }) =>
      [...text.matchAll(/`((?:src|test|scripts|docs|bench|examples)\/[\w./-]*)`/g)]
        .map(([, path = '']) => path)
        .filter(path => !existsSync(join(ROOT, path)))
        .map(path => `docs/${name}: ${path}`),
    )
    expect(missing).toEqual([])
  })

  test('causes that docs/outcomes.md calls never given are those that no decision gives', () => {
    const text = readFileSync(`${DOCS}outcomes.md`, 'utf8')
    const [, listed = ''] = /this version never gives[^:]*: ([^.]*)\./.exec(text) ?? []
    const never = [...listed.matchAll(/`([a-z_]+)`/g)].map(([, cause]) => cause)
    const decisions = readFileSync(join(ROOT, 'src/engine/record/ending.ts'), 'utf8')
    const given = new Set([...decisions.matchAll(/fateNumber\('[A-Z_]+', '([a-z_]+)'\)/g)].map(([, cause]) => cause))
    expect(never).toEqual(FATES.map(({ cause }) => cause).filter(cause => !given.has(cause)))
  })

  test('codes of the engine that docs/errors.md names are those that the code has', () => {
    const text = readFileSync(`${DOCS}errors.md`, 'utf8')
    const table = text.slice(text.indexOf('### The engine'))
    const listed = [...table.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code = '']) => code)
    const code = FILES.filter(file => /^src\/(engine|model)\/.*\.ts$/.test(file) && !file.endsWith('.test.ts'))
      .map(file => readFileSync(join(ROOT, file), 'utf8'))
      .join('\n')
    const isRaised = (each: string) => code.includes(`'${each}'`) || code.includes(`'${each.toLowerCase()}'`)
    expect(listed.filter(each => !isRaised(each))).toEqual([])
    const raised = [...code.matchAll(/code: '([A-Z_]+)'/g)].map(([, each = '']) => each)
    expect(raised.filter(each => !each.startsWith('CUSTODY_') && !text.includes(`\`${each}\``))).toEqual([])
  })
})

function withoutCode(text: string): string {
  return text.replaceAll(/```[\s\S]*?```/g, '').replaceAll(/`[^`\n]*`/g, '')
}

/** Of headings, as the usual renderers make them, and those that are written out. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )
  return new Set([...headings, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)])
}

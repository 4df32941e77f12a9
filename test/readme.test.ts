/** The README is true: its commands work, its quoted output is real, its pipelines validate, its tables are complete. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { builtins } from '../src/plugins/index.ts'
import { DocShell } from './support/doc-shell.ts'
import { tryDocument } from './support/documents.ts'
import { codeBlocks } from './support/markdown.ts'

const ROOT = join(import.meta.dirname, '..')
const README = join(ROOT, 'README.md')

const temporary = mkdtempSync(join(tmpdir(), 'custody-readme-'))
const home = join(temporary, 'home')
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

test('commands end as they should, and say what is quoted', async () => {
  const folder = join(temporary, 'checkout')
  cpSync(join(ROOT, 'examples', 'loan-triage'), join(folder, 'examples', 'loan-triage'), {
    recursive: true,
    filter: path => basename(path) !== 'out' && !basename(path).startsWith('custody.db'),
  })
  expect(await tryDocument(README, folder, home)).toEqual([])
})

test('every pipeline validates', async () => {
  const folder = join(temporary, 'pipelines')
  mkdirSync(folder)
  const shell = new DocShell(folder, home)
  const pipelines = codeBlocks(readFileSync(README, 'utf8')).filter(({ language }) => language === 'yaml')
  expect(pipelines.length).toBeGreaterThan(0)
  for (const { text, line } of pipelines) {
    writeFileSync(join(folder, `line-${line}.yaml`), text)
    const { exit, output } = await shell.runAll(`custody validate line-${line}.yaml`)
    expect(output).toContain('valid')
    expect(exit).toBe(0)
  }
})

/** Commands that are meant to be there one day. */
const PLANNED = [
  'resume',
  'abandon',
  'prove',
  'check',
  'export',
  'replay',
  'rerun',
  'diff',
  'erase',
  'purge',
  'test',
  'serve',
  'mcp',
]

test('the tables name every command and every plugin, and what is missing is named as missing', async () => {
  const readme = readFileSync(README, 'utf8')
  const help = await new DocShell(temporary, home).runAll('custody --help')
  const commands = [...help.output.matchAll(/^ {2}([a-z][a-z-]*) .*?(?:\[|<| {2})/gm)].map(([, name]) => name as string)
  const listed = [...readme.matchAll(/^\| `custody ([a-z-]+)/gm)].map(([, name]) => name)
  expect([...listed, 'help'].sort()).toEqual(commands.sort())
  const missing = readme.slice(readme.indexOf('## What isn'), readme.indexOf('## Working on it'))
  const named = PLANNED.filter(each => missing.includes(`\`${each}\``))
  expect(named).toEqual(PLANNED.filter(each => !commands.includes(each)))
  for (const kind of ['source', 'transform', 'aggregate', 'sink'] as const) {
    const line = new RegExp(`^\\| ${kind}s \\|(.*)\\|$`, 'm').exec(readme)?.[1] ?? ''
    const names = builtins.filter(spec => spec.kind === kind).map(({ name }) => name)
    expect([...line.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(names.sort())
  }
})

test.each(['README.md', 'examples/README.md'])('links of %s within the repository lead somewhere', page => {
  const text = readFileSync(join(ROOT, page), 'utf8')
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path as string)
  expect(links.filter(path => !existsSync(join(ROOT, dirname(page), path)))).toEqual([])
})

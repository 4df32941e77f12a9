/** What would be published: the files, and that everything package.json promises is among them. `.ci/run` installs it. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, inject, test } from 'vitest'
import { ROOT } from './support/source-file.ts'

interface Manifest {
  readonly version: string
  readonly bin: { readonly custody: string }
  readonly exports: { readonly [subpath: string]: string | { readonly [condition: string]: string } }
}
interface Packed {
  readonly files: ReadonlyArray<{ readonly path: string }>
  readonly unpackedSize: number
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest
let packed: Packed
let paths: readonly string[]

beforeAll(() => {
  expect(existsSync(join(ROOT, manifest.bin.custody)) && existsSync(join(ROOT, 'dist')), 'run `npm run build`').toBe(
    true,
  )
  // Without scripts: `prepare` would build dist/ anew under the feet of other tests.
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    shell: process.platform === 'win32',
  })
  ;[packed] = JSON.parse(output) as [Packed]
  paths = packed.files.map(({ path }) => path)
})

test('has the program, its documentation, examples and licence', () => {
  expect(paths).toEqual(
    expect.arrayContaining([
      'package.json',
      'README.md',
      'LICENSE',
      'NOTICE',
      'CHANGELOG.md',
      'SECURITY.md',
      'bin/custody.js',
      'dist/cli/main.js',
      'dist/verifier.html',
      'dist/sdk/index.d.ts',
      'docs/pipeline-file.md',
      'docs/ledger-format.md',
      'examples/loan-triage/pipeline.yaml',
    ]),
  )
})

test('is of the sources as they are now', () => {
  const fresh = join(inject('built'), 'dist')
  const names = readdirSync(fresh, { recursive: true, encoding: 'utf8' }).filter(name => /\.(m?js|html)$/.test(name))
  const stale = names.filter(name => {
    const built = join(ROOT, 'dist', name)
    return !existsSync(built) || readFileSync(built, 'utf8') !== readFileSync(join(fresh, name), 'utf8')
  })
  expect(stale, 'run `npm run build`').toEqual([])
})

test('has nothing else', () => {
  const meant =
    /^(package\.json|[A-Z]+(\.md)?|bin\/[^/]+\.js|dist\/(code\.json|verifier\.html|explorer\/(index\.html|assets\/[\w.-]+\.(js|css))|.+\.(m?js|d\.ts))|docs\/[\w-]+\.md|examples\/.+|verifiers\/python\/([\w/]+\.py|README\.md))$/
  expect(paths.filter(path => !meant.test(path))).toEqual([])
})

test('has pages that link to no page that it lacks', () => {
  const pages = paths.filter(path => /^docs\/[\w-]+\.md$/.test(path))
  const links = pages.flatMap(page =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([\w-]+\.md)[#)]/g)].map(([, to]) => ({
      page,
      to: `docs/${to}`,
    })),
  )
  expect(links.length).toBeGreaterThan(50)
  expect(links.filter(({ to }) => !paths.includes(to))).toEqual([])
})

test('has no tests, no sources, and nothing that a run left behind', () => {
  const stray = /\.test\.(?!ya?ml$)|(^|\/)(src|test|out|node_modules)\/|(?<!\.d)\.ts$|custody\.db|\.tgz$/
  expect(paths.filter(path => stray.test(path))).toEqual([])
})

test('stays small', () => {
  // 2.7 MB are the explorer: 1.6 MB of that place the nodes of graphs.
  expect(packed.unpackedSize).toBeLessThan(11_500_000)
})

test('has what package.json promises', () => {
  const promised = [
    manifest.bin.custody,
    ...Object.values(manifest.exports).flatMap(each => (typeof each === 'string' ? each : Object.values(each))),
  ].map(path => path.replace(/^\.\//, ''))
  expect(promised.filter(path => !paths.includes(path))).toEqual([])
})

test('has a program that can be started', () => {
  const program = join(ROOT, manifest.bin.custody)
  expect(readFileSync(program, 'utf8').startsWith('#!/usr/bin/env node\n')).toBe(true)
  if (process.platform !== 'win32') expect(statSync(program).mode & 0o111).toBe(0o111)
})

test('has a changelog that knows its version', () => {
  expect(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8')).toContain(`## ${manifest.version}`)
})

test('has a lock file that is whole, for the machines of others too', () => {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: {
      readonly [path: string]: { readonly optionalDependencies?: { readonly [name: string]: string } }
    }
  }
  // npm writes a lock without the packages that a registry lacked, and `npm ci` then refuses it.
  const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      name => !(`node_modules/${name}` in lock.packages) && !(`${path}/node_modules/${name}` in lock.packages),
    ),
  )
  expect(missing).toEqual([])
})

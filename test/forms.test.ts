/** What `npm test` leaves out, `npm run proofs` or `npm run postgres` runs: both are part of `.ci/run`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT, repositoryFiles, SourceFile } from './support/source-file.ts'

const TESTS = repositoryFiles()
  .filter(file => file.endsWith('.test.ts'))
  .map(file => new SourceFile(file))

describe('npm run proofs runs every test', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: { readonly [name: string]: string }
  }
  const namedIn = (script: string) => (scripts[script] ?? '').split(' ').filter(word => /^(src|test)\//.test(word))
  const missingIn = (files: readonly SourceFile[], ...script: readonly string[]) =>
    files.map(({ path }) => path).filter(path => !script.flatMap(namedIn).some(each => path.startsWith(each)))

  test('that has a long form', () => {
    const long = TESTS.filter(file => file.imports().some(each => each.file === 'test/support/form.ts'))
    expect(long.length).toBeGreaterThan(20)
    expect(missingIn(long, 'proofs')).toEqual([])
  })

  test('that has the tag `proof`, which npm test leaves out, unless npm run postgres does', () => {
    const tagged = TESTS.filter(({ text }) => /^\/\/ @module-tag proof$|tags: .*\['proof'\]/m.test(text))
    expect(tagged.length).toBeGreaterThan(20)
    expect(missingIn(tagged, 'proofs', 'tagged', 'postgres')).toEqual([])
  })

  test('that these scripts name', () => {
    const named = ['proofs', 'tagged', 'postgres'].flatMap(namedIn)
    expect(named.filter(each => !TESTS.some(({ path }) => path.startsWith(each)))).toEqual([])
  })
})

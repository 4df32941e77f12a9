/** A test file from its text to typed cases; all problems are reported at once. */
import { dirname, resolve } from 'node:path'
import type { Diagnostic } from '../../model/error.ts'
import { contentOf } from '../content.ts'
import { diagnose } from '../diagnose.ts'
import { Problems } from '../problems.ts'
import { readPipelineText } from '../read-file.ts'
import { type Place, SourceText } from '../source-text.ts'
import { type ConfigPath, locateIn } from '../tree.ts'
import { parseYaml } from '../yaml.ts'
import { TESTS, type TestsContent } from './format.ts'

export interface TestFile {
  /** As named by the user. */
  readonly file: string
  /** Absolute. */
  readonly folder: string
  readonly text: string
  readonly content: TestsContent
  /** Where the value at a path stands, or its key; where the path ends early, the last key that is there. */
  locate(path: ConfigPath, part?: 'key' | 'value'): ReturnType<typeof locateIn>
}

interface LoadedTests {
  /** null if there is any error. */
  readonly tests: TestFile | null
  readonly diagnostics: readonly Diagnostic[]
  readonly texts: ReadonlyMap<string, string>
}

const WHAT = 'the test file'
const EMPTY_HINT = 'write cases: with a list of them; see docs/testing-pipelines.md'

/** Never throws for what the file holds, or because it is missing. */
export async function loadTests(file: string): Promise<LoadedTests> {
  const read = await readPipelineText(file)
  if (read.ok) return parseTests(read.text, file)
  const { code, message, hint } = read
  const diagnostic: Diagnostic = { file, line: 1, column: 1, severity: 'error', code, message, ...(hint && { hint }) }
  return { tests: null, diagnostics: [diagnostic], texts: new Map() }
}

/** The same from a text. */
export function parseTests(text: string, file: string): LoadedTests {
  const problems = new Problems()
  const source = new SourceText(file, text.replace(/^\ufeff/, ''))
  const texts = new Map([[file, source.text]])
  const failed = (): LoadedTests => ({ tests: null, diagnostics: problems.list(), texts })
  const root = parseYaml(source, problems)
  if (root === null || root.kind !== 'map') {
    const start: Place = { source, start: 0, end: 1 }
    if (!problems.failed) problems.error('CUSTODY_WRONG_TYPE', start, `${WHAT} is a map with cases`, EMPTY_HINT)
    return failed()
  }
  const { content, issues } = contentOf(root, TESTS)
  diagnose(issues, root, problems, { part: TESTS, what: WHAT })
  if (problems.failed) return failed()
  const locate: TestFile['locate'] = (path, part = 'value') => locateIn(root, path, part)
  const tests = { file, folder: dirname(resolve(file)), text: source.text, content, locate }
  return { tests, diagnostics: problems.list(), texts }
}

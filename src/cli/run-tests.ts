/** Runs the cases beside a pipeline, and reports their results. */
import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { type TestHost, testFileOf, testPipeline } from '../host/testing/test-pipeline.ts'
import { updated } from '../host/testing/update.ts'
import { CustodyError } from '../model/error.ts'
import type { NamedRow } from '../read/recorded/named-row.ts'
import type { Context } from './context.ts'
import { hostedBy } from './observe-run.ts'
import { junitXml } from './render/junit.ts'
import { caseText, closingText, testedJson } from './render/tested.ts'
import { writeText } from './write-text.ts'

export interface TestOptions {
  readonly json?: boolean
  readonly junit?: string
  readonly update?: boolean
  readonly watch?: boolean
  readonly from?: string
  readonly row?: NamedRow
  readonly ledger?: string
}

/** Returns the exit code. @throws CustodyError if the test file, or the pipeline, is wrong. */
export async function runTests(context: Context, named: string, options: TestOptions): Promise<0 | 1 | 130> {
  const { terminal, cwd } = context
  const file = testFileOf(named)
  if (!existsSync(resolve(cwd, file))) {
    const isFolder = statSync(resolve(cwd, named), { throwIfNoEntry: false })?.isDirectory() === true
    throw isFolder ? folderNamed(named) : missing(named, file)
  }
  const quiet = options.json === true
  const host: TestHost = {
    hosting: () => hostedBy(context, true, null),
    onCase: (result, tests) => {
      // What will be updated isn't known before all are run.
      if (!quiet && options.update !== true) terminal.answer(caseText(result, tests, terminal))
    },
  }
  const tested = await testPipeline(file, host)
  if (options.junit !== undefined) writeText(resolve(cwd, options.junit), junitXml(tested))
  const { text, changed } = options.update === true && !tested.interrupted ? updated(tested) : UNCHANGED
  if (text !== null && changed.size > 0) writeText(resolve(cwd, file), text)
  if (quiet) terminal.answerJson(testedJson(tested, changed))
  else {
    if (options.update === true)
      for (const each of tested.cases) terminal.answer(caseText(each, tested.tests, terminal, changed.has(each.index)))
    terminal.answer(closingText(tested, terminal, changed))
  }
  if (tested.interrupted) {
    terminal.report(`interrupted in case ${tested.cases.length} of ${tested.tests.content.cases.length}`)
    return 130
  }
  return tested.cases.every(({ problems, index }) => problems.length === 0 || changed.has(index)) ? 0 : 1
}

const UNCHANGED = { text: null, changed: new Set<number>() }

function folderNamed(named: string): CustodyError {
  const hint = 'Name a pipeline file in it, or its test file.'
  return new CustodyError('CUSTODY_FILE_UNREADABLE', `${named} is a directory`, { hint })
}

function missing(named: string, file: string): CustodyError {
  return new CustodyError(
    'CUSTODY_FILE_NOT_FOUND',
    named === file ? `${file} does not exist` : `${named} has no tests: ${file} does not exist`,
    { hint: 'Write cases: with a list of { name: …, rows: { SOURCE: [ … ] } }; --update then adds what they come to.' },
  )
}

/** Runs the cases beside a pipeline, and reports their results. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Tested, type TestHost, testFileOf, testPipeline } from '../host/testing/test-pipeline.ts'
import { updated } from '../host/testing/update.ts'
import { CustodyError } from '../model/error.ts'
import type { Context } from './context.ts'
import { hostedBy } from './observe-run.ts'
import { junitXml } from './render/junit.ts'
import { caseText, closingText, testedJson } from './render/tested.ts'
import { counted, printable } from './render/text.ts'
import { writeText } from './write-text.ts'

export interface TestOptions {
  readonly json?: boolean
  readonly junit?: string
  readonly update?: boolean
  readonly watch?: boolean
  readonly from?: string
  readonly row?: number
  readonly ledger?: string
}

/** Returns the exit code. @throws CustodyError if the test file, or the pipeline, is wrong. */
export async function runTests(context: Context, named: string, options: TestOptions): Promise<0 | 1 | 130> {
  const { terminal, cwd } = context
  const file = testFileOf(named)
  if (!existsSync(resolve(cwd, file))) throw missing(named, file)
  const quiet = options.json === true
  const host: TestHost = {
    hosting: () => hostedBy(context, true, null),
    onCase: (result, tests) => {
      if (!quiet) terminal.answer(caseText(result, tests, terminal))
    },
  }
  const tested = await testPipeline(file, host)
  if (options.junit !== undefined) writeText(resolve(cwd, options.junit), junitXml(tested))
  const passed = tested.cases.every(each => each.problems.length === 0)
  if (quiet) terminal.answerJson(testedJson(tested))
  else terminal.answer(closingText(tested, terminal))
  if (tested.interrupted) {
    terminal.report(`interrupted in case ${tested.cases.length} of ${tested.tests.content.cases.length}`)
    return 130
  }
  if (options.update !== true || passed) return passed ? 0 : 1
  return update(context, resolve(cwd, file), tested)
}

/** Cases that still fail are those of which nothing can be expected. */
function update({ terminal }: Context, path: string, tested: Tested): 0 | 1 {
  const { text, cases } = updated(tested)
  if (cases > 0) writeText(path, text)
  const left = tested.cases.filter(each => each.problems.length > 0).length - cases
  terminal.report(
    `${counted(cases, 'case')} of ${printable(tested.tests.file)} updated${left === 0 ? '' : `; ${counted(left, 'case stays as it is', 'cases stay as they are')}: more is wrong than what is expected`}`,
  )
  return left === 0 ? 0 : 1
}

function missing(named: string, file: string): CustodyError {
  return new CustodyError(
    'CUSTODY_FILE_NOT_FOUND',
    named === file ? `${file} does not exist` : `${named} has no tests: ${file} does not exist`,
    { hint: 'Write cases: with a list of { name: …, rows: { SOURCE: [ … ] } }; --update then adds what they come to.' },
  )
}

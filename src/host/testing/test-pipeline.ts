/** Runs the cases of a test file, one after the other, and judges them. */
import { basename, dirname, isAbsolute, join } from 'node:path'
import type { TestCase } from '../../config/tests/format.ts'
import { loadTests, type TestFile } from '../../config/tests/load.ts'
import { isCustodyError } from '../../model/error.ts'
import type { Plan } from '../../plan/plan.ts'
import { compilePipeline } from '../compile.ts'
import { DiagnosticsError } from '../diagnostics-error.ts'
import type { HostPorts, RunObserver } from '../ports.ts'
import { HostSecrets } from '../secrets.ts'
import { type Coverage, coverageOf } from './coverage.ts'
import { judge, type Problem } from './judge.ts'
import { nameProblems } from './names.ts'
import { type CaseRun, runCase, setsOf } from './run-case.ts'

export interface CaseResult {
  readonly test: TestCase
  /** From 0. */
  readonly index: number
  readonly problems: readonly Problem[]
  /** null if the run couldn't begin. */
  readonly run: CaseRun | null
  readonly duration_ms: number
}

export interface Tested {
  readonly tests: TestFile
  /** Name of the pipeline. */
  readonly name: string
  readonly cases: readonly CaseResult[]
  readonly coverage: Coverage
  /** Somebody interrupted it, in the last of these cases. */
  readonly interrupted: boolean
}

export interface TestHost {
  /** Of one run. */
  hosting(): { readonly ports: HostPorts; readonly observer: RunObserver }
  onCase(result: CaseResult, tests: TestFile): void
}

const TEST_FILE = /^(.*)\.test\.(ya?ml)$/

/** The test file of a pipeline file: `NAME.test.yaml` beside `NAME.yaml`; a test file is its own. */
export function testFileOf(file: string): string {
  const name = basename(file)
  return TEST_FILE.test(name)
    ? file
    : join(
        dirname(file),
        name.replace(/(\.ya?ml)?$/, end => `.test${end || '.yaml'}`),
      )
}

/**
 * `file`: a test file, as the user names it.
 * @throws DiagnosticsError with all that is wrong with it or its pipeline; CustodyError of the host.
 */
export async function testPipeline(file: string, host: TestHost): Promise<Tested> {
  const { tests, diagnostics, texts } = await loadTests(file)
  if (tests === null) throw new DiagnosticsError(diagnostics, texts, false)
  const pipeline = pipelineOf(file, tests.content.pipeline)
  const plans = new Map<string, Plan>()
  let secrets: HostSecrets | undefined
  const planOf = async (sets: readonly string[]): Promise<Plan> => {
    const key = JSON.stringify(sets)
    const { ports, observer } = host.hosting()
    secrets ??= new HostSecrets(ports.env)
    const onWarnings: RunObserver['onWarnings'] = each => observer.onWarnings(each)
    const plan = plans.get(key) ?? (await compilePipeline(ports.env, pipeline, sets, onWarnings, secrets))
    plans.set(key, plan)
    return plan
  }
  const plan = await planOf([])
  const wrong = nameProblems(tests, plan)
  if (wrong.length > 0) throw new DiagnosticsError(wrong, texts, false)
  const cases: CaseResult[] = []
  let interrupted = false
  for (const [index, test] of tests.content.cases.entries()) {
    const hosted = host.hosting()
    const result = await resultOf(tests, test, index, () => planOf(setsOf(tests, plan.folder, test)), hosted)
    cases.push(result)
    host.onCase(result, tests)
    interrupted = hosted.ports.signal.aborted
    if (interrupted) break
  }
  const coverage = coverageOf(cases.flatMap(each => (each.run === null ? [] : [each.run.nodes])))
  return { tests, name: plan.name, cases, coverage, interrupted }
}

/** The pipeline file of a test file, which may name it. */
export function pipelineOf(file: string, named?: string): string {
  const [, name = basename(file), end = 'yaml'] = TEST_FILE.exec(basename(file)) ?? []
  return named !== undefined && isAbsolute(named) ? named : join(dirname(file), named ?? `${name}.${end}`)
}

async function resultOf(
  { content }: TestFile,
  test: TestCase,
  index: number,
  planOf: () => Promise<Plan>,
  { ports, observer }: ReturnType<TestHost['hosting']>,
): Promise<CaseResult> {
  const started_us = ports.clock.monotonic_us()
  const duration_ms = () => Math.round((ports.clock.monotonic_us() - started_us) / 1000)
  try {
    const run = await runCase(await planOf(), test, ports, observer)
    const problems = judge(test, run, test.match ?? content.match)
    return { test, index, problems, run, duration_ms: duration_ms() }
  } catch (thrown) {
    // A pipeline that can't even begin with what the case gives it is a result of the case; other cases can be run.
    if (!isCustodyError(thrown)) throw thrown
    const stops = test.expect?.stops
    const message = `the run can’t begin: ${thrown.message}`
    const problems = stops === thrown.code ? [] : [{ at: [], message, diff: [], notes: [] }]
    return { test, index, problems, run: null, duration_ms: duration_ms() }
  }
}

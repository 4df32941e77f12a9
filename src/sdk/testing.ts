/**
 * `custody/sdk/testing`: the conformance suite for any plugin, and the one for the built-ins.
 *
 * ```ts
 * import { test } from 'vitest'
 * import { testPlugin } from 'custody/sdk/testing'
 * testPlugin(test, myTransform)
 * ```
 *
 * It checks that the spec is sound; that options have a JSON Schema and refuse what nothing reads; that examples give what
 * they say; that rows (frozen) are never changed, bad ones throw nothing, and results are JSON that a ledger can hold; that
 * error codes and labels are declared; that what is called deterministic is; that rows which leave fit what `guarantees`
 * says. Sources must read on from any position to the same rest, ranges of them
 * must give what the whole gives, and sinks wound back to a receipt must continue to the same
 * bytes; sinks that send must make the same request of a row each time. Sources are read where their examples bring files or say which
 * rows result; more samples can be given. `custody plugin test FILE` does the same without a test runner.
 */
import type { PluginSpec } from './spec.ts'
import { checkOutbound } from './testing/outbound-checks.ts'
import { CHECKS, type Check, type ConformanceProblem, Findings, problemText } from './testing/problems.ts'
import { checkAggregate, checkGate, checkTransform } from './testing/row-checks.ts'
import { checkSink } from './testing/sink-checks.ts'
import { checkSource } from './testing/source-checks.ts'
import { checkSpec } from './testing/spec-checks.ts'
import type { Sample } from './testing/subject.ts'

export { answering, performing, visitContext } from './testing/calling.ts'
export type { Check, ConformanceProblem } from './testing/problems.ts'
export type { Sample } from './testing/subject.ts'

/** What was checked, in order, and what was found. */
export interface ConformanceReport {
  /** Why less was checked than could be, a sentence without its end; null if all was. */
  readonly untried: string | null
  readonly checks: ReadonlyArray<{
    readonly name: Check
    /** A sentence that holds where no problem was found. */
    readonly what: string
    readonly problems: readonly ConformanceProblem[]
  }>
}

/** Checks a plugin. `samples` are used besides the spec's examples. `findings`: what is found, as it is found. */
export async function conformance(
  spec: PluginSpec,
  samples: readonly Sample[] = [],
  findings: Findings = new Findings(),
): Promise<ConformanceReport> {
  const all = [...(Array.isArray(spec.examples) ? spec.examples : []), ...samples]
  checkSpec(spec, all, findings)
  if (findings.problems.every(({ check }) => check !== 'spec')) await checkKind(spec, all, findings)
  return reportOf(spec, findings)
}

export function reportOf(spec: PluginSpec, { begun, problems }: Findings): ConformanceReport {
  return {
    untried: problems.some(({ check }) => check === 'spec') ? null : untried(spec),
    checks: [...begun].map(name => ({
      name,
      what: CHECKS[name],
      problems: problems.filter(({ check }) => check === name),
    })),
  }
}

function untried({ kind, examples }: PluginSpec): string | null {
  switch (kind) {
    case 'source':
      return examples.some(({ files, rows_out, errors }) => (files ?? rows_out ?? errors) !== undefined)
        ? null
        : 'nothing was read: no example has files, rows_out or errors'
    case 'sink':
      return null
    default:
      return examples.some(({ rows_in = [] }) => rows_in.length > 0) ? null : 'nothing was run: no example has rows_in'
  }
}

/** All problems of a plugin, one sentence each; none if it conforms. `samples` are used besides the spec's examples. */
export async function conformanceProblems(
  spec: PluginSpec,
  samples: readonly Sample[] = [],
): Promise<readonly string[]> {
  const { checks } = await conformance(spec, samples)
  return checks.flatMap(({ problems }) => problems.map(each => problemText(spec.name, each)))
}

function checkKind(spec: PluginSpec, samples: readonly Sample[], findings: Findings): Promise<void> {
  switch (spec.kind) {
    case 'source':
      return checkSource(spec, samples, findings)
    case 'transform':
      return checkTransform(spec, samples, findings)
    case 'gate':
      return checkGate(spec, samples, findings)
    case 'aggregate':
      return checkAggregate(spec, samples, findings)
    case 'sink':
      return spec.delivery === 'outbound' ? checkOutbound(spec, samples, findings) : checkSink(spec, samples, findings)
  }
}

/** Registers one test with any runner whose `test` takes a name and a function: Vitest, Jest, node:test, Mocha's `it`. */
export function testPlugin(
  test: (name: string, run: () => Promise<void>) => unknown,
  spec: PluginSpec,
  samples: readonly Sample[] = [],
): void {
  test(`${spec.kind} ${spec.name} conforms`, async () => {
    const problems = await conformanceProblems(spec, samples)
    if (problems.length > 0) throw new Error(`${spec.name} doesn’t conform:\n- ${problems.join('\n- ')}`)
  })
}

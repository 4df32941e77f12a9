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
 * says. Sources must read on from any position to the same rest, and sinks wound back to a receipt must continue to the same
 * bytes; sinks that send must make the same request of a row each time. Sources are run on the files that their examples bring; more samples can be given.
 */
import type { PluginSpec } from './spec.ts'
import { checkOutbound } from './testing/outbound-checks.ts'
import { checkAggregate, checkGate, checkTransform } from './testing/row-checks.ts'
import { checkSink } from './testing/sink-checks.ts'
import { checkSource } from './testing/source-checks.ts'
import { checkSpec } from './testing/spec-checks.ts'
import type { Sample } from './testing/subject.ts'

export { answering, performing, visitContext } from './testing/calling.ts'
export type { Sample } from './testing/subject.ts'

/** All problems of a plugin, one sentence each; none if it conforms. `samples` are used besides the spec's examples. */
export async function conformanceProblems(
  spec: PluginSpec,
  samples: readonly Sample[] = [],
): Promise<readonly string[]> {
  const all = [...(spec.examples ?? []), ...samples]
  const problems = checkSpec(spec, all)
  return problems.length > 0 ? problems : checkKind(spec, all)
}

function checkKind(spec: PluginSpec, samples: readonly Sample[]): Promise<readonly string[]> {
  switch (spec.kind) {
    case 'source':
      return checkSource(spec, samples)
    case 'transform':
      return checkTransform(spec, samples)
    case 'gate':
      return checkGate(spec, samples)
    case 'aggregate':
      return checkAggregate(spec, samples)
    case 'sink':
      return spec.delivery === 'outbound' ? checkOutbound(spec, samples) : checkSink(spec, samples)
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

/** Parts of docs/writing-plugins.md: the plugins that `custody plugin init` begins with, and what the conformance kit checks. */
import { TEMPLATES } from '../../src/cli/plugin/kinds/index.ts'
import type { PluginKind } from '../../src/sdk/spec.ts'
import { PLUGIN_KINDS } from '../../src/sdk/spec-problems.ts'
import { CHECKS } from '../../src/sdk/testing/problems.ts'
import { table } from './markdown.ts'

/** The source of each kind’s, by the name of its part. */
export function beginnings(): ReadonlyArray<readonly [part: string, make: () => string]> {
  return PLUGIN_KINDS.map(kind => [`${kind} to begin with`, () => source(kind)])
}

function source(kind: PluginKind): string {
  return `\`\`\`ts\n${TEMPLATES[kind].source.replaceAll('NAME', NAMES[kind]).trimEnd()}\n\`\`\``
}

const NAMES: { readonly [Kind in PluginKind]: string } = {
  source: 'settings',
  transform: 'shout',
  gate: 'by_length',
  aggregate: 'longest',
  sink: 'lines',
}

export function checksTable(): string {
  return table(
    ['check', 'holds if'],
    Object.entries(CHECKS).map(([name, what]) => [`\`${name}\``, what]),
  )
}

/** What is wrong with a spec as such, before anything is run. */
import type { PluginKind, PluginSpec } from './spec.ts'

export const PLUGIN_KINDS: readonly PluginKind[] = ['source', 'transform', 'gate', 'aggregate', 'sink']
const DETERMINISMS = ['deterministic', 'external', 'random']

/** True for anything that was meant as a spec, sound or not. */
export function looksLikeSpec(value: unknown): value is PluginSpec {
  return typeof value === 'object' && value !== null && PLUGIN_KINDS.includes((value as { kind: PluginKind }).kind)
}

/** One sentence each, without a full stop; none if the spec is sound. Trusts no type: plugins may be plain JavaScript. */
export function specProblems(spec: PluginSpec): string[] {
  const s = spec as unknown as { readonly [key: string]: unknown }
  const problems: string[] = []
  const need = (holds: boolean, problem: string) => {
    if (!holds) problems.push(problem)
  }
  need(
    typeof s.name === 'string' && /^[a-z][a-z0-9_]*$/.test(s.name),
    `the name ${String(s.name)} isn’t lower case letters, digits and _`,
  )
  need(typeof s.summary === 'string' && s.summary.trim() !== '', 'there is no summary')
  need(!String(s.summary).endsWith('.'), 'the summary ends with a full stop')
  need(typeof (s.options as { safeParse?: unknown } | null)?.safeParse === 'function', 'options isn’t a zod type')
  need(DETERMINISMS.includes(String(s.determinism)), `determinism isn’t one of ${DETERMINISMS.join(', ')}`)
  need(typeof s.create === 'function', 'create isn’t a function')
  problems.push(...errorProblems(s.errors), ...exampleProblems(s.examples), ...kindProblems(s))
  return problems
}

function errorProblems(errors: unknown): string[] {
  if (typeof errors !== 'object' || errors === null)
    return ['there is no table of error codes; {} if it returns no errors']
  return Object.entries(errors).flatMap(([code, sentence]) => {
    if (!/^[A-Z0-9_]{1,64}$/.test(code)) return [`the error code ${JSON.stringify(code)} isn’t [A-Z0-9_]{1,64}`]
    return typeof sentence === 'string' && sentence.trim() !== '' ? [] : [`the error code ${code} has no sentence`]
  })
}

function exampleProblems(examples: unknown): string[] {
  if (!Array.isArray(examples) || examples.length === 0) return ['there is no example']
  return examples.flatMap((example: unknown, i) => {
    const title = (example as { title?: unknown } | null)?.title
    return typeof title === 'string' && title.trim() !== '' ? [] : [`example ${i + 1} has no title`]
  })
}

function kindProblems(s: { readonly [key: string]: unknown }): string[] {
  switch (s.kind) {
    case 'source':
      return [
        ...(typeof s.textual === 'boolean' ? [] : ['textual isn’t true or false']),
        ...(typeof s.rereadable === 'function' ? [] : ['rereadable isn’t a function']),
      ]
    case 'transform':
      return [
        ...(s.cardinality === 'one' || s.cardinality === 'many' ? [] : ['cardinality isn’t one or many']),
        ...(s.ordered === undefined || typeof s.ordered === 'boolean' ? [] : ['ordered isn’t true or false']),
        ...(s.ordered === true ? orderedProblems(s) : []),
      ]
    case 'aggregate': {
      const outputs = Array.isArray(s.outputs) ? s.outputs : []
      const known = outputs.every(output => output === 'transform' || output === 'passthrough')
      return outputs.length > 0 && known ? [] : ['outputs isn’t a list of transform and passthrough']
    }
    case 'sink': {
      if (s.delivery === undefined || s.delivery === 'rewindable') return []
      if (s.delivery !== 'outbound') return ['delivery isn’t rewindable or outbound']
      return [
        ...(typeof s.services === 'function' ? [] : ['services isn’t a function']),
        ...(typeof s.idempotent === 'function' ? [] : ['idempotent isn’t a function']),
      ]
    }
    case 'gate':
      return []
    default:
      return [`the kind ${JSON.stringify(s.kind)} isn’t one of ${PLUGIN_KINDS.join(', ')}`]
  }
}

/** What takes rows in order answers at once, and the same each time. */
function orderedProblems(s: { readonly [key: string]: unknown }): string[] {
  const without = ['services', 'concurrency'].filter(key => s[key] !== undefined)
  return [
    ...(s.determinism === 'deterministic' ? [] : ['it takes rows in order, and its determinism isn’t deterministic']),
    ...without.map(key => `it takes rows in order, one at a time, and has ${key}`),
  ]
}

/** Calls of functions: the overloads that fit are found before the run, and again at run time where types are open. */
import type { ASTNode } from '@marcbachmann/cel-js'
import { nearestNames } from '../model/nearest.ts'
import type { Compilation, Compiled, Run } from './compilation.ts'
import { FUNCTIONS, fittingOverloads, keyOfCall, type Overload, UNSUPPORTED } from './functions.ts'
import { compileMacro, MACROS } from './macros.ts'
import { unusable } from './operators.ts'
import { compilePattern, isPattern } from './pattern.ts'
import { ANY, BOOL, describe, type Type, unify } from './types.ts'
import { kindOf, type Value } from './values.ts'

export type CallNode = Extract<ASTNode, { op: 'call' | 'rcall' }>

export function compileCall(c: Compilation, node: CallNode): Compiled {
  const macro = compileMacro(c, node)
  if (macro !== null) return macro
  const { key, args } = keyOfCall(node, name => c.variable(name) !== undefined)
  return compileFunction(c, node, key, args)
}

function compileFunction(c: Compilation, node: CallNode, key: string, argNodes: readonly ASTNode[]): Compiled {
  const all = FUNCTIONS.get(key)
  if (all === undefined) return unknownFunction(c, node, key)
  const args = argNodes.map(arg => c.compile(arg))
  const types = args.map(arg => arg.type)
  const fitting = fittingOverloads(all, types)
  if (fitting.length === 0) return noOverload(c, node, key, all, types)
  if (key === 'matches' || key === '.matches') {
    const constant = compileMatches(c, node, argNodes, args)
    if (constant !== null) return constant
  }
  const gives = fitting.map(each => (each.giving === undefined ? each.gives : each.giving(types)))
  const type = gives.reduce((a, b) => unify(a, b) ?? ANY)
  return { type: new Set(gives.map(each => each.kind)).size > 1 ? ANY : type, run: calling(fitting, args, c.at(node)) }
}

function calling(overloads: readonly Overload[], args: readonly Compiled[], at: string): Run {
  const [only] = overloads
  if (overloads.length === 1 && only !== undefined && args.length === 1) {
    const [kind] = only.takes
    const arg = (args[0] as Compiled).run
    return frame => {
      const value = arg(frame)
      return kind === 'any' || kindOf(value) === kind ? only.run([value], at) : refuse(overloads, [value], at)
    }
  }
  return frame => {
    const values = args.map(arg => arg.run(frame))
    const found = overloads.find(each =>
      each.takes.every((kind, i) => kind === 'any' || kindOf(values[i] as Value) === kind),
    )
    return found === undefined ? refuse(overloads, values, at) : found.run(values, at)
  }
}

function refuse(overloads: readonly Overload[], values: readonly Value[], at: string): never {
  const wrong = values.findIndex((value, i) =>
    overloads.every(({ takes }) => takes[i] !== 'any' && takes[i] !== kindOf(value)),
  )
  const index = Math.max(0, wrong)
  const kinds = [...new Set(overloads.map(({ takes }) => describe(takes[index] ?? 'any')))]
  return unusable(values[index] as Value, at, `it needs ${kinds.join(' or ')}`)
}

/** A pattern that is known before the run is checked and compiled once. */
function compileMatches(
  c: Compilation,
  node: CallNode,
  nodes: readonly ASTNode[],
  args: readonly Compiled[],
): Compiled | null {
  const source = args[1]?.literal
  if (typeof source !== 'string') return null
  const pattern = compilePattern(source)
  if (!isPattern(pattern)) {
    return c.problem(nodes[1] as ASTNode, 'CUSTODY_PATTERN', `the pattern isn’t valid RE2 syntax: ${pattern.problem}`)
  }
  const text = (args[0] as Compiled).run
  const at = c.at(node)
  return {
    type: BOOL,
    run: frame => {
      const value = text(frame)
      return typeof value === 'string' ? pattern.test(value) : unusable(value, at, 'it needs a text')
    },
  }
}

// ── problems ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A key as people write it: `.trim` is `trim`. */
const written = (key: string) => key.replace(/^\./, '')

function unknownFunction(c: Compilation, node: CallNode, key: string): Compiled {
  const unsupported = UNSUPPORTED.get(key)
  if (unsupported !== undefined) return c.problem(node, 'CUSTODY_CEL_TYPE', `${key}() can’t be used: ${unsupported}`)
  const other = key.startsWith('.') ? key.slice(1) : `.${key}`
  const form = key.startsWith('.') ? `${written(key)}(…)` : `….${key}(…)`
  if (FUNCTIONS.has(other) || MACROS.has(other)) {
    return c.problem(node, 'CUSTODY_CEL_TYPE', `there is no function ${written(key)} of this form`, `Write ${form}.`)
  }
  const [nearest] = nearestNames(written(key), [...FUNCTIONS.keys(), ...MACROS].map(written))
  const hint = nearest === undefined ? undefined : `Did you mean ${nearest}?`
  return c.problem(node, 'CUSTODY_CEL_TYPE', `there is no function ${written(key)}`, hint)
}

function noOverload(
  c: Compilation,
  node: CallNode,
  key: string,
  all: readonly Overload[],
  types: readonly Type[],
): Compiled {
  const offset = key.startsWith('.') ? 1 : 0
  const sameCount = all.filter(each => each.takes.length === types.length)
  if (sameCount.length === 0) {
    const counts = [...new Set(all.map(each => each.takes.length - offset))].join(' or ')
    return c.problem(
      node,
      'CUSTODY_CEL_TYPE',
      `${written(key)} takes ${counts} arguments, not ${types.length - offset}`,
    )
  }
  const given = types.slice(offset).map(type => describe(type.kind))
  const on = offset === 1 ? ` of ${describe((types[0] as Type).kind)}` : ''
  const list = given.length === 0 ? '' : ` with ${given.join(' and ')}`
  const forms = sameCount.map(({ takes }) => takes.map(describe).join(', '))
  const hint = `${written(key)} works with: ${[...new Set(forms)].join('; ')}.`
  return c.problem(node, 'CUSTODY_CEL_TYPE', `there is no ${written(key)}${on}${list}`, hint)
}

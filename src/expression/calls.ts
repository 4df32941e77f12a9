/** Calls of functions: the overloads that fit are found before the run, and again at run time where types are open. */
import type { ASTNode } from '@marcbachmann/cel-js'
import { nearestNames } from '../model/nearest.ts'
import type { Compilation, Compiled, Run } from './compilation.ts'
import { asDecimal } from './decimals.ts'
import { FUNCTIONS, fittingOverloads, keyOfCall, MACROS, UNSUPPORTED } from './functions.ts'
import { elsewhereHint } from './hints.ts'
import type { FunctionSpec, Overload } from './library/spec.ts'
import { compileMacro } from './macros.ts'
import { unusable, wholeAsInteger } from './operators.ts'
import { compilePattern, isPattern } from './pattern.ts'
import { lookedThrough, made } from './rounds.ts'
import { SECRETS_HINT } from './secrets.ts'
import { ANY, describe, type Type, unify } from './types.ts'
import { kindOf, type Value } from './values.ts'

export type CallNode = Extract<ASTNode, { op: 'call' | 'rcall' }>

export function compileCall(c: Compilation, node: CallNode): Compiled {
  const macro = compileMacro(c, node)
  if (macro !== null) return macro
  const { key, args } = keyOfCall(node, name => c.variable(name) !== undefined)
  return compileFunction(c, node, key, args)
}

function compileFunction(c: Compilation, node: CallNode, key: string, argNodes: readonly ASTNode[]): Compiled {
  const spec = FUNCTIONS.get(key)
  if (spec === undefined) return unknownFunction(c, node, key)
  const args = argNodes.map(arg => lookedThrough(c, c.compile(arg)))
  const types = args.map(arg => arg.type)
  const fitting = fittingOverloads(spec.overloads, types)
  if (fitting.length === 0) return noOverload(c, node, key, spec, types)
  const literals = args.map(({ literal }) => literal)
  const wrong = spec.constants?.(literals) ?? null
  if (wrong !== null) return c.problem(argNodes[wrong.argument] ?? node, wrong.code, wrong.problem)
  const gives = fitting.map(each => (each.giving === undefined ? each.gives : each.giving(types, literals)))
  const type = new Set(gives.map(each => each.kind)).size > 1 ? ANY : gives.reduce((a, b) => unify(a, b) ?? ANY)
  const run = spec.name === 'matches' ? matching(c, node, args) : null
  // The sum of no decimals is the integer 0 until it is taken for what it is.
  const called = run ?? asDecimal({ type: ANY, run: calling(fitting, args, c.at(node)) }, type, c.at(node))
  return { type, run: made(c, type, called) }
}

function calling(overloads: readonly Overload[], args: readonly Compiled[], at: string): Run {
  const [only] = overloads
  if (overloads.length === 1 && only !== undefined && args.length === 1) {
    const [kind] = only.takes
    const arg = (args[0] as Compiled).run
    return frame => {
      const value = arg(frame)
      return kind === 'any' || kindOf(value) === kind ? only.run([value], at) : withIntegers(overloads, [value], at)
    }
  }
  return frame => {
    const values = args.map(arg => arg.run(frame))
    const found = overloadFor(overloads, values)
    return found === undefined ? withIntegers(overloads, values, at) : found.run(values, at)
  }
}

const overloadFor = (overloads: readonly Overload[], values: readonly Value[]) =>
  overloads.find(({ takes }) => takes.every((kind, i) => kind === 'any' || kindOf(values[i] as Value) === kind))

/** What no overload takes: a number of which no more was known serves as an integer where one is needed, if it is whole. */
function withIntegers(overloads: readonly Overload[], values: readonly Value[], at: string): Value {
  const whole = values.map(wholeAsInteger)
  for (const each of overloads) {
    const args = values.map((value, i) => (each.takes[i] === 'int' ? (whole[i] ?? value) : value))
    if (overloadFor([each], args) !== undefined) return each.run(args, at)
  }
  return refuse(overloads, values, at)
}

function refuse(overloads: readonly Overload[], values: readonly Value[], at: string): never {
  const wrong = values.findIndex((value, i) =>
    overloads.every(({ takes }) => takes[i] !== 'any' && takes[i] !== kindOf(value)),
  )
  const index = Math.max(0, wrong)
  const kinds = [...new Set(overloads.map(({ takes }) => describe(takes[index] ?? 'any')))]
  return unusable(values[index] as Value, at, `it needs ${kinds.join(' or ')}`)
}

/** A pattern that is known before the run isn't looked up for each row. */
function matching(c: Compilation, node: CallNode, [subject, source]: readonly Compiled[]): Run | null {
  const pattern = typeof source?.literal === 'string' ? compilePattern(source.literal) : null
  if (subject === undefined || pattern === null || !isPattern(pattern)) return null
  const text = subject.run
  const at = c.at(node)
  return frame => {
    const value = text(frame)
    return typeof value === 'string' ? pattern.test(value) : unusable(value, at, 'it needs a text')
  }
}

// ── problems ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A key as people write it: `.trim` is `trim`. */
const written = (key: string) => key.replace(/^\./, '')

function unknownFunction(c: Compilation, node: CallNode, key: string): Compiled {
  const unsupported = UNSUPPORTED.get(key)
  if (unsupported !== undefined) return c.problem(node, 'CUSTODY_CEL_TYPE', `${key}() can’t be used: ${unsupported}`)
  const macro = MACROS.get(key)
  if (macro !== undefined) {
    const hint = `It is called as ${macro.signatures?.join(' or ')}.`
    return c.problem(node, 'CUSTODY_CEL_TYPE', `${written(key)} isn’t called like this`, hint)
  }
  const other = key.startsWith('.') ? key.slice(1) : `.${key}`
  const form = key.startsWith('.') ? `${written(key)}(…)` : `….${key}(…)`
  if (FUNCTIONS.has(other) || MACROS.has(other)) {
    return c.problem(node, 'CUSTODY_CEL_TYPE', `there is no function ${written(key)} of this form`, `Write ${form}.`)
  }
  const names = [...new Set([...FUNCTIONS.keys(), ...MACROS.keys()].map(written))]
  const last = written(key).replace(/^.*\./, '')
  const nearest =
    names.find(name => name.endsWith(`.${key}`)) ??
    nearestNames(written(key), names)[0] ??
    names.find(name => name === last || name.endsWith(`.${last}`))
  const elsewhere = elsewhereHint(written(key))
  if (elsewhere !== null)
    return c.problem(node, 'CUSTODY_CEL_TYPE', `there is no function ${written(key)}`, `${elsewhere} ${LIST}`)
  const hint = nearest === undefined ? LIST : `Did you mean ${nearest}? ${LIST}`
  return c.problem(node, 'CUSTODY_CEL_TYPE', `there is no function ${written(key)}`, hint)
}

const LIST = 'custody functions lists all of them, and docs/functions.md.'

const TIMESTAMP_HINT =
  'A text becomes a timestamp by date.parse(text, "dd.MM.yyyy"), or by timestamp(text) as in timestamp("2026-01-31T00:00:00Z").'

function noOverload(
  c: Compilation,
  node: CallNode,
  key: string,
  { overloads: all }: FunctionSpec,
  types: readonly Type[],
): Compiled {
  const offset = key.startsWith('.') ? 1 : 0
  const sameCount = all.filter(each => each.takes.length === types.length)
  if (sameCount.length === 0) {
    const counts = [...new Set(all.map(each => each.takes.length - offset))].sort((a, b) => a - b)
    const [least = 0, most = least] = [counts[0], counts.at(-1)]
    const said = counts.length > 2 && most - least === counts.length - 1 ? `${least} to ${most}` : counts.join(' or ')
    return c.problem(node, 'CUSTODY_CEL_TYPE', `${written(key)} takes ${said} arguments, not ${types.length - offset}`)
  }
  const given = types.slice(offset).map(type => describe(type.kind))
  const on = offset === 1 ? ` of ${describe((types[0] as Type).kind)}` : ''
  const list = given.length === 0 ? '' : ` with ${given.join(' and ')}`
  const forms = sameCount.map(({ takes }) => takes.map(describe).join(', '))
  const secret = sameCount.some(({ takes }) =>
    takes.some((kind, i) => kind === 'secret' && types[i]?.kind !== 'secret'),
  )
  const textForTime = sameCount.some(({ takes }) =>
    takes.some((kind, i) => kind === 'timestamp' && types[i]?.kind === 'string'),
  )
  const works = `${written(key)} works with: ${[...new Set(forms)].join('; ')}.`
  const hint = `${works} ${secret ? `${SECRETS_HINT} ` : ''}${textForTime ? `${TIMESTAMP_HINT} ` : ''}More: custody functions ${written(key)}.`
  return c.problem(node, 'CUSTODY_CEL_TYPE', `there is no ${written(key)}${on}${list}`, hint)
}

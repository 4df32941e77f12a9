/** Macros: calls whose arguments aren't evaluated first. */

import type { ASTNode } from '@marcbachmann/cel-js'
import type { CallNode } from './calls.ts'
import type { Compilation, Compiled, Frame, Run } from './compilation.ts'
import { asDecimal, jointDecimal } from './decimals.ts'
import { Fault } from './faults.ts'
import { pathOf, present, typeOfPath } from './fields.ts'
import { compileKeyed, compileOptional } from './keyed.ts'
import { unusable } from './operators.ts'
import { elementsOf, elementType, step } from './rounds.ts'
import { ANY, BOOL, describe, listOf, optionalOf, unify } from './types.ts'
import { Optional, type Value } from './values.ts'

/** Null if the call isn't a macro's. */
export function compileMacro(c: Compilation, node: CallNode): Compiled | null {
  if (node.op === 'call') {
    const [name, args] = node.args
    return name === 'has' && args.length === 1 ? compileHas(c, args[0] as ASTNode) : null
  }
  const [name, receiver, args] = node.args
  const [first, second, third] = args
  if (name === 'bind' && receiver.op === 'id' && receiver.args === 'cel' && first && second && third) {
    return compileBind(c, first, second, third)
  }
  if ((name === 'or' || name === 'orValue') && first && args.length === 1)
    return compileOr(c, node, name, receiver, first)
  if (!first || !second || first.op !== 'id') return null
  if (name === 'map' && args.length <= 3) return compileMap(c, node, receiver, args)
  if (args.length !== 2) return null
  switch (name) {
    case 'all':
    case 'exists':
    case 'exists_one':
    case 'filter':
      return compileTest(c, node, name, receiver, first.args, second)
    case 'sortBy':
    case 'groupBy':
      return compileKeyed(c, node, name, receiver, first.args, second)
    case 'optMap':
    case 'optFlatMap':
      return compileOptional(c, node, name, receiver, first.args, second)
    default:
      return null
  }
}

/**
 * `has(row.note)` is true if the field is there and not null, so that `has(row.note) && row.note.contains("x")` is safe
 * for an empty CSV cell too. It is false, and no error, if something on the way to the field is missing.
 */
function compileHas(c: Compilation, node: ASTNode): Compiled {
  const path = pathOf(c, node)
  if (path !== null) {
    typeOfPath(c, node, path)
    c.reads(path)
    return { type: BOOL, run: frame => present(frame.row, path) !== undefined }
  }
  if (node.op !== '.' && node.op !== '.?') {
    return c.problem(node, 'CUSTODY_CEL_TYPE', 'has() takes a field, such as has(row.note)')
  }
  const left = c.compile(node.args[0])
  const name = node.args[1]
  return { type: BOOL, run: frame => hasField(left.run(frame), name) }
}

function hasField(value: Value, name: string): boolean {
  if (value instanceof Optional) return value.value !== undefined && hasField(value.value, name)
  const found = value instanceof Map ? value.get(name) : undefined
  return found !== undefined && found !== null
}

/** `cel.bind(x, value, body)` */
function compileBind(c: Compilation, name: ASTNode, value: ASTNode, body: ASTNode): Compiled {
  const bound = c.compile(value)
  if (name.op !== 'id') return c.problem(name, 'CUSTODY_CEL_SYNTAX', 'cel.bind takes a name first')
  const inner = c.withVariable(name.args, bound.type, body)
  return {
    type: inner.body.type,
    run: frame => {
      frame.locals[inner.slot] = bound.run(frame)
      return inner.body.run(frame)
    },
  }
}

/** `row.?note.orValue("none")`, `row.?a.or(row.?b)`: the argument is evaluated only if the value isn't there. */
function compileOr(
  c: Compilation,
  node: CallNode,
  name: 'or' | 'orValue',
  receiver: ASTNode,
  other: ASTNode,
): Compiled {
  const left = c.compile(receiver)
  const right = c.compile(other)
  if (left.type.kind !== 'optional' && left.type.kind !== 'any') {
    const hint = 'An optional value comes from row.?field.'
    return c.problem(
      node,
      'CUSTODY_CEL_TYPE',
      `${name} is for optional values, not for ${describe(left.type.kind)}`,
      hint,
    )
  }
  const inner = left.type.of ?? ANY
  const wanted = name === 'or' ? optionalOf(inner) : inner
  const type = unify(wanted, right.type) ?? (name === 'orValue' ? jointDecimal(wanted, right.type) : null)
  if (type === null) {
    const message = `${c.at(receiver)} holds ${describe(inner.kind)}, and ${c.at(other)} is ${describe(right.type.kind)}`
    return c.problem(node, 'CUSTODY_CEL_TYPE', message, 'Give a value of the same type.')
  }
  const at = c.at(node)
  const run: Run = frame => {
    const value = left.run(frame)
    if (!(value instanceof Optional)) return unusable(value, at, 'it needs an optional value')
    if (value.value === undefined) return right.run(frame)
    return name === 'or' ? value : value.value
  }
  return { type, run: asDecimal({ type: ANY, run }, type, at) }
}

// ── over lists and keys ─────────────────────────────────────────────────────────────────────────────────────────────

function testing(c: Compilation, node: ASTNode, body: Compiled): (frame: Frame) => boolean {
  if (body.type.kind !== 'bool' && body.type.kind !== 'any') {
    c.problem(node, 'CUSTODY_CEL_TYPE', `${c.at(node)} gives ${describe(body.type.kind)}, not true or false`)
  }
  const at = c.at(node)
  return frame => {
    const value = body.run(frame)
    return typeof value === 'boolean' ? value : unusable(value, at, 'it must give true or false')
  }
}

type Test = 'all' | 'exists' | 'exists_one' | 'filter'

function compileTest(
  c: Compilation,
  node: CallNode,
  name: Test,
  over: ASTNode,
  variable: string,
  body: ASTNode,
): Compiled {
  const list = c.compile(over)
  const inner = c.withElement(variable, elementType(c, over, list.type), body)
  const test = testing(c, body, inner.body)
  const at = c.at(node)
  const { slot } = inner
  const elements = (frame: Frame) => elementsOf(list.run(frame), at)
  const holds = (frame: Frame, element: Value) => {
    step(frame)
    frame.locals[slot] = element
    return test(frame)
  }
  switch (name) {
    case 'all':
      return { type: BOOL, run: frame => !settles(elements(frame), false, each => holds(frame, each)) }
    case 'exists':
      return { type: BOOL, run: frame => settles(elements(frame), true, each => holds(frame, each)) }
    case 'exists_one':
      return { type: BOOL, run: frame => elements(frame).filter(each => holds(frame, each)).length === 1 }
    case 'filter':
      return {
        type: listOf(elementType(c, over, list.type)),
        run: frame => elements(frame).filter(each => holds(frame, each)),
      }
  }
}

/** True if any element gives `wanted`; then errors of other elements don't count, as the standard has it. */
function settles(elements: readonly Value[], wanted: boolean, test: (element: Value) => boolean): boolean {
  let first: Fault | null = null
  for (const element of elements) {
    try {
      if (test(element) === wanted) return true
    } catch (error) {
      if (!(error instanceof Fault) || error.code === 'EVALUATION_LIMIT') throw error
      first ??= error
    }
  }
  if (first !== null) throw first
  return false
}

/** `list.map(x, value)`, `list.map(x, condition, value)` */
function compileMap(c: Compilation, node: CallNode, over: ASTNode, args: readonly ASTNode[]): Compiled {
  const list = c.compile(over)
  const element = elementType(c, over, list.type)
  const name = (args[0] as Extract<ASTNode, { op: 'id' }>).args
  const value = c.withElement(name, element, args[args.length - 1] as ASTNode)
  let test: ((frame: Frame) => boolean) | null = null
  let testSlot = value.slot
  if (args.length === 3) {
    const condition = c.withElement(name, element, args[1] as ASTNode)
    test = testing(c, args[1] as ASTNode, condition.body)
    testSlot = condition.slot
  }
  const at = c.at(node)
  const run: Run = frame => {
    const results: Value[] = []
    for (const each of elementsOf(list.run(frame), at)) {
      step(frame)
      frame.locals[testSlot] = each
      if (test !== null && !test(frame)) continue
      frame.locals[value.slot] = each
      results.push(value.body.run(frame))
    }
    return results
  }
  return { type: listOf(value.body.type), run }
}

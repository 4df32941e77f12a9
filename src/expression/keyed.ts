/** Macros that order and group a list by something about each element, and those on an optional value. */
import type { ASTNode } from '@marcbachmann/cel-js'
import type { CallNode } from './calls.ts'
import type { Compilation, Compiled, Run } from './compilation.ts'
import { mapKey, ordered, unusable } from './operators.ts'
import { elementsOf, elementType, step } from './rounds.ts'
import { ANY, describe, listOf, MAP, optionalOf } from './types.ts'
import { kindOf, NONE, Optional, type Value, type ValueMap } from './values.ts'

/** `list.sortBy(x, key)`, `list.groupBy(x, key)` */
export function compileKeyed(
  c: Compilation,
  node: CallNode,
  name: 'sortBy' | 'groupBy',
  over: ASTNode,
  variable: string,
  body: ASTNode,
): Compiled {
  const list = c.compile(over)
  const element = elementType(c, over, list.type)
  const inner = c.withElement(variable, element, body)
  const at = c.at(node)
  const arrange = name === 'sortBy' ? sortedBy : groupedBy
  const run: Run = frame => {
    const elements = elementsOf(list.run(frame), at)
    const keys = elements.map(each => {
      step(frame)
      frame.locals[inner.slot] = each
      return inner.body.run(frame)
    })
    return arrange(elements, keys, at)
  }
  return { type: name === 'sortBy' ? listOf(element) : MAP, run }
}

type Values = readonly Value[]

function sortedBy(elements: Values, keys: Values, at: string): Values {
  const pairs = elements.map((each, i) => ({ each, key: keys[i] ?? null }))
  pairs.sort((a, b) => (ordered('<', a.key, b.key, at) ? -1 : ordered('<', b.key, a.key, at) ? 1 : 0))
  return pairs.map(({ each }) => each)
}

function groupedBy(elements: Values, keys: Values, at: string): ValueMap {
  const groups = new Map<Value, Value[]>()
  for (const [i, each] of elements.entries()) {
    const key = mapKey(keys[i] ?? null)
    if (!['string', 'int', 'bool'].includes(kindOf(key))) unusable(key, at, 'a key must be a text')
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [each])
    else group.push(each)
  }
  return groups
}

/** `optional.optMap(x, value)`, `optional.optFlatMap(x, optional)` */
export function compileOptional(
  c: Compilation,
  node: CallNode,
  name: 'optMap' | 'optFlatMap',
  receiver: ASTNode,
  variable: string,
  body: ASTNode,
): Compiled {
  const left = c.compile(receiver)
  if (left.type.kind !== 'optional' && left.type.kind !== 'any') {
    const message = `${name} is for optional values, not for ${describe(left.type.kind)}`
    return c.problem(node, 'CUSTODY_CEL_TYPE', message, 'An optional value comes from row.?field.')
  }
  const inner = c.withVariable(variable, left.type.of ?? ANY, body)
  const { type } = inner.body
  if (name === 'optFlatMap' && type.kind !== 'optional' && type.kind !== 'any') {
    return c.problem(body, 'CUSTODY_CEL_TYPE', `${c.at(body)} is ${describe(type.kind)}, not an optional value`)
  }
  const at = c.at(node)
  const run: Run = frame => {
    const value = left.run(frame)
    if (!(value instanceof Optional)) return unusable(value, at, 'it needs an optional value')
    if (value.value === undefined) return NONE
    frame.locals[inner.slot] = value.value
    const result = inner.body.run(frame)
    if (name === 'optMap') return new Optional(result)
    return result instanceof Optional ? result : unusable(result, at, 'it must give an optional value')
  }
  return { type: name === 'optMap' ? optionalOf(type) : type.kind === 'optional' ? type : optionalOf(ANY), run }
}

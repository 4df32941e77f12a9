/** Rounds of macros: over elements of a list, or keys of a map. Each is counted, so that macros within macros can't hold a run up. */
import type { ASTNode } from '@marcbachmann/cel-js'
import { grouped } from '../model/number-text.ts'
import type { Compilation, Frame } from './compilation.ts'
import { fault } from './faults.ts'
import { unusable } from './operators.ts'
import { ANY, describe, STRING, type Type } from './types.ts'
import type { Value } from './values.ts'

export const MAX_STEPS = 1_000_000

export function elementType(c: Compilation, node: ASTNode, type: Type): Type {
  if (type.kind === 'list') return type.of ?? ANY
  if (type.kind === 'map') return type.fields === undefined ? ANY : STRING
  if (type.kind !== 'any') {
    c.problem(node, 'CUSTODY_CEL_TYPE', `${c.at(node)} is ${describe(type.kind)}, not a list or a map`)
  }
  return ANY
}

export function elementsOf(value: Value, at: string): readonly Value[] {
  if (Array.isArray(value)) return value
  return value instanceof Map ? [...value.keys()] : unusable(value, at, 'it needs a list or a map')
}

export function step(frame: Frame): void {
  frame.steps += 1
  if (frame.steps > MAX_STEPS) {
    fault('EVALUATION_LIMIT', `the expression takes more than ${grouped(MAX_STEPS)} steps`)
  }
}

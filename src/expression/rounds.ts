/**
 * Rounds of macros: over elements of a list, or keys of a map. Each is a step, and so is a part of what is looked through and made
 * within a round: neither macros within macros nor functions within them can hold a run up, or fill its memory.
 */
import type { ASTNode } from '@marcbachmann/cel-js'
import { grouped } from '../model/number-text.ts'
import type { Compilation, Compiled, Frame, Run } from './compilation.ts'
import { fault } from './faults.ts'
import { MAX_LIST, MAX_TEXT, unusable } from './operators.ts'
import { ANY, describe, type Kind, STRING, type Type } from './types.ts'
import type { Value } from './values.ts'

export const MAX_STEPS = 1_000_000

/** How much of what a function or an operator is given is a step: characters of a text, elements of a list, keys of a map. */
const LOOKED_THROUGH = { text: 2000, elements: 20 }
/** How many characters of a text that one makes are a step. Of lists and maps, each element is one, those of lists in lists as well. */
const MADE_TEXT = 250

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
  take(frame, 1)
}

function take(frame: Frame, steps: number): void {
  frame.steps += steps
  if (frame.steps > MAX_STEPS) {
    fault('EVALUATION_LIMIT', `the expression takes more than ${grouped(MAX_STEPS)} steps`)
  }
}

// ── what is looked through, and made, in a round ────────────────────────────────────────────────────────────────────

/** Steps for a text, a list or a map of that size that is looked through. The largest that there should be is the largest that counts. */
export const stepsToRead = (kind: 'text' | 'elements', size: number): number =>
  kind === 'text'
    ? Math.floor(Math.min(size, MAX_TEXT) / LOOKED_THROUGH.text)
    : Math.floor(Math.min(size, MAX_LIST) / LOOKED_THROUGH.elements)

/** Steps for a text of that length that is made. */
export const stepsToWrite = (length: number): number => Math.floor(Math.min(length, MAX_TEXT) / MADE_TEXT)

/** Steps for a value that is made; more than there are may be any number above these. */
export function stepsToMake(value: Value): number {
  return typeof value === 'string' ? stepsToWrite(value.length) : countElements(value, 0)
}

function countElements(value: Value, before: number): number {
  if (!Array.isArray(value) && !(value instanceof Map)) return before
  let count = before + (Array.isArray(value) ? value.length : value.size)
  for (const each of value.values()) {
    if (count > MAX_STEPS) break
    if (typeof each === 'object') count = countElements(each, count)
  }
  return count
}

const SIZED: ReadonlySet<Kind> = new Set(['string', 'list', 'map', 'any'])

/** What is given to a function, if that is within a round. */
export function lookedThrough(c: Compilation, given: Compiled): Compiled {
  if (!c.repeated || !SIZED.has(given.type.kind)) return given
  const { run, literal } = given
  if (literal !== undefined && readSteps(literal) === 0) return given
  return {
    ...given,
    run: frame => {
      const value = run(frame)
      // Most texts are short.
      if (typeof value !== 'string' || value.length >= LOOKED_THROUGH.text) take(frame, readSteps(value))
      return value
    },
  }
}

function readSteps(value: Value): number {
  if (typeof value === 'string') return stepsToRead('text', value.length)
  if (Array.isArray(value)) return stepsToRead('elements', value.length)
  return value instanceof Map ? stepsToRead('elements', value.size) : 0
}

/** What a function or an operator makes, if that is within a round. */
export function made(c: Compilation, type: Type, run: Run): Run {
  if (!c.repeated || !SIZED.has(type.kind)) return run
  return frame => {
    const value = run(frame)
    if (typeof value !== 'string' || value.length >= MADE_TEXT) take(frame, stepsToMake(value))
    return value
  }
}

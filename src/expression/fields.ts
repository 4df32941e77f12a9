/** Access to fields, keys and positions. Only own fields exist: nothing is inherited from a prototype. */
import type { ASTNode } from '@marcbachmann/cel-js'
import { nearestNames } from '../model/nearest.ts'
import type { Json, Row } from '../model/row.ts'
import type { Compilation, Compiled, Run } from './compilation.ts'
import { fault } from './faults.ts'
import { mapKey, unusable } from './operators.ts'
import { ANY, describe, notNull, optionalOf, type Type } from './types.ts'
import { fromJson, NONE, Optional, type Value } from './values.ts'

type AccessNode = Extract<ASTNode, { op: '.' | '.?' | '[]' | '[?]' }>

/** `row` on its own. Reading it is recorded as the empty path: all fields. */
export function compileWholeRow(c: Compilation): Compiled {
  c.reads([])
  const type = c.rootType
  return { type, run: frame => fromJson(frame.row, type) }
}

export function compileAccess(c: Compilation, node: AccessNode): Compiled {
  const path = pathOf(c, node)
  const optional = node.op === '.?' || node.op === '[?]'
  if (path !== null) {
    const type = typeOfPath(c, node, path)
    c.reads(path)
    if (!optional)
      return { type, run: reading(c, path, type), ...(path.length === 1 ? { field: path[0] as string } : {}) }
    return { type: optionalOf(notNull(type)), run: optionalReading(path, type) }
  }
  const left = c.compile(node.args[0])
  const key = keyOf(c, node)
  const at = c.at(node)
  const inOptional = left.type.kind === 'optional'
  const type = typeOfAccess(c, node, inOptional ? (left.type.of ?? ANY) : left.type, key, optional || inOptional)
  const through = (value: Value, k: Value) => (optional ? optionalAccess(value, k, at) : access(value, k, at))
  return {
    type: optional || inOptional ? optionalOf(notNull(type)) : type,
    run: frame => through(left.run(frame), key.run(frame)),
  }
}

function keyOf(c: Compilation, node: AccessNode): Compiled {
  if (node.op === '.' || node.op === '.?') {
    const name = node.args[1]
    return { type: ANY, run: () => name, literal: name }
  }
  return c.compile(node.args[1])
}

/** Names from the row down, if the node is a chain of fixed names; the last step may be an optional one. */
export function pathOf(c: Compilation, node: ASTNode): readonly string[] | null {
  const names: string[] = []
  let at = node
  while (!c.isRoot(at)) {
    const name = nameOfStep(at, at === node)
    if (name === null) return null
    names.unshift(name)
    at = (at as AccessNode).args[0]
  }
  return names.length === 0 ? null : names
}

function nameOfStep(node: ASTNode, last: boolean): string | null {
  if (node.op === '.' || (last && node.op === '.?')) return node.args[1] as string
  if (node.op !== '[]' && !(last && node.op === '[?]')) return null
  const key = node.args[1] as ASTNode
  return key.op === 'value' && typeof key.args === 'string' ? key.args : null
}

/** The type at the end of a path; problems are noted at the step that has them. */
export function typeOfPath(c: Compilation, node: ASTNode, path: readonly string[]): Type {
  const steps: ASTNode[] = []
  for (let at = node; !c.isRoot(at); at = (at as AccessNode).args[0]) steps.unshift(at)
  let type = c.rootType
  for (const [i, step] of steps.entries()) type = typeOfName(c, step, type, path[i] as string)
  return type
}

function typeOfName(c: Compilation, node: ASTNode, type: Type, name: string): Type {
  if (type.kind === 'any') return ANY
  if (type.kind !== 'map') {
    c.problem(
      node,
      'CUSTODY_CEL_TYPE',
      `${c.at((node as AccessNode).args[0])} is ${describe(type.kind)} and has no fields`,
    )
    return ANY
  }
  const field = type.fields?.get(name)
  if (field !== undefined) return field
  if (type.closed) return unknownField(c, node, type, name)
  if (type.declared && type === c.rootType) {
    const hint = `It may be there all the same; declare it to be sure.${similar(type, name)}`
    c.warn(node, 'CUSTODY_UNKNOWN_FIELD', `${c.at(node)} isn’t a field that the schema declares`, hint)
  }
  return type.of ?? ANY
}

function unknownField(c: Compilation, node: ASTNode, type: Type, name: string): Type {
  const all = [...(type.fields?.keys() ?? [])]
  const shown = all.length > 20 ? `${all.slice(0, 20).join(', ')}, …` : all.join(', ')
  const fields = all.length === 0 ? 'There are no fields here.' : `Fields here: ${shown}.`
  const [nearest] = nearestNames(name, all)
  const hint = nearest === undefined ? fields : `Did you mean ${nearest}? ${fields}`
  c.problem(node, 'CUSTODY_UNKNOWN_FIELD', `${c.at(node)} isn’t a field that can reach this place`, hint)
  return ANY
}

function similar(type: Type, name: string): string {
  const [nearest] = nearestNames(name, [...(type.fields?.keys() ?? [])])
  return nearest === undefined ? '' : ` Did you mean ${nearest}?`
}

function typeOfAccess(c: Compilation, node: AccessNode, left: Type, key: Compiled, lenient: boolean): Type {
  if (typeof key.literal === 'string' && left.kind === 'map') {
    if (lenient && left.closed && !left.fields?.has(key.literal)) return ANY
    return typeOfName(c, node, left, key.literal)
  }
  if (left.kind === 'map') return left.fields === undefined ? (left.of ?? ANY) : ANY
  if (left.kind === 'any') return ANY
  if (left.kind === 'list') {
    if (
      key.type.kind === 'int' ||
      key.type.kind === 'double' ||
      (key.type.kind === 'any' && key.literal === undefined)
    ) {
      return left.of ?? ANY
    }
    c.problem(node, 'CUSTODY_CEL_TYPE', `${c.at(node.args[0])} is a list; its elements have numbers from 0`)
    return ANY
  }
  const hint = left.kind === 'string' ? 'Use charAt or substring for a part of a text.' : undefined
  c.problem(node, 'CUSTODY_CEL_TYPE', `${c.at(node.args[0])} is ${describe(left.kind)} and has no fields`, hint)
  return ANY
}

// ── at run time ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Rows have no prototype; this holds for a row that was made otherwise, too. */
function ownField(object: Row, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

function reading(c: Compilation, path: readonly string[], type: Type): Run {
  if (path.length > 1) return frame => readDeep(frame.row, path, type, c.root)
  const name = path[0] as string
  const inherited = name in Object.prototype
  const declared = c.rootType.fields?.has(name) ?? false
  const exact = type.kind === 'decimal'
  return frame => {
    const json = inherited ? ownField(frame.row, name) : frame.row[name]
    if (json === undefined) return missing(c.root, path, declared ? type : ANY)
    if (exact) return fromJson(json, type)
    return typeof json === 'string' || typeof json === 'boolean' ? json : fromJson(json, type)
  }
}

/** A declared field that may be missing reads as null. */
function missing(root: string, path: readonly string[], type: Type): null {
  return type.nullable ? null : fault('FIELD_MISSING', `${[root, ...path].join('.')} is missing`, path[0])
}

function readDeep(row: Row, path: readonly string[], type: Type, root: string): Value {
  let json: Json | undefined = row
  for (let i = 0; i < path.length; i++) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      const parent = [root, ...path.slice(0, i)].join('.')
      return json === null
        ? fault('VALUE_NULL', `${parent} is null`, path[0])
        : fault('TYPE_MISMATCH', `${parent} has no fields`, path[0])
    }
    json = ownField(json as Row, path[i] as string)
    if (json === undefined) {
      return i === path.length - 1
        ? missing(root, path, type)
        : fault('FIELD_MISSING', `${[root, ...path.slice(0, i + 1)].join('.')} is missing`, path[0])
    }
  }
  return fromJson(json, type)
}

/** The data at a path, or undefined if any part of it is missing or null. */
export function present(row: Row, path: readonly string[]): Json | undefined {
  let json: Json | undefined = row
  for (const name of path) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined
    json = ownField(json as Row, name)
  }
  return json === null ? undefined : json
}

function optionalReading(path: readonly string[], type: Type): Run {
  return frame => {
    const json = present(frame.row, path)
    return json === undefined ? NONE : new Optional(fromJson(json, type))
  }
}

export function access(value: Value, key: Value, at: string): Value {
  if (value instanceof Optional) return value.value === undefined ? NONE : optionalAccess(value.value, key, at)
  if (value instanceof Map) {
    const found = value.get(mapKey(key))
    return found === undefined ? fault('KEY_MISSING', `${at}: there is no such key`) : found
  }
  if (Array.isArray(value)) {
    const element = elementAt(value, key, at)
    return element === undefined ? fault('INDEX_OUT_OF_RANGE', `${at}: the list has no such position`) : element
  }
  return unusable(value, at, 'fields and positions need a map or a list')
}

/** Missing and null both give an empty optional. */
function optionalAccess(value: Value, key: Value, at: string): Optional {
  if (value instanceof Optional) return value.value === undefined ? NONE : optionalAccess(value.value, key, at)
  const found = value instanceof Map ? value.get(mapKey(key)) : Array.isArray(value) ? elementAt(value, key, at) : null
  return found === undefined || found === null ? NONE : new Optional(found)
}

function elementAt(list: readonly Value[], key: Value, at: string): Value | undefined {
  const index = mapKey(key)
  return typeof index === 'bigint' ? list[Number(index)] : unusable(key, at, 'a position in a list is an integer')
}

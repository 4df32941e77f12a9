/** What fields, keys and positions can be, and where reading them fails; what `fields.ts` does at run time. */
import type { ASTNode } from '@marcbachmann/cel-js'
import { ANY, type Type } from '../types.ts'
import type { Analyst, Scope, Variables } from './analyst.ts'
import type { Assumed, Place } from './assumed.ts'
import { ANYTHING, anyOf, asRead, either, exactly, only, type Possible, within, without } from './possible.ts'

export type AccessNode = Extract<ASTNode, { op: '.' | '.?' | '[]' | '[?]' }>

const NULL = anyOf(['null'])
const optionalOf = (of: Possible): Possible => anyOf(['optional'], { of })
const ACCESSES: readonly string[] = ['.', '.?', '[]', '[?]']
const isAccess = (node: ASTNode): node is AccessNode => ACCESSES.includes(node.op)
const isLenient = (node: ASTNode): boolean => node.op === '.?' || node.op === '[?]'

/** One step of a path that starts at the row. */
interface Step {
  readonly node: AccessNode
  readonly name: string
}

export class Accesses {
  readonly #analyst: Analyst
  /** The row as data, as far as it can be relied on. */
  readonly #row: Possible

  constructor(analyst: Analyst, row: Possible) {
    this.#analyst = analyst
    this.#row = row
  }

  wholeRow(): Possible {
    return asRead(this.#row, this.#analyst.expression.rootType)
  }

  /** Where the node looks, if that is a place that has one value throughout. */
  placeOf(node: ASTNode, variables: Variables): Place | null {
    const names: string[] = []
    let at = node
    while (isAccess(at) && !isLenient(at)) {
      const name = fixedName(at)
      if (name === null) return null
      names.unshift(name)
      at = at.args[0]
    }
    if (at.op !== 'id') return null
    const variable = variables.get(at.args)
    if (variable !== undefined) return [variable.place[0], ...names]
    return at.args === this.#analyst.expression.root ? [at.args, ...names] : null
  }

  /** Whether null can stand for a declared field of the row that isn't there. */
  mayBeMissing(node: ASTNode): boolean {
    const steps = this.#stepsOf(node, new Map())
    if (steps === null) return false
    let data: Possible | undefined = this.#row
    for (const { name } of steps.slice(0, -1)) data = data?.fields.get(name)?.value
    return data?.fields.get(steps.at(-1)?.name ?? '')?.present === false
  }

  look(node: AccessNode, scope: Scope): Possible {
    const steps = this.#stepsOf(node, scope.variables)
    const value = steps === null ? this.#element(node, scope) : this.#field(steps, scope)
    const place = this.placeOf(node, scope.variables)
    return place === null ? value : scope.assumed.at(place, value)
  }

  // ── from the row down ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Fixed names from the row down, of which the last may be optional. */
  #stepsOf(node: ASTNode, variables: Variables): readonly Step[] | null {
    const { root } = this.#analyst.expression
    const steps: Step[] = []
    let at = node
    while (!(at.op === 'id' && at.args === root && !variables.has(root))) {
      if (!isAccess(at) || (at !== node && isLenient(at))) return null
      const name = fixedName(at)
      if (name === null) return null
      steps.unshift({ node: at, name })
      at = at.args[0]
    }
    return steps.length === 0 ? null : steps
  }

  #field(steps: readonly Step[], { assumed }: Scope): Possible {
    const { root, rootType } = this.#analyst.expression
    const last = steps.at(-1) as Step
    const lenient = isLenient(last.node)
    let [data, type, place]: [Possible, Type, Place] = [this.#row, rootType, [root]]
    for (const { node, name } of steps) {
      if (node !== steps[0]?.node && !lenient) this.#needFields(node, data)
      const declared = type.fields?.has(name) ?? false
      place = [...place, name]
      const found = fieldOf(data, name)
      type = typeAt(type, name)
      data = found.value
      if (!lenient && !found.present && !isThere(place, assumed)) {
        const nullForMissing = node === last.node && type.nullable && (declared || steps.length > 1)
        if (nullForMissing) data = either(data, NULL)
        else this.#analyst.report(node, `${steps.length > 1 ? this.#analyst.quoted(node) : 'it'} is missing`)
      }
      if (node !== last.node) data = assumed.at(place, data)
    }
    const read = asRead(data, type)
    return lenient ? optionalOf(without(read, 'null')) : read
  }

  /** A field can be read only from a map. */
  #needFields(node: AccessNode, data: Possible): void {
    const parent = node.args[0]
    if (data.kinds.has('null')) this.#analyst.report(node, `${this.#analyst.quoted(parent)} is null`)
    if ([...data.kinds].some(kind => kind !== 'null' && kind !== 'map'))
      this.#analyst.report(node, `${this.#analyst.quoted(parent)} has no fields`)
  }

  // ── of any value ──────────────────────────────────────────────────────────────────────────────────────────────────

  #element(node: AccessNode, scope: Scope): Possible {
    const analyst = this.#analyst
    const holder = node.args[0]
    const key = node.op === '.' || node.op === '.?' ? exactly(node.args[1]) : analyst.look(node.args[1], scope)
    const left = analyst.look(holder, scope)
    if (isLenient(node)) return this.#lenient(node, left, key)
    const held = analyst.need(node, holder, left, ['map', 'list', 'optional'], 'a map or a list')
    const optional = held.kinds.has('optional') ? this.#lenient(node, within(held), key) : anyOf([])
    const place = this.placeOf(node, scope.variables)
    const there = place !== null && isThere(place, scope.assumed)
    const element = held.kinds.has('list') ? this.#position(node, held, key) : anyOf([])
    return [held.kinds.has('map') ? this.#key(node, held, key, there) : anyOf([]), element].reduce(either, optional)
  }

  #key(node: AccessNode, map: Possible, key: Possible, there: boolean): Possible {
    if (typeof key.constant !== 'string') {
      this.#analyst.report(node, 'there is no such key')
      return [...map.fields.values()].map(({ value }) => value).reduce(either, within(map))
    }
    const found = fieldOf(map, key.constant)
    if (!found.present && !there) this.#analyst.report(node, 'there is no such key')
    return found.value
  }

  #position(node: AccessNode, list: Possible, key: Possible): Possible {
    this.#needInteger(node, key)
    const [least, most] = key.int
    if (least < 0n || most >= BigInt(Math.min(list.size[0], Number.MAX_SAFE_INTEGER)))
      this.#analyst.report(node, 'the list has no such position')
    return within(list)
  }

  #needInteger(node: AccessNode, key: Possible): void {
    if ([...key.kinds].some(kind => kind !== 'int')) this.#analyst.report(node, 'the position isn’t an integer')
  }

  /** Missing and null both give an empty optional, and so does a field of an empty one. */
  #lenient(node: AccessNode, left: Possible, key: Possible): Possible {
    const maps = only(left, ['map'])
    const name = key.constant
    const field = typeof name === 'string' ? fieldOf(maps, name).value : ANYTHING
    let value = left.kinds.has('map') ? field : anyOf([])
    if (left.kinds.has('list')) {
      this.#needInteger(node, key)
      value = either(value, within(only(left, ['list'])))
    }
    if (left.kinds.has('optional')) {
      // On a value of which nothing is known this would never end.
      const inner = within(left)
      if (inner === ANYTHING) this.#needInteger(node, key)
      value = either(value, inner === ANYTHING ? ANYTHING : within(this.#lenient(node, inner, key)))
    }
    return optionalOf(without(value, 'null'))
  }
}

function fixedName(node: AccessNode): string | null {
  if (node.op === '.' || node.op === '.?') return node.args[1]
  const key = node.args[1]
  return key.op === 'value' && typeof key.args === 'string' ? key.args : null
}

/** What stands under a key of a map. */
function fieldOf(map: Possible, name: string): { readonly value: Possible; readonly present: boolean } {
  return map.fields.get(name) ?? { value: within(map), present: false }
}

function typeAt(type: Type, name: string): Type {
  return type.kind === 'map' ? (type.fields?.get(name) ?? type.of ?? ANY) : ANY
}

/** Whether null is ruled out there: then it isn't missing either. */
const isThere = (place: Place, assumed: Assumed): boolean => assumed.at(place, NULL).kinds.size === 0

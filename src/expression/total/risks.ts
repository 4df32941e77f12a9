/**
 * Which operations of an expression can fail on rows of a schema. If it names none, the expression has a value for every row that
 * fits: this is what lets a gate do without `on_error`.
 *
 * RISKS-1. A value that can come is in what `look` says of its node.
 * RISKS-2. An operation that can fail on possible operands is reported, unless it is evaluated only where they can't occur.
 *
 * It follows the closures of the folder above, operation by operation; a property holds it against them.
 */

import type { ASTNode } from '@marcbachmann/cel-js'
import { grouped } from '../../model/number-text.ts'
import type { RowSchema } from '../../model/schema.ts'
import { extentOf, writtenAt } from '../extent.ts'
import { MAX_STEPS } from '../rounds.ts'
import { RUN_POSSIBLE } from '../run-value.ts'
import { type Kind, NUMBERS } from '../types.ts'
import { TYPE_VALUES, type Value } from '../values.ts'
import { Accesses } from './accesses.ts'
import type { Analysed, Analyst, Scope } from './analyst.ts'
import { Assumed, assuming, type Looking, type Place } from './assumed.ts'
import { lookAtCall } from './call-risks.ts'
import { arithmeticOf, negated, orderProblem } from './operator-risks.ts'
import {
  ANYTHING,
  anyOf,
  asDoubles,
  BOOLEAN,
  either,
  eitherOf,
  exactly,
  ofRow,
  only,
  type Possible,
  without,
} from './possible.ts'
import type { Risk } from './risk.ts'
import { mostToMake, mostToRead } from './steps.ts'

/**
 * @param schema what can be relied on of the rows; null: nothing.
 * @param assumed what is known of the row beside.
 * @param wanted what the result must be.
 */
export function risksOf(
  expression: Analysed,
  schema: RowSchema | null,
  wanted: Kind,
  assumed = Assumed.NOTHING,
): { readonly risks: readonly Risk[]; readonly ifFalse: Assumed } {
  const analysis = new Analysis(expression, schema)
  const scope = { variables: new Map(), assumed }
  analysis.lookAtAll(scope, wanted)
  const ifFalse = assuming(expression.ast, false, assumed, analysis.looking(scope))
  return { risks: analysis.risks, ifFalse }
}

class Analysis implements Analyst {
  readonly expression: Analysed
  readonly #accesses: Accesses
  readonly #risks = new Map<string, Risk>()
  readonly #branches = new Map<ASTNode, boolean>()
  /** True while something is looked at that was or will be reported elsewhere. */
  #silent = false
  #rounds = 0
  /** How many rounds what is looked at is within. */
  #repeated = 0
  #bindings = 0

  constructor(expression: Analysed, schema: RowSchema | null) {
    this.expression = expression
    this.#accesses = new Accesses(this, ofRow(schema))
  }

  get risks(): readonly Risk[] {
    return [...this.#risks.values()].sort((a, b) => a.offset - b.offset)
  }

  lookAtAll(scope: Scope, wanted: Kind): void {
    const { ast } = this.expression
    this.need(ast, ast, this.look(ast, scope), [wanted], wanted === 'bool' ? 'true or false' : 'a text')
    if (this.#rounds > MAX_STEPS) this.#reportRounds(ast)
  }

  report(node: ASTNode, where: string): void {
    if (this.#silent) return
    const message = `${this.quoted(node)} fails where ${where}`
    const risk = { message, ...extentOf(this.expression.source, node) }
    this.#risks.set(`${risk.offset} ${message}`, risk)
  }

  quoted(node: ASTNode): string {
    return `\`${writtenAt(this.expression.source, node, 60)}\``
  }

  looking({ variables }: Scope): Looking {
    return {
      placeOf: node => this.#accesses.placeOf(node, variables),
      valueOf: (node, assumed) =>
        this.#branching(node) ? ANYTHING : this.#silently(() => this.look(node, { variables, assumed })),
    }
  }

  /** Whether conditions within the node would be looked at once more each time: nested ones would take too long. */
  #branching(node: ASTNode): boolean {
    const known = this.#branches.get(node)
    if (known !== undefined) return known
    const branching = ['?:', '&&', '||'].includes(node.op) || partsOf(node).some(part => this.#branching(part))
    this.#branches.set(node, branching)
    return branching
  }

  #silently<T>(look: () => T): T {
    const [silent, rounds] = [this.#silent, this.#rounds]
    this.#silent = true
    try {
      return look()
    } finally {
      this.#silent = silent
      this.#rounds = rounds
    }
  }

  /** The scope where `node` was `truth`. */
  where(node: ASTNode, truth: boolean, scope: Scope): Scope {
    return { ...scope, assumed: assuming(node, truth, scope.assumed, this.looking(scope)) }
  }

  /** The scope in which `name` is a variable, which may hide another. */
  binding(name: string, value: Possible, scope: Scope): Scope {
    const place: Place = [`#${this.#bindings++}`]
    return { ...scope, variables: new Map([...scope.variables, [name, { place, value }]]) }
  }

  /** What the node can be; reports what can fail on the way. */
  look(node: ASTNode, scope: Scope): Possible {
    switch (node.op) {
      case 'value':
        return exactly(node.args as Value)
      case 'id':
        return this.#name(node.args, scope)
      case '.':
      case '.?':
      case '[]':
      case '[?]':
        return this.#accesses.look(node, scope)
      case 'call':
      case 'rcall':
        return lookAtCall(this, node, scope)
      case 'list': {
        const elements = node.args.map(each => this.look(each, scope))
        return anyOf(['list'], { size: [elements.length, elements.length], of: eitherOf(elements) })
      }
      case 'map':
        return this.#map(node.args, scope)
      case '?:':
        return this.#choice(node, scope)
      case '||':
      case '&&': {
        const [left, right] = node.args
        this.condition(left, scope)
        this.condition(right, this.where(left, node.op === '&&', scope))
        return BOOLEAN
      }
      case '!_':
        this.condition(node.args, scope)
        return BOOLEAN
      case '-_':
        return this.#minus(node, scope)
      case '==':
      case '!=':
        for (const each of node.args) this.look(each, scope)
        return BOOLEAN
      case 'in': {
        const [left, right] = node.args
        this.look(left, scope)
        this.reads(this.need(node, right, this.look(right, scope), ['list', 'map'], 'a list or a map'))
        return BOOLEAN
      }
      default:
        return this.#operation(node, scope)
    }
  }

  /** Reports where `value`, the value of `operand`, isn't of these kinds. @returns what it is then. */
  need(node: ASTNode, operand: ASTNode, value: Possible, kinds: readonly Kind[], words: string): Possible {
    const name = node === operand ? 'it' : this.quoted(operand)
    this.#needValue(node, operand, value)
    if ([...value.kinds].some(kind => kind !== 'null' && !kinds.includes(kind)))
      this.report(node, `${name} isn’t ${words}`)
    return only(value, kinds)
  }

  #needValue(node: ASTNode, operand: ASTNode, value: Possible): Possible {
    const name = node === operand ? 'it' : this.quoted(operand)
    const missing = this.#accesses.mayBeMissing(operand) ? 'missing or null' : 'null'
    if (value.kinds.has('null')) this.report(node, `${name} is ${missing}`)
    return without(value, 'null')
  }

  condition(node: ASTNode, scope: Scope): void {
    this.need(node, node, this.look(node, scope), ['bool'], 'true or false')
  }

  #name(name: string, { variables, assumed }: Scope): Possible {
    const variable = variables.get(name)
    if (variable !== undefined) return assumed.at(variable.place, variable.value)
    if (name === this.expression.root) return this.#accesses.wholeRow()
    if (name === 'run' && this.expression.in_run) return RUN_POSSIBLE
    const type = TYPE_VALUES.get(name)
    return type === undefined ? anyOf(['null']) : exactly(type)
  }

  #map(entries: ReadonlyArray<readonly [ASTNode, ASTNode]>, scope: Scope): Possible {
    const looked = entries.map(([key, value]) => {
      const name = this.need(key, key, this.look(key, scope), ['string', 'int', 'bool'], 'a text')
      return { name: name.constant, value: this.look(value, scope) }
    })
    const of = eitherOf(looked.map(({ value }) => value))
    const textKeys = looked.every(({ name }) => typeof name === 'string')
    const fields = textKeys ? looked.map(({ name, value }) => [name as string, { value, present: true }] as const) : []
    return anyOf(['map'], { size: [0, entries.length], of, textKeys, fields: new Map(fields) })
  }

  #choice(node: Extract<ASTNode, { op: '?:' }>, scope: Scope): Possible {
    const [test, then, otherwise] = node.args
    this.condition(test, scope)
    const { typeOf } = this.expression
    const { kind } = typeOf(node)
    const way = (each: ASTNode, truth: boolean) => {
      const value = this.look(each, this.where(test, truth, scope))
      if (kind === 'decimal') return this.asDecimal(each, value)
      return kind === 'double' && typeOf(each).kind === 'int' ? asDoubles(value) : value
    }
    return either(way(then, true), way(otherwise, false))
  }

  /** A number in the place of a decimal. */
  asDecimal(node: ASTNode, value: Possible): Possible {
    if (value.kinds.has('double')) this.report(node, `${this.quoted(node)} has too many digits for a decimal`)
    const { constant: _, ...rest } = value
    const isNumber = (kind: Kind) => kind === 'int' || kind === 'double'
    return { ...rest, kinds: new Set([...value.kinds].map(kind => (isNumber(kind) ? 'decimal' : kind))) }
  }

  #minus(node: Extract<ASTNode, { op: '-_' }>, scope: Scope): Possible {
    const inner = node.args
    if (inner.op === 'value' && (typeof inner.args === 'bigint' || typeof inner.args === 'number'))
      return exactly(-inner.args)
    const value = this.need(node, inner, this.look(inner, scope), NUMBERS, 'a number')
    return negated(value, where => this.report(node, where))
  }

  #operation(
    node: Extract<ASTNode, { op: '+' | '-' | '*' | '/' | '%' | '<' | '<=' | '>' | '>=' }>,
    scope: Scope,
  ): Possible {
    const [left, right] = node.args
    const [x, y] = [this.look(left, scope), this.look(right, scope)]
    const [a, b] = [this.#needValue(node, left, x), this.#needValue(node, right, y)]
    const names = [this.quoted(left), this.quoted(right)] as const
    switch (node.op) {
      case '<':
      case '<=':
      case '>':
      case '>=': {
        const problem = orderProblem(a, b, names)
        if (problem !== null) this.report(node, problem)
        return BOOLEAN
      }
      default:
        return this.#arithmetic(node, a, b, names)
    }
  }

  #arithmetic(
    node: Extract<ASTNode, { op: '+' | '-' | '*' | '/' | '%' }>,
    a: Possible,
    b: Possible,
    names: readonly [string, string],
  ): Possible {
    const result = arithmeticOf(node.op, a, b, names, where => this.report(node, where))
    if (node.op === '+') this.makes(result)
    return result
  }

  // ── rounds of macros ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Looks at what is evaluated once for each of `count` elements. */
  inRounds<T>(node: ASTNode, count: number, body: () => T): T {
    const before = this.#rounds
    this.#repeated += 1
    const result = body()
    this.#repeated -= 1
    const rounds = count === 0 ? 0 : count * (1 + this.#rounds - before)
    if (rounds > MAX_STEPS) this.#reportRounds(node)
    // What exceeds the limit on its own is reported once.
    this.#rounds = rounds > MAX_STEPS ? before : before + rounds
    return result
  }

  reads(given: Possible): void {
    if (this.#repeated > 0) this.#rounds += mostToRead(given)
  }

  makes(result: Possible): void {
    if (this.#repeated > 0) this.#rounds += mostToMake(result)
  }

  #reportRounds(node: ASTNode): void {
    this.report(node, `it takes more than ${grouped(MAX_STEPS)} steps`)
  }
}

/** The child nodes of a node. */
function partsOf({ args }: ASTNode): readonly ASTNode[] {
  const parts = (each: unknown): readonly ASTNode[] => {
    if (Array.isArray(each)) return each.flatMap(parts)
    return typeof each === 'object' && each !== null && 'op' in each ? [each as ASTNode] : []
  }
  return parts(args)
}

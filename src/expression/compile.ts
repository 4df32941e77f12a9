/** From the parsed tree to types and closures. Each node is compiled once; the closures do the work for each row. */
import type { ASTNode } from '@marcbachmann/cel-js'
import { hasVanished } from '../model/canonical.ts'
import { compileCall } from './calls.ts'
import { Compilation, type Compiled, Frame, type Run } from './compilation.ts'
import { asDecimal, isNumber, jointDecimal } from './decimals.ts'
import { Fault } from './faults.ts'
import { compileAccess, compileWholeRow } from './fields.ts'
import { nameHint } from './hints.ts'
import {
  type Arithmetic,
  arithmetic,
  arithmeticType,
  equal,
  equalityFits,
  isIn,
  mapKey,
  membershipProblem,
  negate,
  type Order,
  ordered,
  orderFits,
  unusable,
} from './operators.ts'
import { lookedThrough, made } from './rounds.ts'
import { compileRun } from './run-value.ts'
import type { SecretValues } from './secret.ts'
import { compileSecret, SECRETS_HINT } from './secrets.ts'
import {
  ANY,
  BOOL,
  DOUBLE,
  describe,
  INT,
  isNumeric,
  listOf,
  NULL,
  notNull,
  TYPE,
  type Type,
  textOf,
  unify,
} from './types.ts'
import { kindOf, TYPE_VALUES, type Value } from './values.ts'

type NodeOf<Op extends ASTNode['op']> = Extract<ASTNode, { op: Op }>

export const compilationOf = (
  source: string,
  root: string,
  rootType: Type,
  in_run: boolean,
  secrets: SecretValues | null,
): Compilation => new Compilation(source, root, rootType, in_run, secrets, compileNode)

function compileNode(c: Compilation, node: ASTNode): Compiled {
  switch (node.op) {
    case 'value':
      return compileLiteral(c, node, node.args as Value)
    case 'id':
      return compileName(c, node)
    case '.':
    case '.?':
    case '[]':
    case '[?]':
      return compileSecret(c, node) ?? compileAccess(c, node)
    case 'call':
    case 'rcall':
      return compileCall(c, node)
    case 'list':
      return compileList(c, node)
    case 'map':
      return compileMapLiteral(c, node)
    case '?:':
      return compileTernary(c, node)
    case '||':
    case '&&':
      return compileLogical(c, node)
    case '!_': {
      const test = condition(c, node.args)
      return { type: BOOL, run: frame => !test(frame) }
    }
    case '-_':
      return compileMinus(c, node)
    case '==':
    case '!=':
      return compileEquality(c, node)
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compileOrder(c, node)
    case 'in':
      return compileIn(c, node)
    default:
      return compileArithmetic(c, node)
  }
}

// ── literals and names ──────────────────────────────────────────────────────────────────────────────────────────────

const INT_LIMIT = 2n ** 63n

function compileLiteral(c: Compilation, node: ASTNode, value: Value): Compiled {
  const literal = (type: Type): Compiled => ({ type, run: () => value, literal: value })
  switch (typeof value) {
    case 'string':
      return literal(textOf([value]))
    case 'bigint':
      if (value >= INT_LIMIT || value < -INT_LIMIT) {
        const text = `"${value}"`
        const hint = `An id is compared as a text: write ${text}; an amount as decimal(${text}).`
        return c.problem(node, 'CUSTODY_CEL_TYPE', 'the integer is larger than 64 bits', hint)
      }
      return literal(INT)
    case 'number':
      if (hasVanished(c.at(node), value)) c.warn(node, 'CUSTODY_CEL_TYPE', 'the number is too near to zero: it is 0')
      return literal(DOUBLE)
    case 'boolean':
      return literal(BOOL)
  }
  if (value === null) return literal(NULL)
  const message = 'only texts, numbers, true, false and null can be written here; rows are JSON'
  return c.problem(node, 'CUSTODY_CEL_TYPE', message, 'Leave out the `u` or `b` beside it.')
}

function compileName(c: Compilation, node: NodeOf<'id'>): Compiled {
  const name = node.args
  const variable = c.variable(name)
  if (variable !== undefined) {
    const { slot } = variable
    return { type: variable.type, run: frame => frame.locals[slot] as Value }
  }
  if (name === c.root) return compileWholeRow(c)
  if (name === 'run' && c.in_run) return compileRun(c)
  const type = TYPE_VALUES.get(name)
  if (type !== undefined) return { type: TYPE, run: () => type, literal: type }
  const isField = c.rootType.fields?.has(name) ?? false
  if (name === 'secrets' && !isField) {
    return c.problem(node, 'CUSTODY_UNKNOWN_FIELD', '`secrets` by itself isn’t known here', SECRETS_HINT)
  }
  const known = c.in_run ? [c.root, 'run'] : [c.root]
  const other = c.rootType.closed ? `Expressions here see \`${c.root}\`.` : `Write ${c.root}.${name} for the field.`
  const hint = isField ? `Write ${c.root}.${name} for the field.` : (nameHint(name, known) ?? other)
  return c.problem(node, 'CUSTODY_UNKNOWN_FIELD', `\`${name}\` isn’t known here`, hint)
}

// ── lists, maps, choices ────────────────────────────────────────────────────────────────────────────────────────────

function compileList(c: Compilation, node: NodeOf<'list'>): Compiled {
  const elements = node.args.map(each => c.compile(each))
  const type = listOf(
    elements.length === 0 ? ANY : elements.map(each => each.type).reduce((a, b) => unify(a, b) ?? ANY),
  )
  if (elements.every(each => each.literal !== undefined)) {
    const literal: Value = elements.map(each => each.literal as Value)
    return { type, run: () => literal }
  }
  return { type, run: frame => elements.map(each => each.run(frame)) }
}

function compileMapLiteral(c: Compilation, node: NodeOf<'map'>): Compiled {
  const entries = node.args.map(([key, value]) => [c.compile(key), c.compile(value)] as const)
  const fields = new Map<string, Type>()
  for (const [i, [key, value]] of entries.entries()) {
    const keyNode = (node.args[i] as readonly ASTNode[])[0] as ASTNode
    if (typeof key.literal === 'string') fields.set(key.literal, value.type)
    if (!['string', 'int', 'bool', 'any'].includes(key.type.kind)) {
      c.problem(keyNode, 'CUSTODY_CEL_TYPE', `${describe(key.type.kind)} can’t be a key of a map`)
    }
  }
  const at = c.at(node)
  const run: Run = frame => {
    const map = new Map<Value, Value>()
    for (const [key, value] of entries) map.set(checkKey(key.run(frame), at), value.run(frame))
    return map
  }
  const allKnown = entries.every(([key]) => typeof key.literal === 'string')
  return { type: { kind: 'map', nullable: false, of: ANY, ...(allKnown ? { fields, closed: true } : {}) }, run }
}

function checkKey(value: Value, at: string): Value {
  const key = mapKey(value)
  const kind = kindOf(key)
  return kind === 'string' || kind === 'int' || kind === 'bool' ? key : unusable(value, at, 'a key must be a text')
}

function compileTernary(c: Compilation, node: NodeOf<'?:'>): Compiled {
  const [testNode, thenNode, elseNode] = node.args
  const test = condition(c, testNode)
  const [then, otherwise] = [c.compile(thenNode), c.compile(elseNode)]
  const type = unify(then.type, otherwise.type) ?? jointDecimal(then.type, otherwise.type)
  if (type === null) {
    const message = `one way gives ${describe(then.type.kind)}, the other ${describe(otherwise.type.kind)}`
    return c.problem(node, 'CUSTODY_CEL_TYPE', message, 'Give the same type both times, or wrap one in dyn().')
  }
  const at = c.at(node)
  const as = (way: Compiled) => (type.kind === 'decimal' ? asDecimal(way, type, at) : asDouble(way, type))
  const [a, b] = [as(then), as(otherwise)]
  return { type, run: frame => (test(frame) ? a(frame) : b(frame)) }
}

/** Where integers and doubles meet, the result is a double throughout. */
function asDouble(compiled: Compiled, type: Type): Run {
  const { run } = compiled
  if (type.kind !== 'double' || compiled.type.kind !== 'int') return run
  return frame => {
    const value = run(frame)
    return typeof value === 'bigint' ? Number(value) : value
  }
}

// ── logic ───────────────────────────────────────────────────────────────────────────────────────────────────────────

type Test = (frame: Frame) => boolean

function condition(c: Compilation, node: ASTNode): Test {
  const { type, run } = c.compile(node)
  if (type.kind !== 'bool' && type.kind !== 'any') {
    c.problem(node, 'CUSTODY_CEL_TYPE', `${c.at(node)} is ${describe(type.kind)}, not true or false`)
  }
  const at = c.at(node)
  return frame => {
    const value = run(frame)
    return typeof value === 'boolean' ? value : unusable(value, at, 'it must be true or false')
  }
}

/** As the standard has it, an error on one side doesn't count if the other side settles the result. */
function compileLogical(c: Compilation, node: NodeOf<'||' | '&&'>): Compiled {
  const [left, right] = [condition(c, node.args[0]), condition(c, node.args[1])]
  const settling = node.op === '||'
  const run: Run = frame => {
    let first: boolean
    try {
      first = left(frame)
    } catch (error) {
      if (error instanceof Fault && error.code !== 'EVALUATION_LIMIT' && right(frame) === settling) return settling
      throw error
    }
    return first === settling ? settling : right(frame)
  }
  return { type: BOOL, run }
}

function compileMinus(c: Compilation, node: NodeOf<'-_'>): Compiled {
  const inner = node.args
  if (inner.op === 'value' && (typeof inner.args === 'bigint' || typeof inner.args === 'number')) {
    return compileLiteral(c, node, -inner.args)
  }
  const { type, run } = c.compile(inner)
  if (!isNumeric(type) && type.kind !== 'any') {
    return c.problem(node, 'CUSTODY_CEL_TYPE', `\`-\` needs a number, not ${describe(type.kind)}`)
  }
  const at = c.at(node)
  return { type: notNull(type), run: frame => negate(run(frame), at) }
}

// ── two operands ────────────────────────────────────────────────────────────────────────────────────────────────────

type BinaryNode = NodeOf<'==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | '+' | '-' | '*' | '/' | '%'>

function operandProblem(c: Compilation, node: BinaryNode, a: Type, b: Type): Compiled {
  const message = `\`${node.op}\` can’t take ${describe(a.kind)} and ${describe(b.kind)}`
  return c.problem(node, 'CUSTODY_CEL_TYPE', message, conversionHint(c, node, a, b))
}

/** A field that holds a text where a number is meant is nearly always a CSV column without a declared type. */
function conversionHint(c: Compilation, node: BinaryNode, a: Type, b: Type): string | undefined {
  const joined = joiningHint(c, node, a, b)
  if (joined !== null) return joined
  const [left, right] = node.args
  for (const [text, textType, other, otherType] of [
    [left, a, right, b],
    [right, b, left, a],
  ] as const) {
    if (textType.kind !== 'string' || !isNumeric(otherType)) continue
    if (textType.is_big_integer === true) return bigIntegerHint(c, node, text, other)
    const field = text.op === '.' ? text.args[1] : null
    const exactly = `decimal(${c.at(text)})`
    const convert =
      otherType.kind === 'decimal'
        ? `convert it: ${exactly}`
        : `convert it: double(${c.at(text)}), or ${exactly} where each digit counts`
    return field === null
      ? `It is a text; ${convert}.`
      : `Declare \`${field}: ${otherType.kind === 'decimal' ? 'decimal' : 'number'}\` in the source’s schema, or ${convert}.`
  }
  return a.kind === 'null' || b.kind === 'null' ? 'Only == and != can take null.' : undefined
}

/** As a text it is the same number or another one; which is larger only its value says. */
function bigIntegerHint(c: Compilation, { op }: BinaryNode, text: ASTNode, other: ASTNode): string {
  const by_value = `decimal(${c.at(text)})`
  const is_compared = op === '==' || op === '!='
  return is_compared && other.op === 'value' && typeof other.args === 'bigint'
    ? `A big_integer is a text here: write "${other.args}" to compare it as one, or ${by_value} for its value.`
    : `A big_integer is a text here: write ${by_value} for its value.`
}

/** Who adds something to a text that is written there wants a longer text. */
function joiningHint(c: Compilation, node: BinaryNode, a: Type, b: Type): string | null {
  if (node.op !== '+') return null
  const [left, right] = node.args
  const isText = (each: ASTNode) => each.op === 'value' && typeof each.args === 'string'
  const other = isText(left) && b.kind !== 'string' ? right : isText(right) && a.kind !== 'string' ? left : null
  return other === null ? null : `To put texts together convert what is none: string(${c.at(other)}).`
}

function compileArithmetic(c: Compilation, node: NodeOf<Arithmetic>): Compiled {
  const [left, right] = [c.compile(node.args[0]), c.compile(node.args[1])]
  const type = arithmeticType(node.op, left.type, right.type)
  if (type === null) return operandProblem(c, node, left.type, right.type)
  warnOfZero(c, node, right)
  const [a, b, op, at] = [left.run, right.run, node.op, c.at(node)]
  const run: Run = frame => arithmetic(op, a(frame), b(frame), at)
  return { type, run: op === '+' ? made(c, type, run) : run }
}

/** Whoever divides by what is 0 in every row meets an error in every row. */
function warnOfZero(c: Compilation, node: NodeOf<Arithmetic>, divisor: Compiled): void {
  if (node.op !== '/' && node.op !== '%') return
  const value = divisor.literal ?? constantOf(node.args[1], divisor)
  if (value === undefined || !isNumber(value) || !equal(value, 0n)) return
  const message = `${c.at(node)} divides by zero: every row that gets there meets DIVISION_BY_ZERO`
  c.warn(node, 'CUSTODY_CEL_TYPE', message, 'Divide by something else.')
}

/** What is the same for every row, of a node that names nothing; undefined where it names something, or fails. */
function constantOf(node: ASTNode, { run }: Compiled): Value | undefined {
  if (namesSomething(node)) return undefined
  try {
    return run(new Frame({}))
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}

function namesSomething(part: unknown): boolean {
  if (Array.isArray(part)) return part.some(namesSomething)
  if (typeof part !== 'object' || part === null || !('op' in part)) return false
  return part.op === 'id' || ('args' in part && namesSomething(part.args))
}

function compileOrder(c: Compilation, node: NodeOf<Order>): Compiled {
  const [left, right] = [c.compile(node.args[0]), c.compile(node.args[1])]
  if (!orderFits(left.type, right.type)) return operandProblem(c, node, left.type, right.type)
  const [a, b, op, at] = [left.run, right.run, node.op, c.at(node)]
  const run: Run = frame => ordered(op, a(frame), b(frame), at)
  const amount = amountOf(right)
  return {
    type: BOOL,
    run: left.field === undefined || amount === null ? run : quickOrder(op, left.field, amount, run),
  }
}

/** The literal as a number, if that is exact. */
function amountOf({ literal }: Compiled): number | null {
  if (typeof literal === 'number') return literal
  return typeof literal === 'bigint' && Number.isSafeInteger(Number(literal)) ? Number(literal) : null
}

/**
 * `row.amount >= 5000` without a detour over bigint: numbers compare alike as integers and as doubles. Whatever isn't a
 * number takes the general way.
 */
function quickOrder(op: Order, field: string, amount: number, general: Run): Run {
  switch (op) {
    case '<':
      return frame => {
        const json = frame.row[field]
        return typeof json === 'number' ? json < amount : general(frame)
      }
    case '<=':
      return frame => {
        const json = frame.row[field]
        return typeof json === 'number' ? json <= amount : general(frame)
      }
    case '>':
      return frame => {
        const json = frame.row[field]
        return typeof json === 'number' ? json > amount : general(frame)
      }
    case '>=':
      return frame => {
        const json = frame.row[field]
        return typeof json === 'number' ? json >= amount : general(frame)
      }
  }
}

function compileEquality(c: Compilation, node: NodeOf<'==' | '!='>): Compiled {
  const [left, right] = [c.compile(node.args[0]), c.compile(node.args[1])]
  if (!equalityFits(left.type, right.type)) return operandProblem(c, node, left.type, right.type)
  warnOfUnknownValue(c, node, left.type, right.type)
  const [a, b, wanted] = [left.run, right.run, node.op === '==']
  const run: Run = frame => equal(a(frame), b(frame)) === wanted
  const { field } = left
  if (field === undefined) return { type: BOOL, run }
  const scalar = typeof right.literal === 'string' ? right.literal : amountOf(right)
  if (scalar === null) return { type: BOOL, run }
  const kind = typeof scalar
  const quick: Run = frame => {
    const json = frame.row[field]
    return typeof json === kind ? (json === scalar) === wanted : run(frame)
  }
  return { type: BOOL, run: quick }
}

/** A comparison that can never be true is probably a slip of the pen. */
function warnOfUnknownValue(c: Compilation, node: BinaryNode, a: Type, b: Type): void {
  if (a.values === undefined || b.values === undefined || a.values.some(each => b.values?.includes(each))) return
  const [one] = b.values.length === 1 ? b.values : a.values
  const all = b.values.length === 1 ? a.values : b.values
  c.warn(
    node,
    'CUSTODY_CEL_TYPE',
    `${JSON.stringify(one)} isn’t one of the possible values`,
    `They are ${all.join(', ')}.`,
  )
}

function compileIn(c: Compilation, node: NodeOf<'in'>): Compiled {
  const [left, right] = [c.compile(node.args[0]), c.compile(node.args[1])]
  const problem = membershipProblem(left.type, right.type)
  if (problem !== null) return c.problem(node, 'CUSTODY_CEL_TYPE', problem)
  const [a, b, at] = [left.run, lookedThrough(c, right).run, c.at(node)]
  return { type: BOOL, run: frame => isIn(a(frame), b(frame), at) }
}

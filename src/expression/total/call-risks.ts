/** Where functions and macros fail, and what they can give. Each overload says when it fails; one that doesn't is reported. */
import type { ASTNode } from '@marcbachmann/cel-js'
import { FUNCTIONS, fittingOverloads, keyOfCall } from '../functions.ts'
import type { Overload } from '../library/spec.ts'
import type { Kind } from '../types.ts'
import type { Value } from '../values.ts'
import type { Analyst, Scope } from './analyst.ts'
import { ANYTHING, anyOf, BOOLEAN, either, elementsOf, folded, ofType, type Possible, within } from './possible.ts'

type CallNode = Extract<ASTNode, { op: 'call' | 'rcall' }>

export function lookAtCall(analyst: Analyst, node: CallNode, scope: Scope): Possible {
  return lookAtMacro(analyst, node, scope) ?? lookAtFunction(analyst, node, scope)
}

// ── macros ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Null if the call isn't a macro's. */
function lookAtMacro(analyst: Analyst, node: CallNode, scope: Scope): Possible | null {
  if (node.op === 'call') {
    const [name, [field, ...others]] = node.args
    return name === 'has' && field !== undefined && others.length === 0 ? lookAtHas(analyst, field, scope) : null
  }
  const [name, receiver, args] = node.args
  const [first, second, third] = args
  if (name === 'bind' && receiver.op === 'id' && receiver.args === 'cel' && first && second && third) {
    if (first.op !== 'id') return ANYTHING
    return analyst.look(third, analyst.binding(first.args, analyst.look(second, scope), scope))
  }
  if ((name === 'or' || name === 'orValue') && first && args.length === 1) return lookAtOr(analyst, node, scope)
  if (!first || !second || first.op !== 'id') return null
  if (args.length === 2 && (name === 'optMap' || name === 'optFlatMap')) return lookAtOptional(analyst, node, scope)
  if (args.length === 2 && (name === 'sortBy' || name === 'groupBy')) return lookAtKeyed(analyst, node, scope)
  const isTest = args.length === 2 && ['all', 'exists', 'exists_one', 'filter'].includes(name)
  return isTest || (name === 'map' && args.length <= 3) ? lookAtRounds(analyst, node, scope) : null
}

/** The value that a field is read from may fail, unless it is the row. */
function lookAtHas(analyst: Analyst, field: ASTNode, scope: Scope): Possible {
  let at = field
  let last = true
  while (at.op === '.' || at.op === '[]' || (last && (at.op === '.?' || at.op === '[?]'))) {
    const key = at.op === '[]' || at.op === '[?]' ? (at.args[1] as ASTNode) : null
    if (key !== null && !(key.op === 'value' && typeof key.args === 'string')) break
    at = at.args[0] as ASTNode
    last = false
  }
  const { root } = analyst.expression
  const fromRow = at.op === 'id' && at.args === root && !scope.variables.has(root)
  if (!fromRow && (field.op === '.' || field.op === '.?')) analyst.look(field.args[0], scope)
  return BOOLEAN
}

function lookAtOr(analyst: Analyst, node: CallNode, scope: Scope): Possible {
  const [name, receiver, args] = node.args as readonly [string, ASTNode, readonly ASTNode[]]
  const left = analyst.need(node, receiver, analyst.look(receiver, scope), ['optional'], 'an optional value')
  const right = analyst.look(args[0] as ASTNode, scope)
  if (name === 'or') return either(left, right)
  const value = either(within(left), right)
  return analyst.expression.typeOf(node).kind === 'decimal' ? analyst.asDecimal(node, value) : value
}

function lookAtRounds(analyst: Analyst, node: CallNode, scope: Scope): Possible {
  const [name, receiver, args] = node.args as readonly [string, ASTNode, readonly ASTNode[]]
  const over = analyst.need(node, receiver, analyst.look(receiver, scope), ['list', 'map'], 'a list or a map')
  const element = elementsOf(over)
  const inner = analyst.binding((args[0] as Extract<ASTNode, { op: 'id' }>).args, element, scope)
  const most = over.size[1]
  const [test, value] = [args.at(-2) as ASTNode, args.at(-1) as ASTNode]
  return analyst.inRounds(node, most, () => {
    if (name !== 'map') {
      analyst.condition(value, inner)
      return name === 'filter' ? anyOf(['list'], { size: [0, most], of: element }) : BOOLEAN
    }
    const tested = args.length === 3
    if (tested) analyst.condition(test, inner)
    const of = analyst.look(value, tested ? analyst.where(test, true, inner) : inner)
    return anyOf(['list'], { size: [tested ? 0 : over.size[0], most], of })
  })
}

/** Keys of different kinds have no order, and some can't be keys of a map. */
function lookAtKeyed(analyst: Analyst, node: ASTNode, scope: Scope): Possible {
  const [name, receiver, args] = node.args as readonly [string, ASTNode, readonly ASTNode[]]
  const over = analyst.need(node, receiver, analyst.look(receiver, scope), ['list', 'map'], 'a list or a map')
  const element = elementsOf(over)
  const inner = analyst.binding((args[0] as Extract<ASTNode, { op: 'id' }>).args, element, scope)
  const most = over.size[1]
  analyst.inRounds(node, most, () => analyst.look(args[1] as ASTNode, inner))
  analyst.report(node, name === 'sortBy' ? 'what it is ordered by has no order' : 'a key isn’t a text or an integer')
  return name === 'sortBy' ? anyOf(['list'], { size: over.size, of: element }) : anyOf(['map'])
}

function lookAtOptional(analyst: Analyst, node: ASTNode, scope: Scope): Possible {
  const [name, receiver, args] = node.args as readonly [string, ASTNode, readonly ASTNode[]]
  const left = analyst.need(node, receiver, analyst.look(receiver, scope), ['optional'], 'an optional value')
  const inner = analyst.binding((args[0] as Extract<ASTNode, { op: 'id' }>).args, within(left), scope)
  const value = analyst.look(args[1] as ASTNode, inner)
  if (name === 'optMap') return anyOf(['optional'], { of: value })
  const given = analyst.need(node, args[1] as ASTNode, value, ['optional'], 'an optional value')
  return either(given, anyOf(['optional'], { of: anyOf([]) }))
}

// ── functions ───────────────────────────────────────────────────────────────────────────────────────────────────────

function lookAtFunction(analyst: Analyst, node: CallNode, scope: Scope): Possible {
  const { key, args: nodes } = keyOfCall(node, name => scope.variables.has(name))
  const types = nodes.map(each => analyst.expression.typeOf(each))
  const overloads = fittingOverloads(FUNCTIONS.get(key)?.overloads ?? [], types)
  const args = nodes.map((each, i) => {
    const value = analyst.look(each, scope)
    analyst.reads(value)
    const takes = overloads.map(({ takes }) => takes[i] as Kind)
    if (takes.includes('any')) return value
    return analyst.need(node, each, value, takes, `what ${key.replace(/^\./, '')} takes`)
  })
  if (overloads.length === 0) analyst.report(node, 'it is evaluated')
  const report = (where: string) => analyst.report(node, where)
  const names = nodes.map(each => analyst.quoted(each))
  const result = combinations(args)
    .map(combination => {
      const overload = overloads.find(({ takes }) =>
        takes.every((kind, i) => kind === 'any' || combination[i]?.kinds.has(kind)),
      )
      if (overload !== undefined) return called(overload, combination, names, report)
      report('its arguments don’t go together')
      return anyOf([])
    })
    .reduce(either, anyOf([]))
  analyst.makes(result)
  return result
}

/** The arguments with one kind each, in every way. */
function combinations(args: readonly Possible[]): ReadonlyArray<readonly Possible[]> {
  return args.reduce<ReadonlyArray<readonly Possible[]>>(
    (before, arg) => before.flatMap(each => [...arg.kinds].map(kind => [...each, { ...arg, kinds: new Set([kind]) }])),
    [[]],
  )
}

function called(
  overload: Overload,
  args: readonly Possible[],
  names: readonly string[],
  report: (where: string) => void,
): Possible {
  const { gives, fails, results } = overload
  const constants = args.map(({ constant }) => constant).filter(each => each !== undefined)
  if (args.length > 0 && constants.length === args.length) {
    const constant = folded(() => overload.run(constants as readonly Value[], ''))
    if (constant === null) report('it is evaluated')
    return constant ?? anyOf([])
  }
  const where = fails === undefined ? 'its arguments don’t suit it' : fails(args, names)
  if (where !== null) report(where)
  return results?.(args) ?? ofType(gives)
}

/** How a call finds its function in the library. */
import type { ASTNode } from '@marcbachmann/cel-js'
import { ALL_FUNCTIONS, keysOf } from './library/index.ts'
import type { FunctionSpec, Overload } from './library/spec.ts'
import type { Kind, Type } from './types.ts'

type CallNode = Extract<ASTNode, { op: 'call' | 'rcall' }>

const isMacro = ({ signatures }: FunctionSpec) => signatures !== undefined
const byKey = (specs: readonly FunctionSpec[]) =>
  specs.flatMap(spec => keysOf(spec).map((key): readonly [string, FunctionSpec] => [key, spec]))

/** By `name` for global functions, `.name` for those with a receiver, `space.name` for those of a name space. */
export const FUNCTIONS: ReadonlyMap<string, FunctionSpec> = new Map(byKey(ALL_FUNCTIONS.filter(spec => !isMacro(spec))))
/** Keys of what macros.ts compiles. */
export const MACROS: ReadonlyMap<string, FunctionSpec> = new Map(byKey(ALL_FUNCTIONS.filter(isMacro)))

/** `math`, `optional`: what stands before the point where it is no value. */
const SPACES: ReadonlySet<string> = new Set(
  [...FUNCTIONS.keys()].flatMap(key => (key.lastIndexOf('.') > 0 ? [key.slice(0, key.indexOf('.'))] : [])),
)

/** What a call that is no macro calls, and with what. */
export function keyOfCall(
  node: CallNode,
  isVariable: (name: string) => boolean,
): { readonly key: string; readonly args: readonly ASTNode[] } {
  if (node.op === 'call') return { key: node.args[0], args: node.args[1] }
  const [name, receiver, args] = node.args
  if (receiver.op === 'id' && SPACES.has(receiver.args) && !isVariable(receiver.args))
    return { key: `${receiver.args}.${name}`, args }
  return { key: `.${name}`, args: [receiver, ...args] }
}

const fits = (kind: Kind, type: Type | undefined) => kind === 'any' || type?.kind === 'any' || type?.kind === kind

/** Those that arguments of these types may need. */
export const fittingOverloads = (overloads: readonly Overload[], types: readonly Type[]): readonly Overload[] =>
  overloads.filter(({ takes }) => takes.length === types.length && takes.every((kind, i) => fits(kind, types[i])))

/** What other CEL environments have, and rows of JSON don't. */
export const UNSUPPORTED: ReadonlyMap<string, string> = new Map([
  ['uint', 'there are no unsigned integers here; use int()'],
  ['bytes', 'there are no bytes here: rows are JSON'],
])

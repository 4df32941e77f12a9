/** What the parts of the analysis lend each other: looking at a node, reporting what can fail, the scope of the look. */
import type { ASTNode } from '@marcbachmann/cel-js'
import type { Kind, Type } from '../types.ts'
import type { Assumed, Place } from './assumed.ts'
import type { Possible } from './possible.ts'

/** A compiled expression, with what its compilation found. */
export interface Analysed {
  readonly ast: ASTNode
  readonly source: string
  /** `row` or `batch`. */
  readonly root: string
  readonly rootType: Type
  /** Whether `run` is there. */
  readonly in_run: boolean
  readonly typeOf: (node: ASTNode) => Type
}

export interface Variable {
  readonly place: Place
  readonly value: Possible
}
export type Variables = ReadonlyMap<string, Variable>

/** What a part of an expression can see. */
export interface Scope {
  readonly variables: Variables
  /** What must have held for it to be evaluated. */
  readonly assumed: Assumed
}

export interface Analyst {
  readonly expression: Analysed
  /** What the node can be; what can fail on the way is reported. */
  look(node: ASTNode, scope: Scope): Possible
  /** The node can fail. `where`: a clause without a full stop, such as `row.b is 0`. */
  report(node: ASTNode, where: string): void
  /** Reports where `value`, the value of `operand`, isn't of these kinds. @returns what it is then. */
  need(node: ASTNode, operand: ASTNode, value: Possible, kinds: readonly Kind[], words: string): Possible
  /** The node's source in quotes, for messages. */
  quoted(node: ASTNode): string
  /** Looks at something that must be true or false. */
  condition(node: ASTNode, scope: Scope): void
  /** A number, the value of `node`, in the place of a decimal. */
  asDecimal(node: ASTNode, value: Possible): Possible
  /** The scope where `node` was `truth`. */
  where(node: ASTNode, truth: boolean, scope: Scope): Scope
  /** The scope in which `name` is a variable, which may hide another. */
  binding(name: string, value: Possible, scope: Scope): Scope
  /** Looks at what is evaluated once for each of `count` elements. */
  inRounds<T>(node: ASTNode, count: number, body: () => T): T
  /** Within a round: what a function or an operator looks through. */
  reads(given: Possible): void
  /** Within a round: what a function or an operator makes. */
  makes(result: Possible): void
}

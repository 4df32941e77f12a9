/** What is shared while one expression is compiled: problems, what it reads, the variables in scope. */
import type { ASTNode } from '@marcbachmann/cel-js'
import type { Row } from '../model/row.ts'
import type { ExpressionProblem } from './expression.ts'
import { extentOf, writtenAt } from './extent.ts'
import type { SecretValues } from './secret.ts'
import { ANY, type Type } from './types.ts'
import type { Value } from './values.ts'

/** State of one evaluation; reused for all rows, since evaluation is synchronous and doesn't nest. */
export class Frame {
  row: Row
  /** Variables of macros, by slot. */
  readonly locals: Value[] = []
  /** Rounds of macros so far. */
  steps = 0
  /** When the run started, in µs since the epoch; null where there is no run. */
  started_us: number | null = null

  constructor(row: Row) {
    this.row = row
  }
}

export type Run = (frame: Frame) => Value

export interface Compiled {
  readonly type: Type
  readonly run: Run
  /** Present if the value is the same for every row. */
  readonly literal?: Value
  /** Present if it reads just this field of the row. */
  readonly field?: string
}

interface Variable {
  readonly slot: number
  readonly type: Type
}

const MAX_DEPTH = 500

export class Compilation {
  readonly source: string
  /** `row` or `batch`. */
  readonly root: string
  readonly rootType: Type
  /** Whether `run` is there. */
  readonly in_run: boolean
  /** What `secrets` has; null where it isn't there. */
  readonly secrets: SecretValues | null
  reads_run = false
  /** Those of `secrets` that it uses. */
  readonly secrets_used = new Set<string>()
  readonly problems: ExpressionProblem[] = []
  readonly warnings: ExpressionProblem[] = []
  readonly #compile: (compilation: Compilation, node: ASTNode) => Compiled
  readonly #reads = new Map<string, readonly string[]>()
  readonly #variables = new Map<string, Variable>()
  readonly #types = new Map<ASTNode, Type>()
  #slots = 0
  #depth = 0
  #rounds = 0

  constructor(
    source: string,
    root: string,
    rootType: Type,
    in_run: boolean,
    secrets: SecretValues | null,
    compile: (compilation: Compilation, node: ASTNode) => Compiled,
  ) {
    this.source = source
    this.root = root
    this.rootType = rootType
    this.in_run = in_run
    this.secrets = secrets
    this.#compile = compile
  }

  compile(node: ASTNode): Compiled {
    if (this.#depth >= MAX_DEPTH) return this.problem(node, 'CUSTODY_CEL_SYNTAX', 'the expression is nested too deeply')
    this.#depth += 1
    const compiled = this.#compile(this, node)
    this.#depth -= 1
    this.#types.set(node, compiled.type)
    return compiled
  }

  /** What a node that was compiled turned out to be. */
  typeOf(node: ASTNode): Type {
    return this.#types.get(node) ?? ANY
  }

  /** The node's source, for messages. */
  at(node: ASTNode): string {
    return writtenAt(this.source, node, 80)
  }

  /** Notes a problem; what it returns stands for a value of which nothing is known, so that only one problem is reported. */
  problem(node: ASTNode, code: ExpressionProblem['code'], message: string, hint?: string): Compiled {
    this.problems.push(this.#noted(node, code, message, hint))
    return { type: ANY, run: () => null }
  }

  warn(node: ASTNode, code: ExpressionProblem['code'], message: string, hint?: string): void {
    this.warnings.push(this.#noted(node, code, message, hint))
  }

  #noted(node: ASTNode, code: ExpressionProblem['code'], message: string, hint?: string): ExpressionProblem {
    const place = extentOf(this.source, node)
    return hint === undefined ? { code, message, ...place } : { code, message, hint, ...place }
  }

  reads(path: readonly string[]): void {
    this.#reads.set(JSON.stringify(path), path)
  }

  get allReads(): readonly (readonly string[])[] {
    return [...this.#reads.values()]
  }

  variable(name: string): Variable | undefined {
    return this.#variables.get(name)
  }

  isRoot(node: ASTNode): boolean {
    return node.op === 'id' && node.args === this.root && !this.#variables.has(this.root)
  }

  /** Whether what is compiled now is evaluated in each round of a macro. */
  get repeated(): boolean {
    return this.#rounds > 0
  }

  /** Compiles `body` with a variable that has another value in each round. */
  withElement(name: string, type: Type, body: ASTNode): { readonly slot: number; readonly body: Compiled } {
    this.#rounds += 1
    const compiled = this.withVariable(name, type, body)
    this.#rounds -= 1
    return compiled
  }

  /** Compiles `body` with one more variable, which may hide another of the same name. */
  withVariable(name: string, type: Type, body: ASTNode): { readonly slot: number; readonly body: Compiled } {
    const hidden = this.#variables.get(name)
    const slot = this.#slots++
    this.#variables.set(name, { slot, type })
    const compiled = this.compile(body)
    if (hidden === undefined) this.#variables.delete(name)
    else this.#variables.set(name, hidden)
    return { slot, body: compiled }
  }
}

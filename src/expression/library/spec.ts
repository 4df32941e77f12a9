/**
 * What a function of expressions is. One description types it, runs it, says when it can fail, and is what docs/functions.md and
 * `custody functions` print.
 */
import type { Decimal } from '../../model/decimal.ts'
import type { Json } from '../../model/row.ts'
import type { ExpressionErrorCode } from '../faults.ts'
import type { Secret } from '../secret.ts'
import type { Fails } from '../total/fails.ts'
import { never } from '../total/fails.ts'
import type { Possible } from '../total/possible.ts'
import type { Kind, Type } from '../types.ts'
import type { Duration, Optional, Timestamp, TypeValue, Value, ValueMap } from '../values.ts'

/** One way to call a function: what it takes, what it gives. */
export interface Overload {
  /** The receiver's kind first, if there is one. `any` takes all values. */
  readonly takes: readonly Kind[]
  readonly gives: Type
  /**
   * What it gives, where that depends on the static types of what it takes, or on those values that are the same for every row. Never
   * anything that `gives` doesn't cover.
   */
  readonly giving?: (types: readonly Type[], literals: ReadonlyArray<Value | undefined>) => Type
  /** `at` is the source of the call, for messages. */
  run(args: readonly Value[], at: string): Value
  /** When `run` fails on such arguments; without, it is taken to fail on any. */
  readonly fails?: Fails
  /** What it can give for such arguments, where more is known than its type. */
  readonly results?: (args: readonly Possible[]) => Possible
}

/** Where a function is defined: the CEL standard, one of the extensions that CEL's own implementations share, or here. */
export type Origin =
  | 'CEL'
  | 'CEL bindings'
  | 'CEL encoders'
  | 'CEL lists'
  | 'CEL math'
  | 'CEL optional'
  | 'CEL regex'
  | 'CEL sets'
  | 'CEL strings'
  | 'Custody'

/** A constant argument that can't be right. */
export interface ConstantProblem {
  /** Which argument, the receiver counted. */
  readonly argument: number
  /** A clause without a full stop. */
  readonly problem: string
  readonly code: 'CUSTODY_CEL_TYPE' | 'CUSTODY_PATTERN'
}

export interface FunctionSpec {
  /** `trim`; with its name space, as `math.abs`. */
  readonly name: string
  /** `f(x)`, `x.f()`, or either. */
  readonly form: 'function' | 'method' | 'both'
  readonly from: Origin
  /** One sentence, or a few. */
  readonly summary: string
  /** What else there is to know, in a paragraph or more. */
  readonly details?: string
  readonly overloads: readonly Overload[]
  /** What the arguments are, without the receiver, where their types don't say it. */
  readonly parameters?: readonly string[]
  /** Of a macro, which has no overloads: its arguments aren't evaluated first. */
  readonly signatures?: readonly string[]
  /** Expressions with their results. */
  readonly examples: ReadonlyArray<readonly [source: string, result: Json]>
  /** Codes that it can raise beside VALUE_NULL and TYPE_MISMATCH, which any function can; each with an expression that does. */
  readonly errors?: { readonly [Code in ExpressionErrorCode]?: string }
  /** Looks at those arguments that are the same for every row before the run. */
  readonly constants?: (literals: ReadonlyArray<Value | undefined>) => ConstantProblem | null
}

interface ValueOf {
  readonly any: Value
  readonly null: null
  readonly bool: boolean
  readonly int: bigint
  readonly double: number
  readonly decimal: Decimal
  readonly string: string
  readonly list: readonly Value[]
  readonly map: ValueMap
  readonly timestamp: Timestamp
  readonly duration: Duration
  readonly optional: Optional
  readonly type: TypeValue
  readonly secret: Secret
}
type Arguments<Kinds extends readonly Kind[]> = { readonly [I in keyof Kinds]: ValueOf[Kinds[I]] }

export type More = Pick<Overload, 'giving' | 'fails' | 'results'>

/** One that may fail on any arguments, unless `more` says when. */
export function overload<const Kinds extends readonly Kind[]>(
  takes: Kinds,
  gives: Type,
  run: (args: Arguments<Kinds>, at: string) => Value,
  more: More = {},
): Overload {
  // cast: an overload is run only with values of the kinds that it takes
  return { takes, gives, run: run as Overload['run'], ...more }
}

/** One that has a value for all arguments of these kinds. */
export function total<const Kinds extends readonly Kind[]>(
  takes: Kinds,
  gives: Type,
  run: (args: Arguments<Kinds>, at: string) => Value,
  more: More = {},
): Overload {
  return overload(takes, gives, run, { fails: never, ...more })
}

/** The specs of one folder's subject, under its title. */
export interface FunctionGroup {
  readonly title: string
  readonly functions: readonly FunctionSpec[]
}

/**
 * CEL expressions over one row (or, in triggers, one batch): compiled once, checked against what is known of the row,
 * evaluated for each row. The grammar is that of `@marcbachmann/cel-js`; types and values are described in
 * expression/types.ts and expression/values.ts, the functions in expression/library.
 *
 * Where CEL leaves room or would surprise people who think of rows:
 * - A number's type is what is known of it, never how it is written or stored: `integer` fields are int, all other numbers of
 *   rows are double, and serve where an integer is needed if they are whole. Both may be mixed and give double. int / int drops
 *   the remainder. Infinity and NaN never occur; they are errors.
 * - A declared field that may be missing reads as null; an undeclared one that is missing is an error.
 * - `has(row.x)` and `row.?x` take null as missing.
 * - The only time of day is `run.started_at`, there is no randomness, and no time zone of the machine: same row and run, same result.
 * - Timestamps and durations become texts in the result (`2026-03-01T12:00:00Z`, `90s`), an empty optional becomes null.
 */

import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js'
import { grouped } from '../model/number-text.ts'
import type { Row } from '../model/row.ts'
import type { FieldSchema, RowSchema } from '../model/schema.ts'
import { type Compilation, type Compiled, Frame } from './compilation.ts'
import { compilationOf } from './compile.ts'
import { Fault } from './faults.ts'
import { syntaxHint } from './hints.ts'
import type { SecretValues } from './secret.ts'
import type { Analysed } from './total/analyst.ts'
import { Assumed } from './total/assumed.ts'
import type { Risk } from './total/risk.ts'
import { risksOf } from './total/risks.ts'
import { describe, fieldOfType, typeOfRow } from './types.ts'
import { toJson } from './values.ts'

export { EXPRESSION_ERRORS, type ExpressionErrorCode } from './faults.ts'

export type { SecretValues } from './secret.ts'
export type { Risk as ExpressionRisk }

export type ExpressionResult =
  | { readonly ok: true; readonly value: unknown }
  /** `code` as in EXPRESSION_ERRORS; `field`: the one that it is about, where that is known. */
  | { readonly ok: false; readonly code: string; readonly message: string; readonly field?: string }

/** The field that an error is about, as errors of rows have it. */
export function fieldOf({ field }: { readonly field?: string }): { readonly field?: string } {
  return field === undefined ? {} : { field }
}

export interface Expression {
  readonly source: string
  /** Type of the result as JSON Schema, where the check can know it; `{}` where anything may come. */
  readonly gives: FieldSchema
  /** Fields that it reads, as paths: `[['amount'], ['address', 'city']]`. An empty path is the whole row. */
  readonly reads: readonly (readonly string[])[]
  /** It looks at `run`, and `evaluate` has to know when that started. */
  readonly reads_run: boolean
  /** Names of the secrets that it uses. */
  readonly secrets: readonly string[]
  /** Never throws. Values are JSON: ints and doubles as numbers. `started_us`: the start of the run, in µs since the epoch. */
  evaluate(row: Row, started_us?: number): ExpressionResult
}

export interface ExpressionProblem {
  readonly code: 'CUSTODY_CEL_SYNTAX' | 'CUSTODY_CEL_TYPE' | 'CUSTODY_UNKNOWN_FIELD' | 'CUSTODY_PATTERN'
  /** One sentence without a full stop at the end. */
  readonly message: string
  readonly hint?: string
  /** Where in the source, in UTF-16 units; the length is at least 1. */
  readonly offset: number
  readonly length: number
}

/** `in_run`: beside the row there is `run`, with its `started_at`. */
export type ExpressionScope =
  | {
      readonly over: 'row'
      readonly schema: RowSchema
      readonly in_run?: boolean
      /** Where there is `secrets`. */
      readonly secrets?: SecretValues
    }
  | { readonly over: 'batch' }

/** Warnings are reported beside problems, too: a mistyped field may be why another thing doesn't fit. */
export type CompiledExpression = { readonly warnings: readonly ExpressionProblem[] } & (
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly problems: readonly ExpressionProblem[] }
)

/** What triggers see as `batch`: how many members it has, and the age of its first in seconds. */
const BATCH: RowSchema = {
  fields: new Map([
    ['count', { schema: { type: 'integer' }, optional: false }],
    ['age_seconds', { schema: { type: 'number' }, optional: false }],
  ]),
  closed: true,
  observed: false,
}

export const MAX_EXPRESSION_LENGTH = 10_000
const makeParser = () =>
  new Environment({
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: 5_000, maxDepth: 100 },
  })
let made: Environment | null = null

/** Made when the first expression is compiled: many pipelines have none. */
function parser(): Environment {
  made ??= makeParser()
  return made
}

/**
 * Compiles an expression over `row` or, for a trigger, over `batch`. All problems are reported at once: syntax
 * (CUSTODY_CEL_SYNTAX), types that can't fit (CUSTODY_CEL_TYPE), fields that a closed schema doesn't have
 * (CUSTODY_UNKNOWN_FIELD; a warning under `flexible`), and constant patterns (CUSTODY_PATTERN).
 */
export function compileExpression(source: string, scope: ExpressionScope): CompiledExpression {
  const parsed = parse(source)
  if ('code' in parsed) return { ok: false, problems: [parsed], warnings: [] }
  const type = typeOfRow(scope.over === 'row' ? scope.schema : BATCH)
  const compilation = compilationOf(
    source,
    scope.over,
    type,
    scope.over === 'row' && scope.in_run === true,
    scope.over === 'row' ? (scope.secrets ?? null) : null,
  )
  const compiled = compilation.compile(parsed.ast)
  if (compiled.type.kind === 'type' || compiled.type.kind === 'secret') {
    const what = describe(compiled.type.kind)
    compilation.problem(parsed.ast, 'CUSTODY_CEL_TYPE', `the expression gives ${what}, which a row can’t hold`)
  }
  const warnings = unique(compilation.warnings)
  if (compilation.problems.length > 0) return { ok: false, problems: unique(compilation.problems), warnings }
  const expression = expressionOf(source, compiled, compilation)
  const { ast } = parsed
  ANALYSED.set(expression, {
    ...{ ast, source, root: scope.over, rootType: type, in_run: compilation.in_run },
    typeOf: node => compilation.typeOf(node),
  })
  return { ok: true, expression, warnings }
}

const ANALYSED = new WeakMap<Expression, Analysed>()

/**
 * What can fail in expressions that are evaluated one after the other, each only if those before gave false: for each expression the
 * operations that can fail. If there are none, each has a value of the wanted type for every row that fits `schema`. A null schema
 * means that nothing can be relied on.
 * @throws TypeError for expressions that `compileExpression` hasn't made.
 */
export function expressionRisks(
  expressions: readonly Expression[],
  schema: RowSchema | null,
  wanted: 'bool' | 'string',
): ReadonlyArray<readonly Risk[]> {
  let assumed = Assumed.NOTHING
  return expressions.map(expression => {
    const analysed = ANALYSED.get(expression)
    if (analysed === undefined) throw new TypeError('not an expression that was compiled here')
    const { risks, ifFalse } = risksOf(analysed, schema, wanted, assumed)
    assumed = ifFalse
    return risks
  })
}

const unique = (problems: readonly ExpressionProblem[]) => [
  ...new Map(problems.map(each => [`${each.offset} ${each.code} ${each.message}`, each])).values(),
]

const TRUE: ExpressionResult = Object.freeze({ ok: true, value: true })
const FALSE: ExpressionResult = Object.freeze({ ok: true, value: false })

function expressionOf(
  source: string,
  { type, run }: Compiled,
  { allReads: reads, reads_run, secrets_used }: Compilation,
): Expression {
  const frame = new Frame({})
  const fields = [...new Set(reads.map(([name]) => name))]
  return {
    source,
    gives: fieldOfType(type),
    reads,
    reads_run,
    secrets: [...secrets_used],
    evaluate(row, started_us) {
      frame.row = row
      frame.steps = 0
      frame.started_us = started_us ?? null
      try {
        const value = run(frame)
        if (typeof value === 'boolean') return value ? TRUE : FALSE
        return { ok: true, value: toJson(value) }
      } catch (error) {
        if (error instanceof Fault)
          return { ok: false, code: error.code, message: error.message, ...about(error, fields, row) }
        // What the engine of JavaScript itself refuses: too deep, too long.
        return {
          ok: false,
          code: 'EVALUATION_ERROR',
          message: error instanceof Error ? error.message : String(error),
          ...about({}, fields, row),
        }
      }
    },
  }
}

/** The field that a fault is about: the only one that is read, or the only one of them that is null. */
function about(
  fault: Partial<Fault>,
  fields: ReadonlyArray<string | undefined>,
  row: Row,
): { readonly field?: string } {
  if (fault.field !== undefined) return fieldOf(fault)
  const candidates =
    fault.code === 'VALUE_NULL' ? fields.filter(name => name !== undefined && row[name] == null) : fields
  const [field, ...others] = candidates
  return field === undefined || others.length > 0 ? {} : { field }
}

// ── syntax ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function parse(source: string): { readonly ast: ASTNode } | ExpressionProblem {
  if (source.length > MAX_EXPRESSION_LENGTH) {
    const limit = grouped(MAX_EXPRESSION_LENGTH)
    return {
      code: 'CUSTODY_CEL_SYNTAX',
      message: `the expression is longer than ${limit} characters`,
      offset: 0,
      length: 1,
    }
  }
  try {
    return { ast: parser().parse(source).ast }
  } catch (error) {
    if (error instanceof ParseError) return syntaxProblem(source, error)
    return { code: 'CUSTODY_CEL_SYNTAX', message: 'the expression is nested too deeply', offset: 0, length: 1 }
  }
}

function syntaxProblem(source: string, error: ParseError): ExpressionProblem {
  const { start, end } = error.range ?? { start: 0, end: 0 }
  const place = { offset: Math.min(start, source.length), length: Math.max(1, end - start) }
  const hint = syntaxHint(source, place.offset)
  const message = start >= source.trimEnd().length ? 'the expression ends too early' : lowerFirst(error.summary)
  return { code: 'CUSTODY_CEL_SYNTAX', message, ...place, ...(hint === null ? {} : { hint }) }
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)

/** `--where CEL`: an expression over a row's data as a function. */
import { compileExpression, type Expression } from '../expression/expression.ts'
import { CustodyError, type Diagnostic } from '../model/error.ts'
import type { Row } from '../model/row.ts'
import { OBSERVED } from '../model/schema.ts'
import { DiagnosticsError } from './diagnostics-error.ts'

const NAME = '--where'
const COMPARE = 'Compare something, as in row.amount > 5000'

/**
 * A row that lacks what the expression reads doesn't fit, and is no error: other rows may have it.
 * @throws DiagnosticsError if it can't be compiled, or can't give true or false.
 */
export function rowPredicate(source: string): RowPredicate {
  const compiled = compileExpression(source, { over: 'row', schema: OBSERVED })
  const diagnostics: Diagnostic[] = []
  if (!compiled.ok)
    for (const { offset, length, code, message, hint } of compiled.problems)
      diagnostics.push({
        ...placeIn(source, offset),
        length,
        severity: 'error',
        code,
        message,
        ...(hint ? { hint } : {}),
      })
  else {
    const { type } = compiled.expression.gives.schema
    if (type === undefined || type === 'boolean') return new RowPredicate(compiled.expression)
    diagnostics.push({
      ...placeIn(source, 0),
      length: Math.max(1, source.length),
      severity: 'error',
      code: 'CUSTODY_CEL_TYPE',
      message: `the expression gives ${String(type)}, and must give true or false`,
      hint: COMPARE,
    })
  }
  throw new DiagnosticsError(diagnostics, new Map([[NAME, source]]), false)
}

export class RowPredicate {
  readonly #expression: Expression
  #first_error: string | null = null
  #was_evaluated = false

  constructor(expression: Expression) {
    this.#expression = expression
  }

  /** Whether the expression gives true. */
  holds(row: Row): boolean {
    const result = this.#expression.evaluate(row)
    if (result.ok) this.#was_evaluated = true
    else this.#first_error ??= result.message
    return result.ok && isTrue(result.value)
  }

  /** What its evaluations have come to. */
  learnt(): { readonly was_evaluated: boolean; readonly first_error: string | null } {
    return { was_evaluated: this.#was_evaluated, first_error: this.#first_error }
  }

  /** What evaluations by others came to, on rows behind those that were looked at before. */
  learn({ was_evaluated, first_error }: ReturnType<RowPredicate['learnt']>): void {
    if (was_evaluated) this.#was_evaluated = true
    this.#first_error ??= first_error
  }

  /** Why the expression gave an error for every row; null if it gave a result for any. */
  get trouble(): string | null {
    return this.#was_evaluated ? null : this.#first_error
  }
}

/** Where no types are declared, only the data shows what type it gives. */
function isTrue(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new CustodyError('CUSTODY_CEL_TYPE', `${NAME} gives ${JSON.stringify(value)}, and must give true or false`, {
    hint: COMPARE,
  })
}

function placeIn(source: string, offset: number): { file: string; line: number; column: number } {
  const before = source.slice(0, offset).split('\n')
  return { file: NAME, line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

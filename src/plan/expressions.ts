/** Compiles expressions at their places in the file. Problems: CUSTODY_CEL_SYNTAX, CUSTODY_CEL_TYPE, CUSTODY_UNKNOWN_FIELD, CUSTODY_PATTERN. */
import type { ConfigPath } from '../config/pipeline.ts'
import {
  compileExpression,
  type Expression,
  type ExpressionProblem,
  type ExpressionScope,
} from '../expression/expression.ts'
import type { ExpressionUse } from '../sdk/spec.ts'
import type { Report } from './report.ts'
import { typesOf } from './schema-join.ts'

/** Null if it can't be compiled, which has been reported; `''` stands for one that is missing, which has been reported, too. */
export function compileAt(source: string, path: ConfigPath, scope: ExpressionScope, report: Report): Expression | null {
  if (source === '') return null
  const compiled = compileExpression(source, scope)
  const add = (severity: 'error' | 'warning', problems: readonly ExpressionProblem[]) => {
    for (const { code, message, hint, offset, length } of problems)
      report[severity](code, path, message, { hint, within: { offset, length } })
  }
  add('warning', compiled.warnings)
  if (!compiled.ok) add('error', compiled.problems)
  return compiled.ok ? compiled.expression : null
}

/** Whether an expression gives what its place wants; CUSTODY_CEL_TYPE if its type says that it never does. */
export function checkResult(
  expression: Expression,
  wanted: ExpressionUse['gives'],
  path: ConfigPath,
  report: Report,
): boolean {
  if (wanted === 'any') return true
  const types = typesOf(expression.gives.schema)
  const type = wanted === 'bool' ? 'boolean' : 'string'
  if (types === null || types.includes(type)) return true
  const word = wanted === 'bool' ? 'true or false' : 'a text'
  const within = { offset: 0, length: expression.source.length }
  report.error('CUSTODY_CEL_TYPE', path, `the expression gives ${words(types)}, where ${word} is wanted`, { within })
  return false
}

const WORDS: { readonly [type: string]: string } = {
  string: 'a text',
  number: 'a number',
  integer: 'a number',
  decimal: 'a decimal',
  big_integer: 'a big integer',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
}

/** Types of JSON in words: `a number or a list`. */
export function words(types: readonly string[]): string {
  return types.length === 0 ? 'null' : [...new Set(types.map(type => WORDS[type] ?? type))].join(' or ')
}

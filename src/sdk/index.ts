/** `custody/sdk`: what authors of plugins import. */

export {
  type CompiledExpression,
  compileExpression,
  EXPRESSION_ERRORS,
  type Expression,
  type ExpressionProblem,
  type ExpressionResult,
} from '../expression/expression.ts'
export { compileDatePattern, type DateReader } from '../expression/library/date-iso.ts'
export { compilePattern, isPattern, type Pattern, type PatternProblem } from '../expression/pattern.ts'
export { CustodyError, type ErrorCode } from '../model/error.ts'
export { derive, type Json, type MutableRow, newRow, type Row } from '../model/row.ts'
export { type FieldSchema, type JsonSchema, OBSERVED, type RowSchema } from '../model/schema.ts'
export type * from './call.ts'
export { defineAggregate, defineGate, defineSink, defineSource, defineTransform } from './define.ts'
export type * from './probe.ts'
export { FILTERED, oneRow, rowError } from './results.ts'
export type * from './spec.ts'

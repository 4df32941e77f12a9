/** Expressions and patterns, as plugins compile those in their options. */
export {
  compileExpression,
  EXPRESSION_ERRORS,
  type Expression,
  type ExpressionResult,
  fieldOf,
  type SecretValues,
} from '../expression/expression.ts'
export { compileDatePattern, type DateReader } from '../expression/library/date-iso.ts'
export { compilePattern, isPattern, type Pattern } from '../expression/pattern.ts'

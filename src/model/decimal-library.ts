/** The library that calculates with decimals, as it is used here: a module of its own, since most pipelines have none. */
import { Decimal as Library } from 'decimal.js'
import { MAX_DECIMAL_DIGITS, QUOTIENT_DIGITS } from './decimal-text.ts'

/** Sums and products of two decimals have no more digits than this, so that they are exact. */
const ENOUGH = 3 * MAX_DECIMAL_DIGITS

export const Exact = Library.clone({ precision: ENOUGH, rounding: Library.ROUND_HALF_EVEN })
export const Quotient = Library.clone({ precision: QUOTIENT_DIGITS, rounding: Library.ROUND_HALF_EVEN })

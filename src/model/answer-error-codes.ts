/** The codes of answers to those who look at a ledger through a server, an assistant or a browser. */
import { type ErrorSpec, spec } from './error-table.ts'

export const ANSWER_ERRORS = {
  // answers to readers
  CUSTODY_VALUES_WITHHELD: spec(
    2,
    'Something is asked for that can’t be given without values, by somebody who may not see them.',
    'Ask for what happened instead, or ask somebody who may see values.',
  ),
} as const satisfies Record<string, ErrorSpec>

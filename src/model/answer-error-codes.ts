/** The codes of answers to those who look at a ledger through a server, an assistant or a browser. */
import { type ErrorSpec, spec } from './error-table.ts'

export const ANSWER_ERRORS = {
  // answers to readers
  CUSTODY_SQL: spec(
    2,
    'A statement isn’t one SELECT over the views, or the database can’t read it.',
    'docs/mcp.md has the views and their columns. Tables, PRAGMA, ATTACH and whatever writes are refused.',
  ),
  CUSTODY_SQL_TIME: spec(
    1,
    'A statement took longer than one may.',
    'Filter by run_id, by row_id or by token_id first: the views read only that then.',
  ),
  CUSTODY_VALUES_WITHHELD: spec(
    2,
    'Something is asked for that can’t be given without values, by somebody who may not see them.',
    'Ask for what happened instead, or ask somebody who may see values.',
  ),
} as const satisfies Record<string, ErrorSpec>

/** Codes of ledgers as wholes: where they are, whether they can be read and written, and whether they are what was seen of them last. */
import { type ErrorSpec, spec } from './error-table.ts'

export const LEDGER_ERRORS = {
  // ledgers
  CUSTODY_LEDGER_NOT_FOUND: spec(
    2,
    'There is no ledger at this place.',
    'Name it with --ledger, or run a pipeline first.',
  ),
  CUSTODY_LEDGER_EXISTS: spec(
    2,
    'There is a ledger at this place already.',
    'Name another place with --ledger, or move the ledger away.',
  ),
  CUSTODY_LEDGER_URL: spec(2, 'A ledger’s URL isn’t one that Custody knows.', 'Use sqlite:PATH or postgres://…'),
  CUSTODY_LEDGER_FORMAT: spec(
    2,
    'The file isn’t a ledger that this version can read.',
    'Check the path; a newer ledger needs a newer Custody.',
  ),
  CUSTODY_LEDGER_BUSY: spec(1, 'The ledger is locked by another process.', 'Wait until it has finished.'),
  CUSTODY_LEDGER_READ: spec(
    2,
    'The ledger can’t be read where it lies.',
    'Check the permissions; a ledger that was not closed needs a folder that can be written.',
  ),
  CUSTODY_LEDGER_WRITE: spec(
    1,
    'The ledger can’t be written.',
    'Check the disk and the permissions, then resume; nothing is lost.',
  ),
  CUSTODY_LEDGER_IN_DOUBT: spec(
    1,
    'Nobody can say whether what was written to the ledger last is there.',
    'Resume the run when the ledger can be reached: whatever became of it, nothing is lost and nothing is done twice.',
  ),
  CUSTODY_LEDGER_ALTERED: spec(
    1,
    'The ledger isn’t what its last checkpoint signed, so nothing is signed after it.',
    'Run `custody verify` to see all that is wrong; then put a sound copy in its place, or begin another ledger with --ledger.',
  ),
  CUSTODY_LEDGER_CUT: spec(
    1,
    'The ledger has lost entries that were signed, so nothing is signed after it.',
    'Run `custody verify` to see all that is wrong; then put a sound copy in its place, or begin another ledger with --ledger.',
  ),
  CUSTODY_LEDGER_ROLLED_BACK: spec(
    1,
    'The ledger is older than when you last saw it: an earlier copy stands in its place.',
    'Put the newest copy back, or begin another ledger with --ledger.',
  ),
  CUSTODY_LEDGER_FORKED: spec(
    1,
    'The ledger has another history than when you last saw it.',
    'Put the true copy back, or begin another ledger with --ledger.',
  ),
  CUSTODY_LEDGER_MOVED: spec(
    1,
    'The ledger is written somewhere else: this is what it was copied from, or a copy to read.',
    'Name the one that is written with --ledger; reading works here, too.',
  ),
} as const satisfies Record<string, ErrorSpec>

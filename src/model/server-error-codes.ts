/** The codes of what `custody serve` refuses, and of what it can’t do. */
import { type ErrorSpec, spec } from './error-table.ts'

export const SERVER_ERRORS = {
  // the server
  CUSTODY_SERVE: spec(
    2,
    'The server can’t listen, or can’t be set up as it was asked to.',
    'Choose another port with --port, or leave it away: a free one is taken then. docs/api.md has all settings.',
  ),
  CUSTODY_INDEX: spec(
    1,
    'The index beside the ledger can’t be kept. Rows are still found, one by one.',
    'Check the disk and the permissions of the ledger’s folder, or serve with --no-index. The index may be removed at any time.',
  ),
  CUSTODY_NOT_SIGNED_IN: spec(
    1,
    'Who asks the server isn’t signed in, or no longer.',
    'Open the URL that `custody serve` printed, or sign in again; programs send the token that `custody serve --json` prints.',
  ),
  CUSTODY_SIGN_IN: spec(
    1,
    'Signing in by OpenID Connect failed.',
    'Try again. If it fails again, whoever keeps the server finds the reason in what it writes to standard error.',
  ),
  CUSTODY_FORBIDDEN: spec(
    1,
    'Who asks the server may not ask this, or asks from elsewhere than its own pages.',
    'docs/api.md says what each role may. Who keeps the server gives roles.',
  ),
  CUSTODY_HOST: spec(
    1,
    'The server was asked under a name that isn’t its own.',
    'Use the URL that `custody serve` printed.',
  ),
  CUSTODY_REQUEST: spec(
    1,
    'A request has parameters or a body that the server doesn’t understand.',
    '/api/v1/openapi.json describes what each path takes.',
  ),
  CUSTODY_REQUEST_SIZE: spec(1, 'The body of a request is too large.', 'Send less at once.'),
  CUSTODY_TOO_MANY: spec(
    1,
    'Something was asked too often, or by too many at once.',
    'Wait for as long as the header `retry-after` says, and try again.',
  ),
  CUSTODY_METHOD_UNKNOWN: spec(
    1,
    'What stands at this path isn’t asked by this method.',
    'The header `allow` names the methods that are; /api/v1/openapi.json says what each is for.',
  ),
  CUSTODY_PATH_UNKNOWN: spec(1, 'The server has nothing at this path.', '/api/v1/openapi.json lists what there is.'),
  CUSTODY_ACCESS_LOG: spec(
    1,
    'The log of who looks at values can’t be written, so the server shows none.',
    'Make room for it and see that its file, beside the ledger, may be written.',
  ),
  CUSTODY_RUN_NOT_BEGUN: spec(
    1,
    'A run that was asked for from afar hasn’t begun.',
    'Start it on the command line, which shows all that it reports.',
  ),
} as const satisfies Record<string, ErrorSpec>

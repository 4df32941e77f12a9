/** The codes of secrets that a pipeline names and that can’t be had. */
import { type ErrorSpec, spec } from './error-table.ts'

export const SECRET_ERRORS = {
  // secrets
  CUSTODY_SECRET_UNSET: spec(
    2,
    'A secret that the file uses is not in the environment.',
    'Set the variable before the run.',
  ),
  CUSTODY_SECRET_SETTING: spec(
    2,
    'How a secret manager is reached, or what one signs in with, isn’t set, or can’t be so.',
    'docs/secrets.md says for each manager what it takes.',
  ),
  CUSTODY_SECRET_DENIED: spec(
    2,
    'A secret manager, or a file, refuses who asks for a secret.',
    'Let whoever runs the pipeline read it; `custody doctor` says whether Vault takes the token.',
  ),
  CUSTODY_SECRET_NOT_FOUND: spec(
    2,
    'There is no such secret, version, field or file.',
    'Check how it is named in the pipeline file, as docs/secrets.md has it.',
  ),
  CUSTODY_SECRET_VALUE: spec(
    2,
    'What is kept under the name of a secret can’t be one: it is empty, no text, too large, or has no such fields.',
    'Check what is stored there, and whether #FIELD is wanted.',
  ),
  CUSTODY_SECRET_UNREACHABLE: spec(
    2,
    'A secret manager doesn’t answer, or not as it should.',
    'Check its address, the network, and that it is up; then run again: nothing was begun.',
  ),
} as const satisfies Record<string, ErrorSpec>

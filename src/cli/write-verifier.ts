/** Writes the verifier's page, which the build has made of src/page/, and says which one it is. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ledgerUrl } from '../host/ledger.ts'
import { CustodyError } from '../model/error.ts'
import { ownFile } from '../model/own-file.ts'
import { sha256Hex } from '../model/sha256.ts'
import type { Context } from './context.ts'
import { refuseOwnFile } from './out-file.ts'
import { counted, nearPath, printable } from './render/text.ts'
import { refuseExisting, writeText } from './write-text.ts'

export interface VerifierOptions {
  readonly out?: string
  readonly force?: boolean
  readonly json?: boolean
}

const DEFAULT_FILE = 'custody-verifier.html'

/** @throws CustodyError CUSTODY_TARGET_EXISTS, CUSTODY_OUTPUT */
export function writeVerifier(
  context: Context,
  { out = DEFAULT_FILE, force = false, json = false }: VerifierOptions,
): void {
  const { terminal, cwd, version } = context
  const file = resolve(cwd, out)
  refuseOwnFile(context, file, ledgerUrl(context, {}))
  if (!force) refuseExisting(file)
  const page = pageText()
  writeText(file, page, force ? 'replace' : 'keep')
  const sha256 = sha256Hex(page)
  const bytes = Buffer.byteLength(page)
  if (json) terminal.answerJson({ file, version, bytes, sha256 })
  else
    terminal.answer(
      [
        `${printable(nearPath(file, cwd))} is the verifier’s page of Custody ${version}: open it in a browser, and drop a proof on it`,
        `  ${counted(bytes, 'byte')}, SHA-256 ${sha256}`,
      ].join('\n'),
    )
}

function pageText(): string {
  try {
    return readFileSync(ownFile('verifier.html'), 'utf8')
  } catch (error) {
    throw new CustodyError('CUSTODY_FILE_NOT_FOUND', 'the page isn’t there: it is made when Custody is built', {
      cause: error,
      hint: 'Install Custody again, or run `npm run build` in its folder.',
    })
  }
}

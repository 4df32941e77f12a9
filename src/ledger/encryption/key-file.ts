/** Files that hold a ledger key, one line each. */
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { CustodyError } from '../../model/error.ts'
import { makeFolders } from '../../model/folder.ts'
import { keyExposure } from '../keys/keys.ts'
import { type LedgerKey, newLedgerKeyText, parseLedgerKey } from './ledger-key.ts'

/** More bytes are no key. */
const MOST_BYTES = 4096

/**
 * Makes a key in a file that isn't there yet, which its user alone may read.
 * @throws CustodyError CUSTODY_LEDGER_KEY if something is there, or none can be made.
 */
export function makeKeyFile(path: string): LedgerKey {
  const text = newLedgerKeyText()
  try {
    makeFolders(dirname(path), 0o700)
    const file = openSync(path, 'wx', 0o600)
    try {
      writeFileSync(file, `${text}\n`, { flush: true })
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    // cast: what the system throws.
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST')
      throw new CustodyError('CUSTODY_LEDGER_KEY', `${path} is there already, and isn’t overwritten`, {
        hint: 'What it encrypted could never be read again. Name another file.',
      })
    throw new CustodyError('CUSTODY_LEDGER_KEY', `no ledger key can be made at ${path}`, { cause })
  }
  return parseLedgerKey(text, path)
}

/**
 * @throws CustodyError CUSTODY_LEDGER_KEY if there is none, if it holds something else, or if others may read it or write to it.
 */
export function readKeyFile(path: string): LedgerKey {
  const key = parseLedgerKey(textOf(path), path)
  const exposed = keyExposure({ kind: 'file', path, from_environment: false })
  if (exposed?.forbidden === true)
    throw new CustodyError('CUSTODY_LEDGER_KEY', `the ledger key ${path} is no secret: ${exposed.what}`, {
      hint: `Make it yours alone: chmod 600 ${path}. If others may have read it, encrypt with another one: \`custody ledger rekey\`.`,
    })
  return key
}

function textOf(path: string): string {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    // cast: what the system throws.
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT')
      throw new CustodyError('CUSTODY_LEDGER_KEY', `there is no ledger key ${path}`, {
        hint: `Check the path; \`custody ledger key new ${path}\` makes a new key, which opens nothing that another one encrypted.`,
      })
    throw new CustodyError('CUSTODY_LEDGER_KEY', `the ledger key ${path} can’t be read`, { cause })
  }
  if (text.length > MOST_BYTES)
    throw new CustodyError('CUSTODY_LEDGER_KEY', `${path} holds no ledger key: it is far too long for one`)
  return text
}

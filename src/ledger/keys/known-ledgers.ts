/**
 * What a user trusts and remembers, in files of their configuration folder: `trusted-keys`, one verifier key a line, and
 * `ledgers/ID`, the head that each ledger had when they last wrote to it.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { VerifierKey } from '../../format/verifier-key.ts'
import { CustodyError } from '../../model/error.ts'
import { makeFolders } from '../../model/folder.ts'
import { isHash, sha256Hex } from '../../model/sha256.ts'
import { configFolder, type Environment } from './config-folder.ts'
import { ownKeys, verifierKeysIn } from './keys.ts'
import type { Remembered, Trust } from './trust.ts'

/** Called once if nothing can be remembered, as in a container whose folders can't be written. */
export type ReportForgetful = (why: string) => void

/** The user's own keys, if there are any, those that they accepted with `key trust`, and those of `file`. @throws CustodyError CUSTODY_KEY. */
export function trustedKeys(file: string | null, env: Environment = process.env): readonly VerifierKey[] {
  return [...ownKeys(env), ...acceptedKeys(env), ...(file === null ? [] : verifierKeysIn(file))]
}

/** @throws CustodyError CUSTODY_KEY. */
export function userTrust(env: Environment, reportForgetful: ReportForgetful): Trust {
  let reported = false
  return {
    keys: trustedKeys(null, env),
    recall: ledger => recall(env, ledger),
    remember: (ledger, head) => {
      try {
        remember(env, ledger, head)
      } catch (error) {
        if (!reported) reportForgetful(`what you know of this ledger can’t be kept: ${(error as Error).message}`)
        reported = true
      }
    },
  }
}

/** Trusts the keys of a file from now on. Gives those that are new. @throws CustodyError CUSTODY_KEY. */
export function trustKeys(file: string, env: Environment): readonly VerifierKey[] {
  const known = new Set(acceptedKeys(env).map(each => each.text))
  const fresh = verifierKeysIn(file).filter(each => !known.has(each.text))
  if (fresh.length === 0) return fresh
  try {
    makeFolders(configFolder(env), 0o700)
    const lines = [...known, ...fresh.map(each => each.text)].map(each => `${each}\n`)
    replaceFile(acceptedPath(env), lines.join(''))
  } catch (cause) {
    throw new CustodyError('CUSTODY_KEY', `${acceptedPath(env)} can’t be written`, { cause })
  }
  return fresh
}

/** What is remembered of a ledger; null if nothing is. @throws CustodyError CUSTODY_KEY. */
export function recall(env: Environment, ledger: string): Remembered | null {
  const path = ledgerPath(env, ledger)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new CustodyError('CUSTODY_KEY', `${path}, what you know of the ledger, can’t be read`, { cause })
  }
  const known = parsed(text)
  if (known !== null) return { ...known, kept_in: path }
  throw new CustodyError(
    'CUSTODY_KEY',
    `${path}, what you know of the ledger, can’t be read: it isn’t what Custody wrote`,
    {
      hint: 'Look who changed it. Without the file the ledger is taken as it is when you next write to it.',
    },
  )
}

function remember(env: Environment, ledger: string, { keys, size, root }: Remembered): void {
  const path = ledgerPath(env, ledger)
  makeFolders(configFolder(env), 0o700)
  mkdirSync(join(configFolder(env), 'ledgers'), { recursive: true, mode: 0o700 })
  replaceFile(path, `${JSON.stringify({ ledger, keys, size, root })}\n`)
}

function parsed(text: string): Remembered | null {
  try {
    const { keys, size, root } = JSON.parse(text) as Partial<Remembered>
    if (!Array.isArray(keys) || !keys.every(each => typeof each === 'string')) return null
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || typeof root !== 'string' || !isHash(root))
      return null
    return { keys, size, root }
  } catch {
    return null
  }
}

function acceptedKeys(env: Environment): readonly VerifierKey[] {
  return existsSync(acceptedPath(env)) ? verifierKeysIn(acceptedPath(env)) : []
}

function acceptedPath(env: Environment): string {
  return join(configFolder(env), 'trusted-keys')
}

function ledgerPath(env: Environment, ledger: string): string {
  return join(configFolder(env), 'ledgers', /^[0-9a-z-]{1,64}$/.test(ledger) ? ledger : sha256Hex(ledger))
}

/** Whoever reads it meanwhile sees the old text or the new one. */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, text, { mode: 0o600, flush: true })
  renameSync(temporary, path)
}

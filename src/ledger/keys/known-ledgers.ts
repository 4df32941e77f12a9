/**
 * What a user trusts and remembers, in files of their configuration folder: `trusted-keys`, one verifier key a line, and
 * `ledgers/ID`, the heads of each ledger that they saw.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { SoundHead } from '../../format/standing.ts'
import { NoteError, parseVerifierKey, type VerifierKey } from '../../format/verifier-key.ts'
import { canonicalize } from '../../model/canonical.ts'
import { CustodyError } from '../../model/error.ts'
import { makeFolders } from '../../model/folder.ts'
import { parseJson } from '../../model/json.ts'
import { isHash, sha256Hex } from '../../model/sha256.ts'
import { configFolder, type Environment } from './config-folder.ts'
import { namedKeysIn, ownKeys, verifierKeysIn } from './keys.ts'
import type { Remembered, SeenHead, TakenKey, Trust } from './trust.ts'

/** Called once if nothing can be remembered, as in a container whose folders can't be written. */
export type ReportForgetful = (why: string) => void

/** The user's own keys, if there are any, those that they accepted with `key trust`, and those of `file`. @throws CustodyError CUSTODY_KEY. */
export function trustedKeys(file: string | null, env: Environment = process.env): readonly VerifierKey[] {
  return [...ownKeys(env), ...acceptedKeys(env), ...(file === null ? [] : namedKeysIn(file))]
}

/** @throws CustodyError CUSTODY_KEY. */
export function userTrust(env: Environment, reportForgetful: ReportForgetful): Trust {
  return { keys: trustedKeys(null, env), ...userMemory(env, reportForgetful) }
}

/** What the user remembers of ledgers, for those who trust nobody for what they do. */
export function userMemory(env: Environment, reportForgetful: ReportForgetful): Omit<Trust, 'keys'> {
  let reported = false
  return {
    recall: ledger => recall(env, ledger),
    replace: (ledger, before, after) => {
      try {
        return replace(env, ledger, before, after)
      } catch (error) {
        if (!reported) reportForgetful(`what you know of this ledger can’t be kept: ${(error as Error).message}`)
        reported = true
        return true
      }
    },
  }
}

/** Trusts the keys of a file from now on. Gives those that are new. @throws CustodyError CUSTODY_KEY. */
export function trustKeys(file: string, env: Environment): readonly VerifierKey[] {
  const known = new Set(acceptedKeys(env).map(each => each.text))
  const fresh = namedKeysIn(file).filter(each => !known.has(each.text))
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
      hint: 'Look who changed it. Without the file the ledger is taken as it is when you next use it.',
    },
  )
}

const FOLDER = 'ledgers'
/** Processes hold it for the time of reading and replacing one small file. */
const LOCK_WAIT_MS = 5_000

/** @throws what the file system throws. */
function replace(env: Environment, ledger: string, before: Remembered | null, after: Remembered): boolean {
  makeFolders(configFolder(env), 0o700)
  const folder = join(configFolder(env), FOLDER)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return locked(join(folder, '.lock'), () => {
    if (textOf(ledger, recall(env, ledger)) !== textOf(ledger, before)) return false
    replaceFile(ledgerPath(env, ledger), `${textOf(ledger, after)}\n`)
    return true
  })
}

/** The system takes SQLite's locks away with the process that holds them, however it ends. Nothing is written to the file. */
function locked<T>(path: string, work: () => T): T {
  const db = new DatabaseSync(path, { timeout: LOCK_WAIT_MS })
  try {
    db.exec('BEGIN IMMEDIATE')
    return work()
  } finally {
    db.close()
  }
}

function textOf(ledger: string, remembered: Remembered | null): string {
  if (remembered === null) return ''
  const { keys, in_force, taken, written, heads, sound } = remembered
  return canonicalize({
    ledger,
    keys,
    in_force,
    taken: taken.map(({ key, index, revoked }) => [key, index, revoked]),
    written,
    heads: heads.map(({ size, root, t_us }) => [size, root, t_us]),
    ...(sound !== undefined && { sound: [sound.size, sound.root, [...sound.changes], sound.logs] }),
  })
}

function parsed(text: string): Remembered | null {
  try {
    const known: { readonly [key: string]: unknown } = parseJson(text)
    const { keys, in_force, taken, written, heads, sound } = known
    if (!isTexts(keys) || !isTexts(in_force) || typeof written !== 'boolean') return null
    if (!Array.isArray(taken) || !Array.isArray(heads)) return null
    const [gone, seen] = [taken.flatMap(takenIn), heads.flatMap(headIn)]
    if (gone.length < taken.length || seen.length < heads.length || seen.length === 0) return null
    const ascends = seen.every((each, i) => each.size > (seen[i - 1]?.size ?? 0))
    const whole = sound === undefined ? null : soundIn(sound)
    if (!ascends || whole === undefined) return null
    return { keys, in_force, taken: gone, written, heads: seen, ...(whole === null ? {} : { sound: whole }) }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null
    throw error
  }
}

/** None, if it isn't one. */
function takenIn(value: unknown): TakenKey[] {
  const [key, index, revoked]: readonly unknown[] = Array.isArray(value) ? value : []
  return typeof key === 'string' && isKey(key) && isWhole(index) && typeof revoked === 'boolean'
    ? [{ key, index, revoked }]
    : []
}

/** None, if it isn't one. */
function headIn(value: unknown): SeenHead[] {
  const [size, root, t_us]: readonly unknown[] = Array.isArray(value) ? value : []
  return isWhole(size) && isWhole(t_us) && typeof root === 'string' && isHash(root) ? [{ size, root, t_us }] : []
}

function isKey(text: string): boolean {
  try {
    parseVerifierKey(text)
    return true
  } catch (error) {
    if (error instanceof NoteError) return false
    throw error
  }
}

function soundIn(value: unknown): SoundHead | undefined {
  const [size, root, changes, logs]: readonly unknown[] = Array.isArray(value) ? value : []
  if (!isWhole(size) || typeof root !== 'string' || !isHash(root) || !isWhole(logs)) return undefined
  if (!Array.isArray(changes) || !changes.every((each, i) => isWhole(each) && each > (changes[i - 1] ?? 0)))
    return undefined
  return { size, root, changes, logs }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(each => typeof each === 'string')
}

function acceptedKeys(env: Environment): readonly VerifierKey[] {
  return existsSync(acceptedPath(env)) ? verifierKeysIn(acceptedPath(env)) : []
}

function acceptedPath(env: Environment): string {
  return join(configFolder(env), 'trusted-keys')
}

function ledgerPath(env: Environment, ledger: string): string {
  return join(configFolder(env), FOLDER, /^[0-9a-z-]{1,64}$/.test(ledger) ? ledger : sha256Hex(ledger))
}

/** Whoever reads it meanwhile sees the old text or the new one. */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, text, { mode: 0o600, flush: true })
  renameSync(temporary, path)
}

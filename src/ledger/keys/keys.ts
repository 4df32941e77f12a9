/**
 * Keys for checkpoints. They are never in a ledger: being able to change a ledger must not mean being able to sign it.
 *
 * KEYS-1. The signing key is `$CUSTODY_KEY` (a file's path, or the key itself), else the file `custody/key` in the user's
 *     configuration folder, which is made at the first use with mode 0600.
 * KEYS-2. Keys that checkpoints are verified with come from there and from files that the user names, nowhere else.
 * KEYS-3. Nothing that could be a signing key is ever shown: not what `$CUSTODY_KEY` holds, nor a line of a key file.
 * KEYS-4. A key that all users of the machine may read, or others may write, signs nothing.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, readFileSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { encodeSigningKeys, newSeed, parseSigningKeys, type Signer } from '../../format/signing-key.ts'
import { parseVerifierKey, readVerifierKeys, type VerifierKey } from '../../format/verifier-key.ts'
import { CustodyError } from '../../model/error.ts'
import { makeFolders } from '../../model/folder.ts'
import { configFolder, type Environment } from './config-folder.ts'

/**
 * Stands in each signature, with 8 random hex digits: keys of one name are those of one signer, and who trusts several of a name
 * demands one of each type (TRUST-1).
 */
const KEY_NAME = 'custody/'
const KEY_NAME_BYTES = 4

/** Where a signing key is. */
export type KeyPlace =
  /** In `$CUSTODY_KEY` itself. */
  | { readonly kind: 'environment'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string; readonly from_environment: boolean }

export function keyPlace(env: Environment): KeyPlace {
  const given = unquoted(env.CUSTODY_KEY ?? '')
  if (given === '') return { kind: 'file', path: join(configFolder(env), 'key'), from_environment: false }
  if (/^PRIVATE.?KEY\b/i.test(given)) return { kind: 'environment', text: given }
  return { kind: 'file', path: given, from_environment: true }
}

/** The user's signing key, made if there is none yet. @throws CustodyError CUSTODY_KEY. */
export function signingKey(env: Environment = process.env): Signer {
  const place = keyPlace(env)
  if (place.kind === 'environment') return parse(place.text, '$CUSTODY_KEY')
  const { path, from_environment } = place
  const text = readKey(place) ?? (from_environment ? null : makeKey(path))
  if (text === null)
    throw new CustodyError(
      'CUSTODY_KEY',
      `$CUSTODY_KEY is neither a signing key nor a file that is there${shown(path)}`,
    )
  mustBePrivate(place)
  return parse(text, nameOf(place))
}

/** The verifier keys of the user's signing key; none if there is none yet. @throws CustodyError CUSTODY_KEY. */
export function ownKeys(env: Environment = process.env): readonly VerifierKey[] {
  const place = keyPlace(env)
  const text = place.kind === 'environment' ? place.text : readKey(place)
  if (text === null && place.kind === 'file' && !place.from_environment) return []
  const { verifier_keys } = text === null ? signingKey(env) : parse(text, nameOf(place))
  return verifier_keys.map(parseVerifierKey)
}

/**
 * Who else may use the key's file, and whether that forbids signing (KEYS-4); null if nobody, or if the system has no such modes.
 */
export function keyExposure(place: KeyPlace): { readonly what: string; readonly forbidden: boolean } | null {
  const stat = place.kind === 'environment' ? null : statOf(place.path)
  if (stat === null || process.platform === 'win32') return null
  const mode = stat.mode & 0o777
  const octal = mode.toString(8).padStart(4, '0')
  if ((mode & 0o004) !== 0) return { what: `every user of this machine may read it (mode ${octal})`, forbidden: true }
  if ((mode & 0o022) !== 0) return { what: `others may write it (mode ${octal})`, forbidden: true }
  if ((mode & 0o040) !== 0) return { what: `its group may read it (mode ${octal})`, forbidden: false }
  return null
}

const VERIFIER_KEYS = 'Name a file that has a verifier key a line: name+hash+base64, as `custody key show` prints it.'

/**
 * The verifier keys of a file, one a line (`name+hash+base64`); empty lines and lines that begin with # don't count.
 * @throws CustodyError CUSTODY_KEY.
 */
export function verifierKeysIn(file: string): readonly VerifierKey[] {
  const text = readKey({ kind: 'file', path: file, from_environment: false })
  if (text === null) throw new CustodyError('CUSTODY_KEY', `there is no file ${file}`, { hint: VERIFIER_KEYS })
  const read = readVerifierKeys(text)
  if (read.ok) return read.keys
  throw new CustodyError('CUSTODY_KEY', `line ${read.line} of ${file} is ${read.what}`, { hint: VERIFIER_KEYS })
}

/** Of a file that somebody names: one without any key isn't what they meant. @throws CustodyError CUSTODY_KEY. */
export function namedKeysIn(file: string): readonly VerifierKey[] {
  const keys = verifierKeysIn(file)
  if (keys.length === 0)
    throw new CustodyError('CUSTODY_KEY', `there is no verifier key in ${file}`, { hint: VERIFIER_KEYS })
  return keys
}

/** The text of a new pair of keys, Ed25519 and ML-DSA-44, for a file. */
export function newKeyText(): string {
  const name = `${KEY_NAME}${randomBytes(KEY_NAME_BYTES).toString('hex')}`
  return encodeSigningKeys(name, newSeed(), newSeed())
}

/** Reports what is wrong without the text that was parsed (KEYS-3), also in a cause. */
export function parse(text: string, from: string): Signer {
  try {
    return parseSigningKeys(unquoted(text))
  } catch {
    throw new CustodyError(
      'CUSTODY_KEY',
      `${from} holds no signing key (a line PRIVATE+KEY+name+hash+base64 of Ed25519, and beside it one of ML-DSA-44)`,
    )
  }
}

/** As `docker --env-file` and shells leave it: with blanks, line ends and quotes around. */
function unquoted(text: string): string {
  const trimmed = text.trim()
  return (/^(["'])(?<inner>.*)\1$/s.exec(trimmed)?.groups?.inner ?? trimmed).trim()
}

function nameOf(place: KeyPlace): string {
  return place.kind === 'file' && !place.from_environment ? place.path : 'what $CUSTODY_KEY names'
}

/** ` (PATH)`, if it is certainly a path and no key: its folder is there, and its name isn't as long as a key. */
function shown(path: string): string {
  const folder = dirname(resolve(path))
  const isPath =
    path.includes('/') && folder !== dirname(folder) && existsSync(folder) && !/[\w+=]{32}/.test(basename(path))
  return isPath ? ` (${path})` : ''
}

function mustBePrivate(place: KeyPlace): void {
  const exposed = keyExposure(place)
  if (place.kind === 'environment' || exposed?.forbidden !== true) return
  throw new CustodyError('CUSTODY_KEY', `the signing key ${place.path} is no secret: ${exposed.what}`, {
    hint: `Make it yours alone: chmod 600 ${place.path}. If others may have read it, take another one: \`custody key rotate --revoke\`.`,
  })
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null
  } catch {
    // What can't be looked at can't be read either, which is reported.
    return null
  }
}

/** null if there is no such file. */
function readKey(place: Extract<KeyPlace, { kind: 'file' }>): string | null {
  try {
    return readFileSync(place.path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENAMETOOLONG') return null
    // The system's message has the path, which may be a key (KEYS-3).
    if (place.from_environment)
      throw new CustodyError('CUSTODY_KEY', `what $CUSTODY_KEY names can’t be read (${code})${shown(place.path)}`)
    throw new CustodyError('CUSTODY_KEY', `${place.path} can’t be read`, { cause })
  }
}

/** If two processes come here at the same time, one makes the key, and both use it. */
function makeKey(path: string): string {
  const temporary = `${path}.${process.pid}.${Date.now()}`
  try {
    makeFolders(dirname(path), 0o700)
    writeFileSync(temporary, newKeyText(), { mode: 0o600, flag: 'wx', flush: true })
    try {
      linkSync(temporary, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      rmSync(temporary, { force: true })
    }
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new CustodyError('CUSTODY_KEY', `no signing key can be made at ${path}`, { cause })
  }
}

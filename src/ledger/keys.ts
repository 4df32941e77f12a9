/**
 * Keys for checkpoints. They never lie in a ledger: whoever can change a ledger must not thereby be able to sign it.
 *
 * K1. The signing key is `$CUSTODY_KEY` (a file's path, or the key itself), else the file `custody/key` in the user's
 *     configuration folder, which is made at the first use with mode 0600.
 * K2. Keys that checkpoints are verified with come from there and from files that the user names, nowhere else.
 */
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { CustodyError } from '../model/error.ts'
import { makeFolders } from '../model/folder.ts'
import {
  encodeSigningKey,
  generateSigningKey,
  parseSigningKey,
  parseVerifierKey,
  type Signer,
  type VerifierKey,
} from '../model/note.ts'

/** Stands in each signature; the hash behind it is what tells keys apart. */
const KEY_NAME = 'custody'

type Environment = { readonly [name: string]: string | undefined }

/** The user's signing key, made if there is none yet. @throws CustodyError CUSTODY_KEY. */
export function signingKey(env: Environment = process.env): Signer {
  const given = env.CUSTODY_KEY
  if (given === undefined || given === '') {
    const path = defaultPath(env)
    return parse(readKey(path) ?? makeKey(path), path)
  }
  if (given.startsWith('PRIVATE+KEY+')) return parse(given, '$CUSTODY_KEY')
  const text = readKey(given)
  if (text === null) throw new CustodyError('CUSTODY_KEY', `$CUSTODY_KEY names ${given}, and there is no such file`)
  return parse(text, given)
}

const VERIFIER_KEYS = 'Name a file that has a verifier key a line: name+hash+base64.'

/**
 * The keys that are trusted: the user's own, if there is one, and those of `file`, one verifier key a line
 * (`name+hash+base64`); empty lines and lines that begin with # don't count.
 * @throws CustodyError CUSTODY_KEY.
 */
export function trustedKeys(file: string | null, env: Environment = process.env): readonly VerifierKey[] {
  const keys: VerifierKey[] = []
  const given = env.CUSTODY_KEY
  if ((given !== undefined && given !== '') || readKey(defaultPath(env)) !== null) {
    keys.push(parseVerifierKey(signingKey(env).verifier_key))
  }
  if (file === null) return keys
  const text = readKey(file)
  if (text === null) throw new CustodyError('CUSTODY_KEY', `there is no file ${file}`, { hint: VERIFIER_KEYS })
  for (const line of text.split('\n').map(each => each.trim())) {
    if (line === '' || line.startsWith('#')) continue
    try {
      keys.push(parseVerifierKey(line))
    } catch (cause) {
      throw new CustodyError('CUSTODY_KEY', `${file} has a line that is no verifier key: ${line}`, {
        hint: VERIFIER_KEYS,
        cause,
      })
    }
  }
  return keys
}

function defaultPath(env: Environment): string {
  const folder = env.XDG_CONFIG_HOME
  return join(folder === undefined || folder === '' ? join(homedir(), '.config') : folder, 'custody', 'key')
}

function parse(text: string, from: string): Signer {
  try {
    return parseSigningKey(text.trim())
  } catch (cause) {
    throw new CustodyError('CUSTODY_KEY', `${from} holds no signing key`, { cause })
  }
}

/** null if there is no such file. */
function readKey(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new CustodyError('CUSTODY_KEY', `${path} can’t be read`, { cause })
  }
}

/** Of two processes that come here at the same time one makes the key, and both use it. */
function makeKey(path: string): string {
  const text = `${encodeSigningKey(KEY_NAME, generateSigningKey())}\n`
  const temporary = `${path}.${process.pid}.${Date.now()}`
  try {
    makeFolders(dirname(path), 0o700)
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx', flush: true })
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

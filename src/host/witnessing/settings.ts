/**
 * Which witnesses and which timestamp authority a ledger's heads are given to, by the pipeline file, else by the user's configuration; and whose
 * word of heads the user trusts.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Certificate, certificatesIn } from '../../format/certificate.ts'
import { DerError } from '../../format/der.ts'
import { type Policy, PolicyError, parsePolicy } from '../../format/policy.ts'
import { configFolder, type Environment } from '../../ledger/keys/config-folder.ts'
import { CustodyError } from '../../model/error.ts'

export interface WitnessingSettings {
  /** null: no witnesses are named. */
  readonly policy: Policy | null
  /** URL of the timestamp authority; null: none is named. */
  readonly timestamps: string | null
}

/** What a pipeline, or a command, names; null: nothing. Paths are absolute. */
export interface NamedWitnessing {
  readonly witnesses: string | null
  readonly timestamps: string | null
}

/** Files of the user's configuration folder: a policy, a URL, and certificates. */
const WITNESSES = 'witnesses'
const TIMESTAMPS = 'timestamps'
const AUTHORITIES = 'authorities.pem'

/** @throws CustodyError CUSTODY_POLICY. */
export function witnessingOf(env: Environment, named: NamedWitnessing): WitnessingSettings {
  return {
    policy: named.witnesses === null ? usersPolicy(env) : readPolicy(named.witnesses),
    timestamps: named.timestamps ?? usersAuthority(env),
  }
}

/** The policy of the user's configuration; null if there is none. @throws CustodyError CUSTODY_POLICY. */
export function usersPolicy(env: Environment): Policy | null {
  const path = join(configFolder(env), WITNESSES)
  const bytes = fileOf(path)
  return bytes === null ? null : policyIn(path, bytes)
}

/** @throws CustodyError CUSTODY_POLICY, with the file and its line. */
export function readPolicy(path: string): Policy {
  const bytes = fileOf(path)
  if (bytes === null) throw new CustodyError('CUSTODY_POLICY', `there is no policy ${path}`)
  return policyIn(path, bytes)
}

function policyIn(path: string, bytes: Uint8Array): Policy {
  try {
    return parsePolicy(bytes)
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    throw new CustodyError('CUSTODY_POLICY', `the policy can’t be read: ${error.message}`, {
      where: { file: path, line: error.line },
    })
  }
}

const CERTIFICATES = 'Give certificates of timestamp authorities, in PEM, and nothing else.'

/** Certificates of the user's configuration; none if there is no such file. @throws CustodyError CUSTODY_POLICY. */
export function usersAuthorities(env: Environment): readonly Certificate[] {
  const path = join(configFolder(env), AUTHORITIES)
  const bytes = fileOf(path)
  return bytes === null ? [] : authoritiesIn(path, bytes)
}

/** @throws CustodyError CUSTODY_POLICY. */
export function readAuthorities(path: string): readonly Certificate[] {
  const bytes = fileOf(path)
  if (bytes === null) throw new CustodyError('CUSTODY_POLICY', `there is no file ${path}`, { hint: CERTIFICATES })
  return authoritiesIn(path, bytes)
}

function authoritiesIn(path: string, bytes: Uint8Array): readonly Certificate[] {
  try {
    return certificatesIn(new TextDecoder().decode(bytes))
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw new CustodyError('CUSTODY_POLICY', `${path} can’t be read: it has ${error.message}`, {
      hint: CERTIFICATES,
    })
  }
}

function usersAuthority(env: Environment): string | null {
  const path = join(configFolder(env), TIMESTAMPS)
  const bytes = fileOf(path)
  if (bytes === null) return null
  const url = Buffer.from(bytes).toString('utf8').trim()
  if (URL.canParse(url) && /^https?:/.test(url)) return url
  throw new CustodyError('CUSTODY_POLICY', `${path} isn’t the URL of a timestamp authority`, {
    hint: 'Write one line, as in https://tsa.example/, or remove the file.',
  })
}

/** null if there is no such file. */
function fileOf(path: string): Uint8Array | null {
  try {
    return readFileSync(path)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : cause
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new CustodyError('CUSTODY_POLICY', `${path} can’t be read (${code})`, { cause })
  }
}

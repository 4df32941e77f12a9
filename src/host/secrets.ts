/** The secrets that a pipeline names, read for a run; whoever only checks it gets to know those of the environment. */
import type { Signer } from '../format/signing-key.ts'
import type { Environment } from '../ledger/keys/config-folder.ts'
import { CustodyError } from '../model/error.ts'
import type { SecretReading } from '../model/secret-reading.ts'
import { isReference, parseSecretReference } from '../model/secret-reference.ts'
import { sha256Hex } from '../model/sha256.ts'
import type { Secrets } from '../plan/secrets.ts'
import { fromEnvironment } from '../secrets/environment.ts'
import { missingFor } from '../secrets/packages.ts'
import type { SecretReader } from '../secrets/reader.ts'

type Reading = (name: string) => SecretReading

/** By names. One for a command: each secret is read once, however often a pipeline is compiled. */
export class HostSecrets {
  /** Those of the environment; others are there to be read, unless a package is missing for that. */
  readonly unread: Reading
  private readonly env: Environment
  /** Loaded when the first secret is asked for that isn’t in the environment. */
  private reader: Promise<SecretReader> | null = null

  constructor(env: Environment) {
    this.env = env
    this.unread = name => {
      const reference = parseSecretReference(name)
      // What is no name of a secret has been reported.
      if (!isReference(reference)) return { kind: 'unread' }
      if (reference.kind === 'environment') return fromEnvironment(reference.name, env)
      return missingFor(reference.kind) ?? { kind: 'unread' }
    }
  }

  /** All at once. `folder`: where relative paths of files start. */
  async read(names: readonly string[], folder: string): Promise<Reading> {
    const kept = names.filter(name => this.unread(name).kind === 'unread')
    if (kept.length === 0) return this.unread
    this.reader ??= import('../secrets/reader.ts').then(({ SecretReader }) => new SecretReader({ env: this.env }))
    const readings = await (await this.reader).read(kept, folder)
    return name => readings.get(name) ?? this.unread(name)
  }

  /** The value of one. @throws CustodyError CUSTODY_BAD_VALUE, CUSTODY_PACKAGE_MISSING, and the codes of secrets */
  async value(name: string, folder: string): Promise<string> {
    const reading = (await this.read([name], folder))(name)
    if (reading.kind === 'value') return reading.value
    if (reading.kind === 'unread') throw new TypeError(`${name} was not read`)
    throw new CustodyError(reading.code, reading.message, { hint: reading.hint })
  }
}

/** Whether something else than the environment keeps it; what is no name of a secret isn’t there, either. */
export function isKept(name: string): boolean {
  const reference = parseSecretReference(name)
  return !isReference(reference) || reference.kind !== 'environment'
}

/** For whoever runs nothing. */
export function checking(env: Environment): Secrets {
  return { secrets: new HostSecrets(env).unread, secrets_required: false, fingerprint: () => '' }
}

/**
 * Fingerprints are hashes of signatures: without the signing key nobody can try values out, and the same value gives the same
 * fingerprint in every run.
 */
export function fingerprintBy(signer: () => Signer): Secrets['fingerprint'] {
  return value => sha256Hex(signer().sign(`custody secret\n${sha256Hex(value)}\n`)).slice(0, 32)
}

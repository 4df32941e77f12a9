/**
 * Reads secrets by their names: all at once, each place once, and for so long as that may take and no longer. What was read is remembered
 * for as long as the reader is, so that whoever compiles a pipeline several times asks once.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { SecretReading } from '../model/secret-reading.ts'
import { isReference, keeperOf, parseSecretReference, type SecretReference } from '../model/secret-reference.ts'
import { awsKeeper, parameterKeeper } from './aws.ts'
import { azureKeeper } from './azure.ts'
import { type Environment, fromEnvironment } from './environment.ts'
import { fileKeeper } from './file.ts'
import { gcpKeeper } from './gcp.ts'
import { type Keeper, type KeeperPorts, SecretProblem, type Stored } from './keeper.ts'
import { valueIn } from './stored.ts'
import { vaultKeeper } from './vault/vault.ts'
import { Unanswered, webAsk } from './web.ts'

/** A manager that doesn’t answer keeps nobody waiting for longer. */
const LIMIT_MS = 20_000

type Kept = Exclude<SecretReference, { readonly kind: 'environment' }>
type Keepers = { readonly [kind in Kept['kind']]: Keeper<kind> }

export interface ReaderPorts extends Partial<KeeperPorts> {
  readonly env: Environment
  /** Given when it has taken too long. */
  readonly limit?: () => AbortSignal
}

export class SecretReader {
  private readonly ports: KeeperPorts
  private readonly limit: () => AbortSignal
  private readonly managers: Omit<Keepers, 'file'>
  /** By kind and place. */
  private readonly stored = new Map<string, Promise<Stored>>()

  constructor({ env, ask = webAsk(env), wait = pause, limit = () => AbortSignal.timeout(LIMIT_MS) }: ReaderPorts) {
    this.ports = { env, ask, wait }
    this.limit = limit
    this.managers = {
      vault: vaultKeeper(this.ports),
      aws: awsKeeper(),
      'aws-ssm': parameterKeeper(),
      azure: azureKeeper(this.ports),
      gcp: gcpKeeper(this.ports),
    }
  }

  /** By name. `folder`: where relative paths of files start. */
  async read(names: Iterable<string>, folder: string): Promise<ReadonlyMap<string, SecretReading>> {
    const signal = this.limit()
    const keepers: Keepers = { ...this.managers, file: fileKeeper(folder) }
    const found = [...new Set(names)].map(async name => [name, await this.reading(name, keepers, signal)] as const)
    return new Map(await Promise.all(found))
  }

  private async reading(name: string, keepers: Keepers, signal: AbortSignal): Promise<SecretReading> {
    const reference = parseSecretReference(name)
    if (!isReference(reference))
      return { kind: 'problem', code: 'CUSTODY_BAD_VALUE', message: reference.problem, hint: reference.hint }
    if (reference.kind === 'environment') return fromEnvironment(reference.name, this.ports.env)
    try {
      const stored = await within(signal, this.storedAt(reference, keepers, signal))
      return { kind: 'value', value: valueIn(stored, reference) }
    } catch (error) {
      return problemOf(error, reference, signal)
    }
  }

  private storedAt(reference: Kept, keepers: Keepers, signal: AbortSignal): Promise<Stored> {
    const { place, read } = keptBy(reference, keepers)
    const before = this.stored.get(place)
    if (before !== undefined) return before
    const now = read(signal)
    this.stored.set(place, now)
    return now
  }
}

interface Placed {
  readonly place: string
  readonly read: (signal: AbortSignal) => Promise<Stored>
}

function keptBy(reference: Kept, keepers: Keepers): Placed {
  switch (reference.kind) {
    case 'file':
      return placed(reference, keepers.file)
    case 'vault':
      return placed(reference, keepers.vault)
    case 'aws':
      return placed(reference, keepers.aws)
    case 'aws-ssm':
      return placed(reference, keepers['aws-ssm'])
    case 'azure':
      return placed(reference, keepers.azure)
    case 'gcp':
      return placed(reference, keepers.gcp)
  }
}

function placed<R extends Kept>(
  reference: R,
  keeper: { placeOf(reference: R): string; read(reference: R, signal: AbortSignal): Promise<Stored> },
): Placed {
  return {
    place: `${reference.kind}:${keeper.placeOf(reference)}`,
    read: signal => keeper.read(reference, signal),
  }
}

/** Rejects when the signal is given, whether the work looks at it or not. */
function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const over = () => reject(signal.reason)
    if (signal.aborted) over()
    else signal.addEventListener('abort', over, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', over))
  })
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal })
}

/** @throws what is a defect of ours */
function problemOf(error: unknown, reference: Kept, signal: AbortSignal): SecretReading {
  if (error instanceof SecretProblem)
    return { kind: 'problem', code: error.code, message: error.message, hint: error.hint }
  const who = keeperOf(reference)
  if (signal.aborted)
    return {
      kind: 'problem',
      code: 'CUSTODY_SECRET_UNREACHABLE',
      message: `${who} doesn’t answer within ${LIMIT_MS / 1000} s`,
    }
  if (error instanceof Unanswered)
    return { kind: 'problem', code: 'CUSTODY_SECRET_UNREACHABLE', message: `${who} ${error.message}` }
  throw error
}

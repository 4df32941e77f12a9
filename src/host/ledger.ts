/** Which ledger is meant, and what is known of it and of those who write it. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Environment } from '../ledger/keys/config-folder.ts'
import { recall, trustedKeys } from '../ledger/keys/known-ledgers.ts'
import type { Remembered } from '../ledger/keys/trust.ts'
import type { LedgerReader, StoredLease } from '../ledger/read-port.ts'
import { isCustodyError } from '../model/error.ts'
import { isAlive, livesHere, parseHolder } from '../model/holder.ts'
import { parseJson } from '../model/json.ts'

const DEFAULT_FILE = 'custody.db'

/** Where a process is, and what its environment says. */
export interface ProcessPlace {
  /** Absolute. */
  readonly cwd: string
  readonly env: Environment
}

/** The ledger that was named by whoever asks; absent: none was. */
export interface GivenLedger {
  readonly ledger?: string
}

/** A pipeline's own wish, and the folder that it is relative to. */
export interface PipelineLedger {
  readonly url: string | null
  readonly folder: string
}

/** The one given, else `$CUSTODY_LEDGER`, else the pipeline's, else `sqlite:./custody.db`; paths made absolute. */
export function ledgerUrl({ cwd, env }: ProcessPlace, given: GivenLedger, pipeline?: PipelineLedger): string {
  if (given.ledger !== undefined) return absolute(given.ledger, cwd)
  const from_env = env.CUSTODY_LEDGER
  if (from_env !== undefined && from_env !== '') return absolute(from_env, cwd)
  if (pipeline?.url != null) return absolute(pipeline.url, pipeline.folder)
  return absolute(`sqlite:./${DEFAULT_FILE}`, cwd)
}

/** The path of an existing file, or one that ends in .db, is taken as a SQLite ledger. */
function absolute(url: string, folder: string): string {
  if (url.startsWith('sqlite:'))
    return url === 'sqlite:' ? url : `sqlite:${resolve(folder, url.slice('sqlite:'.length))}`
  if (/^[a-z]+:/i.test(url)) return url
  return url.endsWith('.db') || (url !== '' && existsSync(join(folder, url))) ? `sqlite:${resolve(folder, url)}` : url
}

/** What the user knows of a ledger from before. @throws CustodyError CUSTODY_KEY. */
export async function rememberedOf(reader: LedgerReader, env: Environment): Promise<Remembered | null> {
  const ledger = await ledgerIdOf(reader)
  return ledger === null ? null : recall(env, ledger)
}

/** The id that a ledger was born with; null if it can't be known: `verify` says why. */
export async function ledgerIdOf(reader: LedgerReader): Promise<string | null> {
  try {
    const born = parseJson((await reader.entry(0, 0))?.body ?? '{}') as { readonly ledger?: unknown } | null
    return typeof born?.ledger === 'string' ? born.ledger : null
  } catch (error) {
    if (error instanceof SyntaxError || isCustodyError(error)) return null
    throw error
  }
}

/** The key that a ledger is signed with, as `name+hash`, if the user doesn't trust it; null if they do, or it can't be known. */
export async function unknownSigner(reader: LedgerReader, env: Environment): Promise<string | null> {
  const signer = await signerOf(reader)
  if (signer === null || (await rememberedOf(reader, env))?.written === true) return null
  return trustedKeys(null, env).some(each => `${each.name}+${each.hash}` === signer) ? null : signer
}

/** `name+hash` of the key that log 0's head names; null if it can't be known. */
async function signerOf(reader: LedgerReader): Promise<string | null> {
  try {
    const [, name, signature = ''] = /\n\n— (\S+) (\S+)/u.exec((await reader.head(0)) ?? '') ?? []
    return name === undefined ? null : `${name}+${Buffer.from(signature, 'base64').subarray(0, 4).toString('hex')}`
  } catch (error) {
    if (isCustodyError(error)) return null
    throw error
  }
}

/**
 * Says of leases whether their holders still live. For a process on this machine that is known: its lease may have run out while both slept. A
 * holder on another machine is believed to live until its lease runs out, by the clock that leases go by.
 */
export async function livingHolders(reader: Pick<LedgerReader, 'now_us'>): Promise<(lease: StoredLease) => boolean> {
  const now_us = await reader.now_us()
  return lease => {
    const holder = parseHolder(lease.holder)
    return holder !== null && (livesHere(holder) || (isAlive(holder) && lease.expires_us > now_us))
  }
}

/** Which ledger a command means, and the run in it that it names. */
import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { recall, trustedKeys } from '../ledger/known-ledgers.ts'
import { openLedgerReader } from '../ledger/open.ts'
import type { LedgerReader, StoredLease } from '../ledger/read-port.ts'
import type { Remembered } from '../ledger/trust.ts'
import { isCustodyError } from '../model/error.ts'
import { isAlive, livesHere, parseHolder } from '../model/holder.ts'
import type { Context } from './context.ts'
import { quoted } from './render/shell.ts'
import { printable } from './render/text.ts'
import type { Environment } from './terminal.ts'

const DEFAULT_FILE = 'custody.db'

/** A pipeline's own wish, and the folder that it is relative to. */
export interface PipelineLedger {
  readonly url: string | null
  readonly folder: string
}

export interface LedgerOptions {
  readonly ledger?: string
}

export function withLedgerOption(command: Command): Command {
  return command.option(
    '--ledger <url>',
    'the ledger, sqlite:PATH (default: $CUSTODY_LEDGER, else sqlite:./custody.db)',
  )
}

/** `--ledger`, else `$CUSTODY_LEDGER`, else the pipeline's, else `sqlite:./custody.db`; paths made absolute. */
export function ledgerUrl(context: Context, options: LedgerOptions, pipeline?: PipelineLedger): string {
  if (options.ledger !== undefined) return absolute(options.ledger, context.cwd)
  const from_env = context.env.CUSTODY_LEDGER
  if (from_env !== undefined && from_env !== '') return absolute(from_env, context.cwd)
  if (pipeline?.url != null) return absolute(pipeline.url, pipeline.folder)
  return absolute(`sqlite:./${DEFAULT_FILE}`, context.cwd)
}

/** A path of an existing file, or one that ends in .db, is taken for what it is meant to be. */
function absolute(url: string, folder: string): string {
  if (url.startsWith('sqlite:'))
    return url === 'sqlite:' ? url : `sqlite:${resolve(folder, url.slice('sqlite:'.length))}`
  if (/^[a-z]+:/i.test(url)) return url
  return url.endsWith('.db') || (url !== '' && existsSync(join(folder, url))) ? `sqlite:${resolve(folder, url)}` : url
}

/** ` --ledger URL` for a printed command, if it would otherwise look elsewhere. */
export function ledgerArgument(context: Context, url: string): string {
  if (url === ledgerUrl(context, {})) return ''
  const path = url.startsWith('sqlite:') ? relative(context.cwd, url.slice('sqlite:'.length)) : null
  return ` --ledger ${quoted(path === null ? url : `sqlite:${path}`)}`
}

/**
 * Opens the ledger for reading, and closes it whatever happens. Never makes one. All that is read is of one moment. That it is
 * signed with a key that the user doesn't trust is told, unless the command says so itself.
 */
export async function reading<T>(
  context: Context,
  options: LedgerOptions,
  work: (reader: LedgerReader) => Promise<T>,
  tells_keys = false,
): Promise<T> {
  const reader = await openLedgerReader(ledgerUrl(context, options))
  try {
    return await reader.snapshot(async () => {
      if (!tells_keys) await tellUnknownKey(context, reader)
      return work(reader)
    })
  } finally {
    await reader.close()
  }
}

/** What the user knows of a ledger from when they last wrote to it. @throws CustodyError CUSTODY_KEY. */
export async function rememberedOf(reader: LedgerReader, env: Environment): Promise<Remembered | null> {
  const ledger = await idOf(reader)
  return ledger === null ? null : recall(env, ledger)
}

/** null if it can't be told; why, `verify` says. */
async function idOf(reader: LedgerReader): Promise<string | null> {
  try {
    const born = JSON.parse((await reader.entry(0, 0))?.body ?? '{}') as { readonly ledger?: unknown } | null
    return typeof born?.ledger === 'string' ? born.ledger : null
  } catch (error) {
    if (error instanceof SyntaxError || isCustodyError(error)) return null
    throw error
  }
}

/** Reading works with any key; whose word it is that one reads is said. */
async function tellUnknownKey({ env, terminal, command }: Context, reader: LedgerReader): Promise<void> {
  const signer = await signerOf(reader)
  if (signer === null || (await rememberedOf(reader, env)) !== null) return
  if (trustedKeys(null, env).some(each => `${each.name}+${each.hash}` === signer)) return
  terminal.tell(
    `note: this ledger is signed with key ${printable(signer)}, which you don’t trust. Get the key from whoever keeps the ledger (\`${command} key show\` prints it), and trust it with \`${command} key trust <file>\`.`,
  )
}

/** `name+hash` of the key that log 0's head names; null if it can't be told. */
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
 * Whether a lease's holder still lives. Of a process on this machine that is known: its lease may have run out while both slept. Of
 * another it is believed until then.
 */
export function isHeld(lease: StoredLease): boolean {
  const holder = parseHolder(lease.holder)
  return holder !== null && (livesHere(holder) || (isAlive(holder) && lease.expires_us > Date.now() * 1000))
}

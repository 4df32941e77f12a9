/** Which ledger a command means, and the run in it that it names. */
import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { openLedgerReader } from '../ledger/open.ts'
import type { LedgerReader, StoredLease } from '../ledger/read-port.ts'
import { isAlive, parseHolder } from '../model/holder.ts'
import type { Context } from './context.ts'
import { quoted } from './render/shell.ts'

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

/** Opens the ledger for reading, and closes it whatever happens. Never makes one. */
export async function reading<T>(
  context: Context,
  options: LedgerOptions,
  work: (reader: LedgerReader) => Promise<T>,
): Promise<T> {
  const reader = await openLedgerReader(ledgerUrl(context, options))
  try {
    return await work(reader)
  } finally {
    await reader.close()
  }
}

/** Whether a lease's holder still lives: it hasn't expired, and its process isn't known to be gone. */
export function isHeld(lease: StoredLease): boolean {
  const holder = parseHolder(lease.holder)
  return holder !== null && isAlive(holder) && lease.expires_us > Date.now() * 1000
}

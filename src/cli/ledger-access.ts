/** The ledger that a command means: its option, its name in printed commands, and reading it. */

import { relative } from 'node:path'
import { type GivenLedger, ledgerUrl, rememberedOf, unknownSigner } from '../host/ledger.ts'
import { type Sight, seeLedger } from '../host/seen-ledger.ts'
import type { Remembered } from '../ledger/keys/trust.ts'
import { openLedgerReader } from '../ledger/open-reader.ts'
import { withoutPassword } from '../ledger/postgres/address.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import type { Context } from './context.ts'
import { quoted } from './render/shell.ts'
import { olderText, restsOnText } from './render/sight.ts'
import { printable } from './render/text.ts'

export type LedgerOptions = GivenLedger

/** ` --ledger URL` for a printed command, if it would otherwise look elsewhere. */
export function ledgerArgument(context: Context, url: string): string {
  if (url === ledgerUrl(context, {})) return ''
  const path = url.startsWith('sqlite:') ? relative(context.cwd, url.slice('sqlite:'.length)) : null
  return ` --ledger ${quoted(path === null ? withoutPassword(url) : `sqlite:${path}`)}`
}

/** What is remembered of a ledger that is read, and how it stands to that. */
export interface Read {
  /** Before. */
  readonly remembered: Remembered | null
  readonly sight: Sight
}

/**
 * Opens the ledger for reading, and closes it whatever happens. Never makes one. All reads see the same moment. How it stands to what the user
 * saw of it before, and that it is signed with a key that they don't trust, is reported.
 * @throws CustodyError CUSTODY_LEDGER_FORKED.
 */
export function reading<T>(
  context: Context,
  options: LedgerOptions,
  work: (reader: LedgerReader, read: Read) => Promise<T>,
): Promise<T> {
  return withReader(context, options, async (reader, remembered) => {
    const sight = await seen(context, reader, remembered)
    await reportUnknownKey(context, reader)
    reportSight(context, reader.url, sight)
    return work(reader, { remembered, sight })
  })
}

/** The same for who says all of that by themselves. `remembered`: of the ledger, before. */
export async function withReader<T>(
  context: Context,
  options: LedgerOptions,
  work: (reader: LedgerReader, remembered: Remembered | null) => Promise<T>,
): Promise<T> {
  const reader = await openLedgerReader(ledgerUrl(context, options))
  try {
    const remembered = await rememberedOf(reader, context.env)
    return await reader.snapshot(() => work(reader, remembered))
  } finally {
    await reader.close()
  }
}

/** Looks at the ledger's head, and remembers it. */
export function seen(
  { env, terminal }: Pick<Context, 'env' | 'terminal'>,
  reader: LedgerReader,
  remembered: Remembered | null,
): Promise<Sight> {
  return seeLedger(reader, remembered, env, why => terminal.report(`warning: ${why}`))
}

function reportSight({ terminal, command }: Context, url: string, sight: Sight): void {
  if (sight.kind !== 'unsound' && sight.rests_on.length > 0)
    terminal.report(
      `warning: ${printable(url)} ${restsOnText(sight.rests_on)}. Get the key that is in force from whoever keeps the ledger, and trust it with \`${command} key trust <file>\`.`,
    )
  if (sight.kind === 'older')
    terminal.report(
      `warning: ${printable(url)} is older than when you last saw it: ${olderText(sight)}. An earlier copy may stand in its place.`,
    )
  if (sight.kind === 'first')
    terminal.report(
      `note: you see this ledger for the first time, so nothing says yet whether there is a newer one: \`${command} verify --since <file>\` compares it with a checkpoint of its keeper’s.`,
    )
}

/** Reading works with any key; but the reader is shown whose key it is. */
async function reportUnknownKey({ env, terminal, command }: Context, reader: LedgerReader): Promise<void> {
  const signer = await unknownSigner(reader, env)
  if (signer === null) return
  terminal.report(
    `note: this ledger is signed with key ${printable(signer)}, which you don’t trust. Get the key from whoever keeps the ledger (\`${command} key show\` prints it), and trust it with \`${command} key trust <file>\`.`,
  )
}

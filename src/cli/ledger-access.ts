/** The ledger that a command means: its option, its name in printed commands, and reading it. */
import { relative } from 'node:path'
import { type GivenLedger, ledgerUrl, unknownSigner } from '../host/ledger.ts'
import { openLedgerReader } from '../ledger/open.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import type { Context } from './context.ts'
import { quoted } from './render/shell.ts'
import { printable } from './render/text.ts'

export type LedgerOptions = GivenLedger

/** ` --ledger URL` for a printed command, if it would otherwise look elsewhere. */
export function ledgerArgument(context: Context, url: string): string {
  if (url === ledgerUrl(context, {})) return ''
  const path = url.startsWith('sqlite:') ? relative(context.cwd, url.slice('sqlite:'.length)) : null
  return ` --ledger ${quoted(path === null ? url : `sqlite:${path}`)}`
}

/**
 * Opens the ledger for reading, and closes it whatever happens. Never makes one. All reads see the same moment. That it is
 * signed with a key that the user doesn't trust is reported, unless the command says so itself.
 */
export async function reading<T>(
  context: Context,
  options: LedgerOptions,
  work: (reader: LedgerReader) => Promise<T>,
  reports_keys = false,
): Promise<T> {
  const reader = await openLedgerReader(ledgerUrl(context, options))
  try {
    return await reader.snapshot(async () => {
      if (!reports_keys) await reportUnknownKey(context, reader)
      return work(reader)
    })
  } finally {
    await reader.close()
  }
}

/** Reading works with any key; but the reader is shown whose key it is. */
async function reportUnknownKey({ env, terminal, command }: Context, reader: LedgerReader): Promise<void> {
  const signer = await unknownSigner(reader, env)
  if (signer === null) return
  terminal.report(
    `note: this ledger is signed with key ${printable(signer)}, which you don’t trust. Get the key from whoever keeps the ledger (\`${command} key show\` prints it), and trust it with \`${command} key trust <file>\`.`,
  )
}

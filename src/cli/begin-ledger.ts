/** Makes a ledger before the first run does: to name a recovery key, or the ledger in whose place it is. */

import { resolve } from 'node:path'
import { type GivenLedger, ledgerUrl } from '../host/ledger.ts'
import { ledgerPorts } from '../host/ledger-ports.ts'
import { namedKeysIn } from '../ledger/keys/keys.ts'
import { headKnown } from '../ledger/known-head.ts'
import { openLedger, openLedgerReader } from '../ledger/open.ts'
import type { BirthOptions } from '../ledger/write-port.ts'
import { CustodyError, isCustodyError } from '../model/error.ts'
import type { Context } from './context.ts'

export interface LedgerInitOptions extends GivenLedger {
  readonly recovery?: string
  readonly succeeds?: string
  readonly json?: boolean
}

/** The shape of `--json`. */
interface Begun extends BirthOptions {
  readonly ledger: string
  readonly url: string
  readonly keys: readonly string[]
}

export async function beginLedger(context: Context, options: LedgerInitOptions): Promise<void> {
  const { terminal, env, cwd } = context
  const url = ledgerUrl(context, options)
  await mustBeNew(url)
  const ports = ledgerPorts(env, why => terminal.report(`warning: ${why}`))
  const { recovery, succeeds } = options
  const birth: BirthOptions = {
    ...ports.birth,
    ...(recovery !== undefined && { recovery: namedKeysIn(resolve(cwd, recovery)).map(each => each.text) }),
    ...(succeeds !== undefined && { succeeds: await succeeded(ledgerUrl(context, { ledger: succeeds }), ports.trust) }),
  }
  const ledger = await openLedger(url, { ...ports, birth }, { create: true })
  const begun: Begun = { ledger: ledger.id, url: ledger.url, keys: ledger.keysInForce(), ...birth }
  await ledger.close()
  if (options.json === true) return terminal.answerJson(begun)
  terminal.report(`${url} is ledger ${begun.ledger}`)
  const names = new Set((birth.recovery ?? []).map(each => each.slice(0, each.indexOf('+'))))
  terminal.report(names.size === 0 ? 'it has no recovery key' : `its recovery key is ${[...names].join(', ')}`)
  if (birth.succeeds !== undefined)
    terminal.report(
      `it stands in place of ledger ${birth.succeeds.ledger}, as of ${birth.succeeds.size} entries of its own log`,
    )
}

async function succeeded(url: string, trust: Parameters<typeof headKnown>[1]) {
  const reader = await openLedgerReader(url)
  try {
    return await headKnown(reader, trust)
  } finally {
    await reader.close()
  }
}

/** @throws CustodyError CUSTODY_LEDGER_EXISTS, and those of reading. */
async function mustBeNew(url: string): Promise<void> {
  try {
    await (await openLedgerReader(url, 1)).close()
  } catch (error) {
    if (isCustodyError(error) && error.code === 'CUSTODY_LEDGER_NOT_FOUND') return
    throw error
  }
  throw new CustodyError('CUSTODY_LEDGER_EXISTS', `${url} is a ledger already`)
}

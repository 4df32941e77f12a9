/** Makes a ledger before the first run does: to name a recovery key, or the ledger in whose place it is. */

import { resolve } from 'node:path'
import type { Succeeded } from '../format/ledger-entry.ts'
import { type GivenLedger, ledgerUrl } from '../host/ledger.ts'
import { ledgerPorts } from '../host/ledger-ports.ts'
import { acceptedCopy } from '../ledger/accept-rollback.ts'
import { namedKeysIn } from '../ledger/keys/keys.ts'
import type { Trust } from '../ledger/keys/trust.ts'
import { headKnown } from '../ledger/known-head.ts'
import { openLedger, openLedgerReader } from '../ledger/open.ts'
import { isPostgresUrl, withoutPassword } from '../ledger/postgres/address.ts'
import type { BirthOptions } from '../ledger/write-port.ts'
import { CustodyError, isCustodyError } from '../model/error.ts'
import type { Context } from './context.ts'

export interface LedgerInitOptions extends GivenLedger {
  readonly recovery?: string
  readonly succeeds?: string
  readonly acceptRollback?: number
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
    ...(succeeds !== undefined && {
      succeeds: await succeeded(ledgerUrl(context, { ledger: succeeds }), ports.trust, options.acceptRollback ?? null),
    }),
  }
  const ledger = await openLedger(url, { ...ports, birth }, { create: true })
  const begun: Begun = { ledger: ledger.id, url: ledger.url, keys: ledger.keysInForce(), ...birth }
  await ledger.close()
  await makeRolesOf(context, url)
  if (options.json === true) return terminal.answerJson(begun)
  terminal.report(`${begun.url} is ledger ${begun.ledger}`)
  const names = new Set((birth.recovery ?? []).map(each => each.slice(0, each.indexOf('+'))))
  terminal.report(names.size === 0 ? 'it has no recovery key' : `its recovery key is ${[...names].join(', ')}`)
  if (birth.succeeds !== undefined)
    terminal.report(
      `it stands in place of ledger ${birth.succeeds.ledger}, as of ${birth.succeeds.size} entries of its own log`,
    )
}

/** Of a ledger in PostgreSQL; another has none. */
async function makeRolesOf({ terminal }: Context, url: string): Promise<void> {
  if (!isPostgresUrl(url)) return
  const { makeRoles } = await import('../ledger/postgres/roles.ts')
  const { roles } = await makeRoles(url)
  terminal.report(`roles: ${roles.join(', ')}; grant them to those who work with it`)
}

/** `custody ledger roles`. @throws CustodyError CUSTODY_LEDGER_URL for a ledger that has none. */
export async function makeLedgerRoles(context: Context, options: GivenLedger): Promise<void> {
  const url = ledgerUrl(context, options)
  if (!isPostgresUrl(url))
    throw new CustodyError(
      'CUSTODY_LEDGER_URL',
      `${withoutPassword(url)} has no roles: those who may read and write its file are set by its folder`,
    )
  await (await openLedgerReader(url)).close()
  await makeRolesOf(context, url)
}

/** `accepted`: of an older copy, whose newest is lost, the number of entries that its own log has. */
async function succeeded(url: string, trust: Trust, accepted: number | null): Promise<Succeeded> {
  const reader = await openLedgerReader(url)
  try {
    if (accepted === null) return await headKnown(reader, trust)
    return (await reader.snapshot(() => acceptedCopy(reader, accepted, trust))).succeeds
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
  throw new CustodyError('CUSTODY_LEDGER_EXISTS', `${withoutPassword(url)} is a ledger already`, {
    ...(isPostgresUrl(url)
      ? { hint: 'Its roles are made by `custody ledger roles`; another ledger needs another ?schema=NAME.' }
      : {}),
  })
}

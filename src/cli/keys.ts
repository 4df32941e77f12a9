/** Shows, trusts and rotates the keys that checkpoints are signed and verified with. */

import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { keyLabel } from '../format/verifier-key.ts'
import { ledgerUrl } from '../host/ledger.ts'
import { ledgerPorts } from '../host/ledger-ports.ts'
import { giveToNamed } from '../host/witnessing/witnessing.ts'
import { keyPlace, signingKey } from '../ledger/keys/keys.ts'
import { trustKeys } from '../ledger/keys/known-ledgers.ts'
import { openLedger, openLedgerReader } from '../ledger/open.ts'
import { rotateKey } from '../ledger/rotate-key.ts'
import { formatTime } from '../model/time.ts'
import { keysOnRecord } from '../read/keys-on-record.ts'
import type { Context } from './context.ts'
import type { LedgerOptions } from './ledger-access.ts'

export interface KeyOptions extends LedgerOptions {
  readonly json?: boolean
  readonly revoke?: boolean
}

/** The shape of `--json`. */
interface KeyShown {
  readonly name: string
  readonly verifier_key: string
  /** Of the ledger that the command is about: those that are in force; without one, the user's own. */
  readonly verifier_keys: readonly string[]
  /** When `verifier_key` came in force there; without a ledger, when its file was written. Null if that isn't known, or it isn't in force. */
  readonly since: string | null
}

/** The user's own keys; with --ledger those that are in force there. */
export async function showKey(context: Context, options: KeyOptions): Promise<void> {
  const { terminal } = context
  const url = options.ledger === undefined ? null : ledgerUrl(context, options)
  const { name, verifier_keys } = await shown(context, options, url)
  if (options.json === true) return
  for (const key of verifier_keys) terminal.answer(key)
  if (url !== null && !verifier_keys.some(each => each.startsWith(`${name}+`)))
    terminal.report(`note: yours, ${name}, isn’t among them`)
}

export async function trustKeysIn(context: Context, file: string, options: KeyOptions): Promise<void> {
  const { terminal, cwd, env } = context
  const fresh = trustKeys(resolve(cwd, file), env)
  for (const { text } of fresh) terminal.report(`trusted from now on: ${keyLabel(text)}`)
  if (fresh.length === 0) terminal.report('nothing new: you trust these already')
  await shown(context, options, null)
}

export async function rotateOwnKey(context: Context, options: KeyOptions): Promise<void> {
  const { terminal, env, command } = context
  const url = ledgerUrl(context, options)
  const open = () =>
    openLedger(
      url,
      ledgerPorts(env, why => terminal.report(`warning: ${why}`)),
      { create: false, changes_keys: true },
    )
  const { from, to, former } = await rotateKey(env, options.revoke === true ? 'revoke' : 'retire', open)
  if (options.json !== true) {
    terminal.report(`${url} is signed with ${to.name} from now on`)
    terminal.report(
      `${from.name} is kept in ${former}, for other ledgers that it signed: ${command} key rotate --ledger <url>`,
    )
  }
  await giveToNamed(env, url, why => terminal.report(`warning: ${why}`))
  await shown(context, options)
}

/** As JSON, if that is wanted. `url`: of the ledger that it is about; null: of none. */
export async function shown(
  context: Context,
  options: KeyOptions,
  url: string | null = ledgerUrl(context, options),
): Promise<KeyShown> {
  const key = await shownKey(context, url)
  if (options.json === true) context.terminal.answerJson(key)
  return key
}

async function shownKey(context: Context, url: string | null): Promise<KeyShown> {
  const { name, verifier_key, verifier_keys } = signingKey(context.env)
  const in_force = url === null ? null : await inForce(url)
  const own = in_force?.find(each => each.verifier_key === verifier_key)
  return {
    name,
    verifier_key,
    verifier_keys: in_force?.map(each => each.verifier_key) ?? verifier_keys,
    since: own === undefined ? (in_force === null ? writtenAt(context) : null) : formatTime(own.since_us),
  }
}

/** @throws CustodyError CUSTODY_LEDGER_NOT_FOUND */
async function inForce(url: string) {
  const reader = await openLedgerReader(url)
  try {
    return await keysOnRecord(reader)
  } finally {
    await reader.close()
  }
}

function writtenAt({ env }: Context): string | null {
  const place = keyPlace(env)
  return place.kind === 'file' ? statSync(place.path).mtime.toISOString() : null
}

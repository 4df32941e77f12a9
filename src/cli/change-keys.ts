/** Which keys may write a ledger: recovery keys, keys of further machines, keys that go. */

import { resolve } from 'node:path'
import { keyLabel } from '../format/verifier-key.ts'
import { ledgerUrl } from '../host/ledger.ts'
import { ledgerPorts } from '../host/ledger-ports.ts'
import { giveToNamed } from '../host/witnessing/witnessing.ts'
import { addRequestedKey, readRequest, requestKey } from '../ledger/key-request.ts'
import { makeKeyFile, useForRecovery } from '../ledger/keys/recovery.ts'
import { openLedger, openLedgerReader } from '../ledger/open.ts'
import { recoverKeys, revokeWithRecovery } from '../ledger/recover-keys.ts'
import { type TakenAway, takeAway } from '../ledger/take-keys.ts'
import type { StoredLedger } from '../ledger/write/ledger.ts'
import { CustodyError } from '../model/error.ts'
import type { Context } from './context.ts'
import { type KeyOptions, shown } from './keys.ts'
import { count } from './render/text.ts'

export interface NewKeyOptions {
  readonly out: string
  readonly recovery?: boolean
  readonly json?: boolean
}

/** Makes a pair of keys in a file of its own, and prints its verifier keys. */
export function makeKey({ terminal, env, cwd, command }: Context, options: NewKeyOptions): void {
  const path = resolve(cwd, options.out)
  const signer = makeKeyFile(path)
  if (options.recovery === true) {
    useForRecovery(env, signer)
    terminal.report(
      `each ledger that you begin from now on names it. Take ${path} off this machine: \`${command} key recover --with FILE\` needs it, and nothing else does.`,
    )
  }
  const { name, verifier_key, verifier_keys } = signer
  if (options.json === true) terminal.answerJson({ name, verifier_key, verifier_keys })
  else for (const key of verifier_keys) terminal.answer(key)
}

export async function recoverLedger(context: Context, options: KeyOptions & { readonly with: string }): Promise<void> {
  const { terminal, env, cwd } = context
  const change = options.revoke === true ? 'revoke' : 'retire'
  const { to, gone } = await recoverKeys(env, resolve(cwd, options.with), change, () => opened(context, options))
  if (options.json !== true)
    terminal.report(`${ledgerUrl(context, options)} is signed with ${to.name} from now on; ${goneText(gone, change)}`)
  await shown(context, options)
}

/** Prints a request, for the machine that may write the ledger. */
export async function printKeyRequest(context: Context, options: KeyOptions): Promise<void> {
  const { terminal, command } = context
  const { signer, trust } = ports(context)
  const reader = await openLedgerReader(ledgerUrl(context, options))
  try {
    terminal.answerJson(await requestKey(reader, signer, trust))
  } finally {
    await reader.close()
  }
  terminal.report(
    `give this to whoever writes the ledger, who adds your key ${signer.name} with \`${command} key add <file>\` before anything else is written to it`,
  )
}

export async function addKey(context: Context, file: string, options: KeyOptions): Promise<void> {
  const { terminal, cwd } = context
  const request = readRequest(resolve(cwd, file))
  const ledger = await opened(context, options)
  try {
    await addRequestedKey(ledger, ports(context).signer, request)
  } finally {
    await ledger.close()
  }
  if (options.json !== true)
    for (const key of request.keys) terminal.report(`may write ${ledger.url} from now on: ${keyLabel(key)}`)
  await shown(context, options)
}

/** Takes the keys of a name away, those of another machine. */
export async function retireKeys(context: Context, name: string, options: KeyOptions): Promise<void> {
  const { gone } = await taken(context, 'retire', name, options)
  if (options.json !== true) context.terminal.report(goneText(gone, 'retire'))
  await shown(context, options)
}

export interface RevokeOptions extends KeyOptions {
  readonly with?: string
}

/** Says that the keys of a name were stolen or lost. */
export async function revokeKeys(context: Context, name: string, options: RevokeOptions): Promise<void> {
  const { terminal, env, cwd, command } = context
  const { with: recovery, json = false } = options
  const { gone, entry, signer } =
    recovery === undefined
      ? await taken(context, 'revoke', name, options)
      : await revokeWithRecovery(env, resolve(cwd, recovery), name, () => opened(context, options))
  await giveToNamed(env, ledgerUrl(context, options), why => terminal.report(`warning: ${why}`))
  if (json) return terminal.answerJson({ revoked: gone, entry, signed_by: signer })
  terminal.report(goneText(gone, 'revoke'))
  terminal.report(
    `no head with entry ${count(entry)} of the ledger’s own log is good under it any more; it is signed with ${signer} from now on`,
  )
  terminal.report(
    `whoever has the key can still write another history below that entry: give others a head from after it (\`${command} checkpoint\`), and your keys (\`${command} key show\`)`,
  )
}

/** By the user's own key. */
async function taken(
  context: Context,
  change: 'retire' | 'revoke',
  name: string,
  options: KeyOptions,
): Promise<TakenAway> {
  const { signer } = ports(context)
  const ledger = await opened(context, options)
  try {
    ledger.mustBeInForce(signer)
    await ledger.refuseHeldRuns()
    if (name === signer.name)
      throw new CustodyError('CUSTODY_ARGUMENT', `${name} is your own key`, {
        hint:
          change === 'retire'
            ? `\`${context.command} key rotate\` puts another in its place.`
            : `\`${context.command} key rotate --revoke\` puts another in its place, and revokes it. If a thief could have done so before you, \`key revoke ${name} --with FILE\` does it with the recovery key.`,
      })
    return await takeAway(ledger, change, name, signer)
  } finally {
    await ledger.close()
  }
}

function goneText(keys: readonly string[], change: 'retire' | 'revoke'): string {
  const names = [...new Set(keys.map(each => each.slice(0, each.indexOf('+'))))].join(', ')
  return names === '' ? 'no other key was in force' : `${change === 'revoke' ? 'revoked' : 'retired'}: ${names}`
}

function ports({ env, terminal }: Context) {
  return ledgerPorts(env, why => terminal.report(`warning: ${why}`))
}

function opened(context: Context, options: KeyOptions): Promise<StoredLedger> {
  return openLedger(ledgerUrl(context, options), ports(context), { create: false, changes_keys: true })
}

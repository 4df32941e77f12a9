/** Makes keys that ledgers encrypt values with, shows whose a file is, and puts one in the place of another. */
import { resolve } from 'node:path'
import { type GivenLedgerKey, keyPlaceIn, ledgerKeyAt, rememberPlace } from '../host/key-place.ts'
import { type GivenLedger, ledgerUrl } from '../host/ledger.ts'
import { makeKeyFile } from '../ledger/encryption/key-file.ts'
import { ownKeychain } from '../ledger/encryption/keychain.ts'
import { rekey } from '../ledger/rekey.ts'
import { counted } from '../model/number-text.ts'
import type { Context } from './context.ts'

export interface LedgerKeyOptions {
  readonly json?: boolean
}

export interface RekeyOptions extends GivenLedger, GivenLedgerKey, LedgerKeyOptions {
  readonly to: string
}

export function makeLedgerKey({ terminal, cwd }: Context, file: string, { json }: LedgerKeyOptions): void {
  const path = resolve(cwd, file)
  const { id } = makeKeyFile(path)
  if (json === true) return terminal.answerJson({ key_id: id, file: path })
  terminal.report(`${file} holds ledger key ${id}`)
  terminal.report('Keep a copy of it where the ledger isn’t: whatever is encrypted with it is lost with it.')
}

export async function showLedgerKey(
  { terminal, cwd, env }: Context,
  ref: string,
  { json }: LedgerKeyOptions,
): Promise<void> {
  const { id } = await ledgerKeyAt(keyPlaceIn(ref, cwd, 'the argument'), { cwd, env })
  if (json === true) return terminal.answerJson({ key_id: id })
  terminal.answer(id)
}

export async function rekeyLedger(context: Context, options: RekeyOptions): Promise<void> {
  const { terminal, cwd, env } = context
  const place = keyPlaceIn(options.to, cwd, '--to')
  const key = await ledgerKeyAt(place, { cwd, env })
  ownKeychain.add(key)
  const { wrapped } = await rekey(ledgerUrl(context, options), key)
  rememberPlace(key, place, env)
  if (options.json === true) return terminal.answerJson({ key_id: key.id, wrapped })
  terminal.report(
    wrapped === 0
      ? `nothing was encrypted with another key than ${key.id}`
      : `${counted(wrapped, 'data key is', 'data keys are')} encrypted with ledger key ${key.id} now`,
  )
}

/** `custody key show|trust|rotate`: the keys that checkpoints are signed and verified with. */

import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { ledgerUrl } from '../../host/ledger.ts'
import { ledgerPorts } from '../../host/ledger-ports.ts'
import { keyPlace, signingKey } from '../../ledger/keys.ts'
import { trustKeys } from '../../ledger/known-ledgers.ts'
import { openLedger, openLedgerReader } from '../../ledger/open.ts'
import { rotateKey } from '../../ledger/rotate-key.ts'
import { isCustodyError } from '../../model/error.ts'
import { formatTime } from '../../model/time.ts'
import { keysOnRecord } from '../../read/keys-on-record.ts'
import type { Context } from '../context.ts'
import { type LedgerOptions, withLedgerOption } from '../ledger-access.ts'

interface KeyOptions extends LedgerOptions {
  readonly json?: boolean
  readonly revoke?: boolean
}

/** The shape of `--json` (CONTRACTS section 5). */
interface KeyShown {
  readonly name: string
  readonly verifier_key: string
  /** Of the ledger: those that are in force; without one, the user's own. */
  readonly verifier_keys: readonly string[]
  /** When `verifier_key` came in force there; without a ledger, when its file was written. Null if neither is known. */
  readonly since: string | null
}

export function keyCommand(context: Context, done: (exit: number) => void): Command {
  const { terminal, cwd, env, command } = context
  const shown = async (options: KeyOptions) => {
    const key = await shownKey(context, options)
    if (options.json === true) terminal.answerJson(key)
    return key
  }
  const show = withLedgerOption(new Command('show'))
    .summary('print your verifier key')
    .description(
      'Prints the verifier key of your signing key, for those who are to trust what you sign. Makes a key if there is none.',
    )
    .option('--json', 'print it as JSON')
    .action(async (options: KeyOptions) => {
      const { verifier_key } = await shown(options)
      if (options.json !== true) terminal.answer(verifier_key)
      done(0)
    })
  const trust = withLedgerOption(new Command('trust'))
    .summary('trust the verifier keys in a file')
    .description(
      'Trusts the verifier keys in a file from now on, in all ledgers: one key a line, as `key show` prints it.',
    )
    .argument('<file>', 'a file with a verifier key a line')
    .option('--json', 'print your keys as JSON')
    .action(async (file: string, options: KeyOptions) => {
      const fresh = trustKeys(resolve(cwd, file), env)
      for (const { text } of fresh) terminal.tell(`trusted from now on: ${text}`)
      if (fresh.length === 0) terminal.tell('nothing new: you trust these already')
      await shown(options)
      done(0)
    })
  const rotate = withLedgerOption(new Command('rotate'))
    .summary('put a new signing key in the place of yours')
    .description(
      'Makes a new signing key, and lets the ledger say, signed with the old one and the new, that it is in force from now on. Where you have a new key already, it takes the place of the former one in this ledger.',
    )
    .option('--revoke', 'others may have the old key: what it signed, and no sealed run binds, counts no more')
    .option('--json', 'print the new key as JSON')
    .action(async (options: KeyOptions) => {
      const url = ledgerUrl(context, options)
      const open = (signer: ReturnType<typeof signingKey>) =>
        openLedger(
          url,
          ledgerPorts(env, why => terminal.tell(`warning: ${why}`), signer),
          { create: false },
        )
      const { from, to, former } = await rotateKey(env, options.revoke === true ? 'revoke' : 'retire', open)
      if (options.json !== true) {
        terminal.tell(`${url} is signed with ${to.verifier_key} from now on`)
        terminal.tell(
          `${from.verifier_key} is kept in ${former}, for other ledgers that it signed: ${command} key rotate --ledger <url>`,
        )
      }
      await shown(options)
      done(0)
    })
  const key = new Command('key')
    .summary('show, trust and rotate signing keys')
    .description('Shows your verifier key, trusts those of others, or puts a new signing key in the place of yours.')
  for (const each of [show, trust, rotate]) key.addCommand(each.copyInheritedSettings(key).allowExcessArguments(false))
  return key
}

async function shownKey(context: Context, options: LedgerOptions): Promise<KeyShown> {
  const { name, verifier_key } = signingKey(context.env)
  const in_force = await inForce(context, options)
  const own = in_force?.find(each => each.verifier_key === verifier_key)
  return {
    name,
    verifier_key,
    verifier_keys: in_force?.map(each => each.verifier_key) ?? [verifier_key],
    since: own === undefined ? (in_force === null ? writtenAt(context) : null) : formatTime(own.since_us),
  }
}

/** null if there is no ledger. */
async function inForce(context: Context, options: LedgerOptions) {
  try {
    const reader = await openLedgerReader(ledgerUrl(context, options))
    try {
      return await keysOnRecord(reader)
    } finally {
      await reader.close()
    }
  } catch (error) {
    if (isCustodyError(error) && error.code === 'CUSTODY_LEDGER_NOT_FOUND') return null
    throw error
  }
}

function writtenAt({ env }: Context): string | null {
  const place = keyPlace(env)
  return place.kind === 'file' ? statSync(place.path).mtime.toISOString() : null
}

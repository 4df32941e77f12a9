/** `custody ledger copy`: to another store, and from then on it is written there. */
import { ledgerUrl } from '../host/ledger.ts'
import { ledgerPorts } from '../host/ledger-ports.ts'
import { copyLedger } from '../ledger/copy/copy.ts'
import { counted } from '../model/number-text.ts'
import type { Context } from './context.ts'
import { printable } from './render/text.ts'

export interface LedgerCopyOptions {
  readonly keep?: boolean
  readonly json?: boolean
}

export async function copyOfLedger(
  context: Context,
  from: string,
  to: string,
  { keep = false, json = false }: LedgerCopyOptions,
): Promise<void> {
  const { terminal, env } = context
  const ports = ledgerPorts(env, why => terminal.report(`warning: ${why}`))
  const [original, copy] = [ledgerUrl(context, { ledger: from }), ledgerUrl(context, { ledger: to })]
  const copied = await copyLedger(original, copy, ports, { keep })
  if (json) return terminal.answerJson(copied)
  const [of, at] = [printable(copied.from), printable(copied.to)]
  const { runs, entries } = copied
  terminal.report(
    `${at} has all of ${of}: ${counted(runs, 'run', 'runs')}, ${counted(entries, 'entry', 'entries')}; compared, record by record`,
  )
  if (keep) return terminal.report(`${of} is written as before, and ${at} is to read`)
  terminal.report(`the ledger is written to ${at} from now on, and to ${of} no more`)
  terminal.report(`${of} still holds all of its data: remove it when nobody needs it any more`)
}

/** Begins a new ledger in the place of an older copy, whose newest copy is lost. */

import { ledgerPorts } from '../host/ledger-ports.ts'
import { acceptRollback } from '../ledger/accept-rollback.ts'
import { withoutPassword } from '../ledger/postgres/address.ts'
import { CustodyError } from '../model/error.ts'
import type { Context } from './context.ts'
import { counted, printable } from './render/text.ts'

/** @throws CustodyError as `acceptRollback`. */
export async function beginAnew({ terminal, env }: Context, url: string, size: number): Promise<void> {
  if (!url.startsWith('sqlite:'))
    throw new CustodyError(
      'CUSTODY_ARGUMENT',
      `${printable(withoutPassword(url))} isn’t a file that could be put aside`,
      {
        hint: `\`custody ledger init --ledger NEW --succeeds THIS --accept-rollback ${size}\` begins a new ledger that names it.`,
      },
    )
  const ports = ledgerPorts(env, why => terminal.report(`warning: ${why}`))
  const path = url.slice('sqlite:'.length)
  const { ledger, succeeds, aside, open_runs } = await acceptRollback(path, size, ports)
  terminal.report(
    `the copy of ledger ${succeeds.ledger} is kept in ${printable(aside)}: nothing is written to it any more`,
  )
  terminal.report(`${printable(url)} is ledger ${ledger} now; its birth names that copy`)
  if (open_runs.length > 0)
    terminal.report(
      `${counted(open_runs.length, 'run')} of the copy ${open_runs.length === 1 ? 'isn’t' : 'aren’t'} finished, and can’t be resumed: ${open_runs.join(', ')}`,
    )
}

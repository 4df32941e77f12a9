/** How workers are begun that work on the splits of a run, for people; undefined where threads do. */
import type { WorkerCount } from '../host/splits/workers.ts'
import { CustodyError } from '../model/error.ts'
import type { Context } from './context.ts'
import { ledgerArgument } from './ledger-access.ts'

/** @throws CustodyError CUSTODY_ARGUMENT where both are asked for */
export function workerCommand(
  context: Context,
  url: string,
  { distributed, workers }: { readonly distributed?: boolean; readonly workers?: WorkerCount },
): string | undefined {
  if (distributed !== true) return undefined
  if (workers !== undefined)
    throw new CustodyError(
      'CUSTODY_ARGUMENT',
      '--workers says how many threads work here, and with --distributed none do',
      {
        hint: 'Leave one of them away; `custody worker --threads` says how many each worker has.',
      },
    )
  return `${context.command} worker${ledgerArgument(context, url)}`
}

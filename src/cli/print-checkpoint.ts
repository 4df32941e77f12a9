/** Prints the signed head of the ledger's own log. */
import { CustodyError } from '../model/error.ts'
import { keptIn } from '../read/verify/since.ts'
import type { Context } from './context.ts'
import { type LedgerOptions, reading, rolledBack } from './ledger-access.ts'

export interface CheckpointOptions extends LedgerOptions {
  readonly json?: boolean
}

/** @throws CustodyError CUSTODY_VERIFY_FAILED if it isn't the head of what is stored. */
export async function printCheckpoint(context: Context, options: CheckpointOptions): Promise<void> {
  const { terminal } = context
  await reading(context, options, async (reader, { sight }) => {
    const kept = keptIn((await reader.head(0)) ?? '')
    if (kept === null || sight.kind === 'unsound')
      throw new CustodyError(
        'CUSTODY_VERIFY_FAILED',
        `the own log of ${reader.url} isn’t what was signed: it has no head to be relied on`,
        { hint: 'Run `custody verify` to see all that is wrong.' },
      )
    const { note, checkpoint } = kept
    const { origin, size, root } = checkpoint
    const ledger = origin.split('/')[1] ?? ''
    if (options.json === true) terminal.answerJson({ ledger, size, root, note, ...rolledBack(sight) })
    else terminal.answer(note.replace(/\n$/, ''))
  })
}

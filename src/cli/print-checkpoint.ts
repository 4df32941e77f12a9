/** Prints the signed head of the ledger's own log. */
import { rolledBack } from '../host/seen-ledger.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { CustodyError } from '../model/error.ts'
import { type Kept, keptIn } from '../read/verify/since.ts'
import type { Context } from './context.ts'
import { type LedgerOptions, reading } from './ledger-access.ts'

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
    const { origin, size, root } = kept.checkpoint
    const note = await cosigned(reader, kept)
    const ledger = origin.split('/')[1] ?? ''
    if (options.json === true) terminal.answerJson({ ledger, size, root, note, ...rolledBack(sight) })
    else terminal.answer(note.replace(/\n$/, ''))
  })
}

/** The note with what witnesses have put beside the log's own signatures. Whose words count is for who reads it. */
async function cosigned(reader: LedgerReader, { note, checkpoint }: Kept): Promise<string> {
  const [text, lines] = partsOf(note)
  for await (const stored of reader.witnessed('newest')) {
    if (stored.size < checkpoint.size) break
    const [of, more] = partsOf(stored.note)
    if (of === text) for (const line of more) lines.add(line)
  }
  return `${text}${[...lines].join('')}`
}

/** The text with its empty line, and the lines of signatures. */
function partsOf(note: string): [string, Set<string>] {
  const end = note.lastIndexOf('\n\n') + 2
  return [note.slice(0, end), new Set(note.slice(end).match(/.*\n/g) ?? [])]
}

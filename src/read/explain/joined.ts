/** The stories of one record in several runs: of the row that a row of a re-run repeats, and of those that repeat it. */
import type { LedgerReader } from '../../ledger/read-port.ts'
import { type Finder, type RerunLog, type RowPlace, repeatedRows, repetitions } from '../runs/reruns.ts'
import { explainRow } from './explain.ts'
import type { Story } from './story.ts'

export interface Joined {
  /** The first of all first. */
  readonly before: readonly Story[]
  /** The oldest first. */
  readonly again: readonly Story[]
}

/** Beside the story of a row of the run `of`; batches have no other story. */
export async function joinedStories(
  reader: LedgerReader,
  finder: Finder,
  of: RerunLog,
  { subject }: Story,
): Promise<Joined> {
  if (subject.kind !== 'row') return { before: [], again: [] }
  const place: RowPlace = { ...of, row: subject.row }
  const tell = async (places: readonly RowPlace[]) => {
    const stories: Story[] = []
    for (const { log, row } of places) stories.push(await explainRow(reader, log, row))
    return stories
  }
  return {
    before: await tell(await repeatedRows(reader, place)),
    again: await tell(await repetitions(reader, finder, place)),
  }
}

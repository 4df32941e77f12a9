/** The row that a proof is of, and the batches (and left rows) into which it goes, in the order in which its story comes to them. */
import type { SealedStatus, SubjectEntry } from '../../format/entry.ts'
import type { Topology } from '../../format/topology.ts'
import type { LedgerReader, StoredPayload } from '../../ledger/read-port.ts'
import { LedgerStories } from '../explain/explain.ts'
import type { Partners } from '../explain/partners.ts'
import { nameOf, onwardOf, type Subject, type SubjectRecord } from '../explain/telling.ts'
import { Course } from '../fold/course.ts'

export interface GatheredSubject extends SubjectRecord {
  readonly course: Course
  readonly bodies: readonly string[]
  /** null where an entry has no values. */
  readonly payloads: ReadonlyArray<StoredPayload | null>
  /** Of which rows tokens are that it names and that aren't its own, by token. */
  readonly members: ReadonlyArray<readonly [token: number, row: number]>
}

/** `with_rows`: whether left rows with which it was joined are in it. @throws UnsoundRecord */
export async function gatherSubjects(
  reader: LedgerReader,
  log: number,
  { topology, sealed }: { readonly topology: Topology; readonly sealed: SealedStatus },
  first: Subject,
  with_rows: boolean,
): Promise<readonly GatheredSubject[]> {
  const stories = new LedgerStories(reader, log, { sealed })
  const gathered: GatheredSubject[] = []
  const included = new Set<string>()
  const gather = async (subject: Subject): Promise<void> => {
    included.add(nameOf(subject))
    const record = await stories.recordOf(subject)
    const course = Course.of(record.entries, topology)
    const partners = await stories.partnersOf(course)
    const members = await membersOf(reader, log, record, partners)
    gathered.push({ ...record, course, members, ...(await stored(reader, log, record.seqs)) })
    for (const next of onwardOf(record.entries, course, partners))
      if (!included.has(nameOf(next)) && (with_rows || next.kind === 'batch')) await gather(next)
  }
  await gather(first)
  return gathered
}

async function stored(reader: LedgerReader, log: number, seqs: readonly number[]) {
  const bodies: string[] = []
  const payloads: Array<StoredPayload | null> = []
  for (const seq of seqs) {
    bodies.push((await reader.entry(log, seq))?.body ?? '')
    payloads.push(await reader.payload(log, seq))
  }
  return { bodies, payloads }
}

async function membersOf(
  reader: LedgerReader,
  log: number,
  { subject, entries }: { readonly subject: Subject; readonly entries: readonly SubjectEntry[] },
  { right }: Pick<Partners, 'right'>,
): Promise<GatheredSubject['members']> {
  const rows = new Map<number, number>()
  for (const { token, row } of right.values()) if (row !== null) rows.set(token, row)
  if (subject.kind === 'batch')
    for (const token of entries.flatMap(({ groups_closed }) => groups_closed.flatMap(({ members }) => members))) {
      const row = (await reader.ending(log, token))?.row ?? null
      if (row !== null) rows.set(token, row)
    }
  return [...rows].toSorted(([a], [b]) => a - b)
}

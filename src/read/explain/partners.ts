/**
 * The other side of joins, which lies in other rows: with which right rows a left one was joined, and which left row a right one was
 * joined with first.
 */
import { type EndingFact, GROUP_KINDS } from '../../format/entry.ts'
import type { LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import { fateNumber } from '../../model/outcome.ts'
import { decodeSubjectEntry } from '../decode.ts'
import type { Course } from '../fold/course.ts'
import { readable } from '../runs/damaged.ts'

/** A token, and the row or batch that it is of. */
export interface Partner {
  readonly token: number
  readonly row: number | null
  readonly batch: number | null
}

export interface Partners {
  /** By token that a join made: the right one that it was made of. */
  readonly right: ReadonlyMap<number, Partner>
  /** The left one of its first group, by the right token. */
  readonly left: ReadonlyMap<number, Partner>
}

const JOIN = GROUP_KINDS.indexOf('join')
const JOINED = fateNumber('CONSUMED_IN_BATCH', 'join')
/** How many entries are looked through at once. */
const PAGE = 512

type Reader = Pick<LedgerReader, 'ending' | 'page'>

export async function partnersOf(reader: Reader, log: number, course: Course): Promise<Partners> {
  const right = new Map<number, Partner>()
  const left = new Map<number, Partner>()
  for (const { birth, group, ending } of course.tokens.values()) {
    const match = group?.kind === 'join' ? birth.parents[1] : undefined
    if (match !== undefined) right.set(birth.token, await partnerAt(reader, log, match))
    if (ending?.fact.fate !== JOINED || course.groups.has(ending.fact.group)) continue
    const found = await leftOf(reader, log, ending.fact)
    if (found !== null) left.set(birth.token, found)
  }
  return { right, left }
}

async function partnerAt(reader: Reader, log: number, token: number): Promise<Partner> {
  const { row = null, batch = null } = (await reader.ending(log, token)) ?? {}
  return { token, row, batch }
}

/**
 * The group is opened and closed, and its members end, in one commit: that is looked through to both sides, up to the entries of the run
 * with which commits end.
 */
async function leftOf(reader: Reader, log: number, { token, group }: EndingFact): Promise<Partner | null> {
  const seq = (await reader.ending(log, token))?.seq
  if (seq === undefined) return null
  for (let end = seq, within = true; end > 0 && within; end -= PAGE) {
    const entries = await reader.page(log, Math.max(0, end - PAGE), end)
    const found = leftAmong(log, entries, group)
    if (found !== null) return found
    within = !entries.some(isOfRun)
  }
  for (let from = seq; ; from += PAGE) {
    const entries = await reader.page(log, from, from + PAGE)
    const found = leftAmong(log, entries, group)
    if (found !== null || entries.length === 0 || entries.some(isOfRun)) return found
  }
}

function leftAmong(log: number, entries: readonly StoredEntry[], group: number): Partner | null {
  for (const { seq, row, batch, body } of entries) {
    if (!body.includes(`[${group},${JOIN},`)) continue
    const entry = readable(log, () => decodeSubjectEntry(seq, body))
    const token = entry.groups_closed.find(each => each.group === group)?.members[0]
    if (token !== undefined) return { token, row, batch }
  }
  return null
}

function isOfRun({ row, batch }: StoredEntry): boolean {
  return row === null && batch === null
}

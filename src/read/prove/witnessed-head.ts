/**
 * The head of log 0 to which evidence for others leads: of the newest ones that have it all the one that most witnesses and authorities have put
 * their names to, with what they said.
 */
import { toBase64 } from '../../format/base64.ts'
import { headNote } from '../../format/head-note.ts'
import { readNote } from '../../format/note.ts'
import type { VerifierKey } from '../../format/verifier-key.ts'
import type { LedgerReader, StoredTimestamp } from '../../ledger/read-port.ts'
import { counted } from '../../model/number-text.ts'
import { UnsoundRecord } from '../evidence/unsound.ts'
import { type HeadsOf, headProblem } from '../verify/witnessed.ts'

export interface EvidenceHead {
  readonly size: number
  /** A signed note: the log's own lines, then those of witnesses. */
  readonly note: string
  /** How many keys of others have signed it. */
  readonly cosigners: number
  /** Timestamps of the log's own lines, DER in base64. */
  readonly timestamps: readonly string[]
}

type Reader = Pick<LedgerReader, 'witnessed' | 'timestamps'>

/** Of so many heads it is chosen. */
const MOST_HEADS = 64

/** What others said of one head. */
interface Said {
  readonly notes: Set<string>
  readonly dated: StoredTimestamp[]
}

/** @param from how many entries it must have. @returns null if nobody has said anything of such a head. @throws UnsoundRecord if what they said is of another history. */
export async function witnessedHead(
  reader: Reader,
  log: HeadsOf & { rootOf(size: number): Promise<string | null> },
  from: number,
): Promise<EvidenceHead | null> {
  const said = await saidOf(reader, from)
  let best: { readonly size: number; readonly count: number } | null = null
  for (const [size, each] of [...said].sort(([a], [b]) => b - a)) {
    const count = cosigners(each.notes, log.keys(size).good).size + (each.dated.length === 0 ? 0 : 1)
    if (best === null || count > best.count) best = { size, count }
  }
  const chosen = best === null ? undefined : said.get(best.size)
  if (best === null || chosen === undefined) return null
  const { size } = best
  const root = (await log.rootOf(size)) ?? undefined
  for (const note of [...chosen.notes, ...chosen.dated.map(each => each.note)]) {
    const problem = headProblem({ size, note }, log, root)
    if (problem !== null)
      throw new UnsoundRecord([
        `what others said of ${counted(size, 'entry', 'entries')} of the ledger’s own log ${problem}`,
      ])
  }
  return headOf(size, chosen, log.keys(size).good)
}

/** What others said of a head whose note is at hand; none is left out. */
export async function withWords(
  reader: Reader,
  note: string,
  size: number,
  good: readonly VerifierKey[],
): Promise<EvidenceHead> {
  const said = (await saidOf(reader, size)).get(size) ?? { notes: new Set(), dated: [] }
  return headOf(size, { notes: new Set([note, ...said.notes]), dated: said.dated }, good)
}

async function saidOf(reader: Reader, from: number): Promise<ReadonlyMap<number, Said>> {
  const said = new Map<number, Said>()
  const of = (size: number) => {
    const known = said.get(size) ?? { notes: new Set(), dated: [] }
    said.set(size, known)
    return known
  }
  for await (const { size, note } of atMost(reader.witnessed('newest'), from)) of(size).notes.add(note)
  for await (const stored of atMost(reader.timestamps('newest'), from)) of(stored.size).dated.unshift(stored)
  return said
}

async function* atMost<T extends { readonly size: number }>(stored: AsyncIterable<T>, from: number): AsyncIterable<T> {
  const sizes = new Set<number>()
  for await (const each of stored) {
    sizes.add(each.size)
    if (each.size < from || sizes.size > MOST_HEADS) return
    yield each
  }
}

function cosigners(notes: Iterable<string>, good: readonly VerifierKey[]): ReadonlySet<string> {
  const names = new Set<string>()
  for (const note of notes) {
    const read = readNote(note)
    for (const { name, hash } of read.ok ? read.signatures : []) names.add(`${name}+${hash}`)
  }
  for (const { name, hash } of good) names.delete(`${name}+${hash}`)
  return names
}

/** The own lines are those that were dated, where that was done. */
function headOf(size: number, { notes, dated }: Said, good: readonly VerifierKey[]): EvidenceHead {
  const [first = ''] = [...dated.map(each => each.note), ...notes]
  const own = headNote(first, good) ?? first
  const text = own.slice(0, own.lastIndexOf('\n\n') + 2)
  const lines = new Set(linesOf(own))
  for (const note of notes) for (const line of linesOf(note)) if (!isOwn(line, good)) lines.add(line)
  const stamps = dated.filter(each => each.note === own).map(each => toBase64(each.stamp))
  return {
    ...{ size, note: `${text}${[...lines].join('')}`, timestamps: [...new Set(stamps)] },
    cosigners: cosigners(notes, good).size,
  }
}

function linesOf(note: string): readonly string[] {
  return note.slice(note.lastIndexOf('\n\n') + 2).match(/.*\n/g) ?? []
}

/** Of a key's second line the first one counts. */
function isOwn(line: string, good: readonly VerifierKey[]): boolean {
  const read = readNote(`-\n\n${line}`)
  return read.ok && read.signatures.some(({ name, hash }) => good.some(key => key.name === name && key.hash === hash))
}

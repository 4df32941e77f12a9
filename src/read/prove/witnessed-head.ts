/**
 * The head of log 0 to which evidence for others leads: of those that have it all the one that most witnesses and authorities have put their names
 * to, with what they said. Of several the first says by when it existed at the earliest, and the last tells most of what came later.
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

/** Of so many of the first and of the last heads it is chosen. */
const MOST_HEADS = 64

export interface Wanted {
  /** So many entries it must have. */
  readonly from: number
  /** With so many it has all changes of keys, so that whoever trusts only those in force now can trust it: it is taken where as many have signed such a head. */
  readonly keys_from: number
  /** Of heads that as many have signed. */
  readonly prefers: 'first' | 'last'
}

/** What others said of one head. */
interface Said {
  readonly notes: Set<string>
  readonly dated: StoredTimestamp[]
}

/** @returns null if nobody has said anything of such a head. @throws UnsoundRecord if what they said is of another history. */
export async function witnessedHead(
  reader: Reader,
  log: HeadsOf & { rootOf(size: number): Promise<string | null> },
  wanted: Wanted,
): Promise<EvidenceHead | null> {
  const said = await saidOf(reader, wanted.from)
  const heads = [...said].map(([size, each]) => ({
    size,
    count: cosigners(each.notes, log.keys(size).good).size + (each.dated.length === 0 ? 0 : 1),
    has_keys: size >= wanted.keys_from,
  }))
  const [best] = heads.sort(
    (a, b) =>
      b.count - a.count ||
      Number(b.has_keys) - Number(a.has_keys) ||
      (wanted.prefers === 'first' ? a.size - b.size : b.size - a.size),
  )
  const chosen = best === undefined ? undefined : said.get(best.size)
  if (best === undefined || chosen === undefined) return null
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
  // The same record may be among the first and among the last.
  const stamps = new Set<string>()
  for (const order of [{ from }, 'newest'] as const) {
    for await (const { size, note } of atMost(reader.witnessed(order), from)) of(size).notes.add(note)
    for await (const stored of atMost(reader.timestamps(order), from)) {
      const key = `${stored.size} ${toBase64(stored.stamp)}`
      if (!stamps.has(key)) of(stored.size).dated.push(stored)
      stamps.add(key)
    }
  }
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

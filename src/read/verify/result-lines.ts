/**
 * The lines of a split's result digest (docs/ledger-format.md), from what is stored of its rows and batches. They are read in order of their
 * numbers, when each entry and value of the split has been looked at, in the same snapshot.
 */
import type { EndingFact, SubjectEntry, VisitFact } from '../../format/entry.ts'
import { FIRST_PATH } from '../../format/lineage.ts'
import { BLOCK_LINES, blockHash, lineText, splitDigest, treeRoot } from '../../format/result-digest.ts'
import type { Topology } from '../../format/topology.ts'
import type { FullEntry, LedgerReader } from '../../ledger/read-port.ts'
import { canonicalize } from '../../model/canonical.ts'
import { fateOf } from '../../model/outcome.ts'
import type { Hash } from '../../model/sha256.ts'
import { decodeCanonicalEntry } from '../decode.ts'
import { Course } from '../fold/course.ts'
import { decodePayload, SubjectValues } from '../values.ts'

/** Rows that are read together. */
const AT_ONCE = 1_024

/** What a split has. */
export interface SplitExtent {
  readonly log: number
  readonly rows: number
  readonly batches: number
}

/** null if a value is gone, or can't be read. */
export async function digestOfSplit(
  reader: LedgerReader,
  { log, rows, batches }: SplitExtent,
  topology: Topology,
): Promise<Hash | null> {
  const of_rows = new Lines()
  const of_batches = new Map<string, Lines>()
  const take = (entries: readonly FullEntry[], lines: (name: string) => Lines): boolean => {
    const found = lineOf(entries, topology)
    if (found === null) return false
    lines(found.name).add(found.line)
    return true
  }
  for (let first = 1; first <= rows; first += AT_ONCE) {
    const some = await reader.entriesOfRows(log, first, Math.min(rows, first + AT_ONCE - 1))
    for (const entries of Map.groupBy(some, ({ row }) => row).values()) if (!take(entries, () => of_rows)) return null
  }
  const batchLines = (name: string): Lines => {
    const known = of_batches.get(name) ?? new Lines()
    of_batches.set(name, known)
    return known
  }
  for (let batch = 1; batch <= batches; batch++) {
    const entries: FullEntry[] = []
    for (const each of await reader.entriesOfBatch(log, batch))
      entries.push({ ...each, payload: await reader.payload(log, each.seq) })
    if (!take(entries, batchLines)) return null
  }
  return splitDigest(of_rows.digest(), new Map([...of_batches].map(([name, lines]) => [name, lines.digest()])))
}

class Lines {
  readonly #blocks: Hash[] = []
  #count = 0
  #text = ''

  add(line: string): void {
    this.#text += lineText(line)
    if (++this.#count % BLOCK_LINES === 0) this.#end()
  }

  #end(): void {
    this.#blocks.push(blockHash(this.#text))
    this.#text = ''
  }

  digest() {
    if (this.#text !== '') this.#end()
    return [this.#count, treeRoot(this.#blocks)] as const
  }
}

/** `name`: of its source, or its aggregate. null if a value is gone, or can't be read. */
function lineOf(
  stored: readonly FullEntry[],
  topology: Topology,
): { readonly name: string; readonly line: string } | null {
  const values = new SubjectValues()
  const entries = stored.map(({ seq, body, payload }) => {
    const entry = decodeCanonicalEntry(seq, body)
    values.add(seq, entry, payload === null ? null : decodePayload(payload))
    return entry
  })
  const { source = 0, index = 0 } = entries[0]?.origin ?? {}
  const name = nameOf(topology, source) ?? ''
  const texts: string[] = []
  for (const { path, ending, last, born } of endingsIn(entries, topology)) {
    // As it came to where it was last; where nothing came there, as it left; and where it was nowhere, as it was born.
    const number = last?.in || last?.out || born
    if (values.isMissing(number)) return null
    texts.push(canonicalize([path, ...endOf(ending, topology), values.get(number)]))
  }
  return { name, line: `[${canonicalize(name)},${index},[${texts.join(',')}]]` }
}

interface EndedToken {
  readonly path: string
  readonly ending: EndingFact
  readonly last: VisitFact | undefined
  /** Number of the value that it was born with. */
  readonly born: number
}

/** By their paths. */
function endingsIn(entries: readonly SubjectEntry[], topology: Topology): readonly EndedToken[] {
  const [only, ...others] = entries
  const [ending] = only?.endings ?? []
  if (only?.births.length === 1 && only.births[0]?.group === 0 && ending !== undefined && others.length === 0)
    return [{ path: FIRST_PATH, ending, last: only.visits.at(-1), born: only.births[0].value }]
  return [...Course.of(entries, topology).tokens.values()]
    .flatMap(({ path, ending: end, visits, birth }) =>
      end === null ? [] : [{ path, ending: end.fact, last: visits.at(-1)?.fact, born: birth.value }],
    )
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

function endOf({ fate, node, sink, error }: EndingFact, topology: Topology) {
  const { outcome = '', cause = '' } = fateOf(fate) ?? {}
  return [outcome, cause, nameOf(topology, node), nameOf(topology, sink), error?.code ?? null]
}

function nameOf({ nodes }: Topology, number: number): string | null {
  return nodes[number - 1]?.name ?? null
}

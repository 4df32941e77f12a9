/**
 * Whether the log of a split is what its run's coordinator says of it: of a sealed run its last entry is that in the seal's tree, and names
 * the tree before it; of one under way its first entries are those that the coordinator had last.
 */
import type { RunEntry } from '../../format/entry.ts'
import { leafHash } from '../../format/hash.ts'
import type { PartHead } from '../../format/split-entry.ts'
import type { TiledTree } from '../../format/tiled-tree.ts'
import { Frontier } from '../../format/tree.ts'
import type { LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import { counted } from '../../model/number-text.ts'
import type { Hash } from '../../model/sha256.ts'
import { DecodeError, decodeRunEntry } from '../decode.ts'
import { endsOf } from '../log-ends.ts'
import type { Check } from '../verify/check.ts'
import type { CheckedLog } from './log-check.ts'

type Reader = Pick<LedgerReader, 'entry' | 'entriesOfRun' | 'ends'>

/** What a coordinator has of its splits. */
export interface SplitsOnRecord {
  /** Leaf of its entry 0, and how many splits that says there are. */
  readonly opening: Hash
  readonly splits: number
  /** How far each was said to be last, by part. */
  readonly heads: ReadonlyMap<number, PartHead>
  /** Of how many entries of each that was said in an entry that log 0 binds; of a run that is sealed none is needed. */
  readonly bound: ReadonlyMap<number, number>
  /** Whether the run is sealed, and if so whether its seal has what the splits end with. */
  readonly sealed: 'no' | 'as_they_end' | 'otherwise'
}

/** Which split an entry 0 begins; null if it begins none. */
export function splitBegunBy(first: StoredEntry | null): number | null {
  const facts = first?.body.startsWith('{"k":"part"') === true ? factsOf(first) : null
  return facts?.k === 'part' ? facts.part : null
}

/** `checked`: the coordinator's log. @throws UnsoundRecord if what is read of it isn't what was signed. */
export async function splitsOnRecord(
  reader: Reader,
  log: number,
  { tree, mustHave, bound: own }: Pick<CheckedLog, 'tree' | 'mustHave' | 'bound'>,
): Promise<SplitsOnRecord> {
  const first = await reader.entry(log, 0)
  const last = await reader.entry(log, tree.size - 1)
  await mustHave([first, last].flatMap(each => each ?? []))
  const seal = last === null ? null : factsOf(last)
  const opening = leafHash(first?.body ?? '')
  const opens = first === null ? null : factsOf(first)
  const splits = (opens?.k === 'open' ? opens.splits : undefined) ?? 0
  if (seal?.k === 'seal') {
    const ends = { size: splits, root: await rootOfEnds(reader, log, splits) }
    const is_so = seal.parts?.size === ends.size && seal.parts.root === ends.root
    return { opening, splits, heads: new Map(), bound: new Map(), sealed: is_so ? 'as_they_end' : 'otherwise' }
  }
  const heads = new Map<number, PartHead>()
  const bound = new Map<number, number>()
  const all: AsyncIterable<StoredEntry> | readonly StoredEntry[] = splits === 0 ? [] : reader.entriesOfRun(log)
  for await (const entry of all) {
    if (!entry.body.includes('"k":"parts"')) continue
    await mustHave([entry])
    const facts = factsOf(entry)
    for (const head of facts?.k === 'parts' ? facts.heads : []) {
      heads.set(head.part, head)
      if (entry.seq < (own?.entries ?? 0)) bound.set(head.part, head.size)
    }
  }
  return { opening, splits, heads, bound, sealed: 'no' }
}

/** Of the tree of the last entries of splits. */
async function rootOfEnds(reader: Reader, log: number, splits: number): Promise<Hash> {
  const ends = new Frontier()
  // Of one that has no entry there is no leaf, and the tree isn't that of any seal.
  const appendUntil = (part: number) => {
    while (ends.size < part - 1) ends.append('')
  }
  for await (const { log: own, leaf } of endsOf(reader, { from: log + 1, to: log + splits })) {
    appendUntil(own - log)
    ends.append(leaf)
  }
  appendUntil(splits + 1)
  return ends.root()
}

/** Adds what is wrong with the log of a split, whose tree has the root that was signed. */
export async function checkSplit(
  { first, last }: { readonly first: StoredEntry | null; readonly last: StoredEntry | null },
  part: number,
  { opening, splits, heads, sealed }: SplitsOnRecord,
  tree: TiledTree,
  check: Check,
): Promise<void> {
  const begins = first === null ? null : factsOf(first)
  if (begins?.k !== 'part' || begins.opening !== opening || part > splits)
    check.add(`the log of split ${part} begins with another run than its coordinator’s`)
  if (sealed === 'otherwise') check.add('the splits of the run don’t end as its seal says')
  if (sealed === 'as_they_end') {
    const ends = last === null ? null : factsOf(last)
    const before = tree.size - 1
    if (ends?.k !== 'close' || ends.size !== before || (await tree.rootOf(before)) !== ends.root)
      check.add(`the log of split ${part} doesn’t end with an entry that closes it and all before it`)
    return
  }
  const said = heads.get(part)
  if (said !== undefined && (said.size > tree.size || (await tree.rootOf(said.size)) !== said.root))
    check.add(
      `the log of split ${part} doesn’t begin with the ${counted(said.size, 'entry', 'entries')} that its coordinator has of it`,
    )
}

function factsOf({ seq, body }: StoredEntry): RunEntry | null {
  try {
    return decodeRunEntry(seq, body).facts
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}

/**
 * When a run was sealed, for who counts from then: by those whom the user believes, else by what its seal says itself, which is what the
 * clock of the machine said.
 *
 * SEAL-TIME-1. What others say counts if it is of a head of this ledger's own log that has the seal: of the first of which they say any, the
 *     latest time. Of later heads they tell nothing more of this run.
 */
import type { Certificate } from '../../format/certificate.ts'
import { headIn } from '../../format/checkpoint.ts'
import { type Policy, witnessedBy } from '../../format/policy.ts'
import type { TiledTree } from '../../format/tiled-tree.ts'
import { checkTimestamp, isByTrusted, LAST_SECOND } from '../../format/timestamp-check.ts'
import { utf8 } from '../../format/verifier-key.ts'
import type { LedgerReader, StoredTimestamp, StoredWitnessed } from '../../ledger/read-port.ts'
import { decodeLedgerEntry } from '../decode.ts'
import { readable } from '../runs/damaged.ts'
import type { Closing } from '../runs/run-log.ts'

/** Whom the user believes when they say what time it was. */
export interface Clocks {
  /** Its witnesses; null: none. */
  readonly policy: Policy | null
  readonly authorities: readonly Certificate[]
}

/** Of so many of the first heads with the seal that others have signed it is looked for. */
const MOST_HEADS = 64

/** In microseconds; null if it isn't sealed. `tree`: that of log 0. */
export async function sealedAt(
  reader: LedgerReader,
  tree: TiledTree,
  log: number,
  { last }: Pick<Closing, 'last'>,
  clocks: Clocks,
): Promise<number | null> {
  if (last?.k !== 'seal') return null
  const { policy, authorities } = clocks
  if (policy === null && authorities.length === 0) return last.t
  const about = await reader.entriesAbout(log)
  const sealed = about.find(({ seq, body }) => readable(0, () => decodeLedgerEntry(seq, body)).k === 'sealed')
  if (sealed === undefined) return last.t
  const from = { from: sealed.seq + 1 }
  const cosigned = await firstSaid(reader.witnessed(from), tree, ({ note }) =>
    policy === null ? [] : cosignedAt(policy, note),
  )
  const dated = await firstSaid(reader.timestamps(from), tree, each => datedAt(authorities, each))
  return latestOfFirst([cosigned, dated].filter(each => each !== null))?.t_us ?? last.t
}

interface Said {
  /** Of the head. */
  readonly size: number
  readonly t_us: number
}

/** `stored`: with ascending sizes. */
async function firstSaid<T extends StoredWitnessed>(
  stored: AsyncIterable<T>,
  tree: TiledTree,
  timesOf: (each: T) => readonly number[],
): Promise<Said | null> {
  const sizes = new Set<number>()
  const said: Said[] = []
  for await (const each of stored) {
    const { size, note } = each
    sizes.add(size)
    if (sizes.size > MOST_HEADS || said.some(other => other.size < size)) break
    const head = headIn(note)
    if (head?.size !== size || head.root !== (await tree.rootOf(size))) continue
    for (const t_us of timesOf(each)) said.push({ size, t_us })
  }
  return latestOfFirst(said)
}

function cosignedAt(policy: Policy, note: string): readonly number[] {
  const times = witnessedBy(policy, note).by.map(each => each.timestamp)
  return times.flatMap(seconds => (seconds === 0 || seconds > LAST_SECOND ? [] : [seconds * 1_000_000]))
}

function datedAt(authorities: readonly Certificate[], { note, stamp }: StoredTimestamp): readonly number[] {
  const checked = checkTimestamp(stamp, utf8(note))
  return checked.ok && isByTrusted(checked, authorities) ? [checked.by_ms * 1000] : []
}

function latestOfFirst(said: readonly Said[]): Said | null {
  return said.toSorted((a, b) => a.size - b.size || b.t_us - a.t_us)[0] ?? null
}

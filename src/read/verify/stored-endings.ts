/** Endings as the table has them, against those of one entry: as far as that can be known by looking at nothing else. */
import { bytesToHex } from '../../format/hash.ts'
import type { LedgerReader, StoredEnding, StoredEntry } from '../../ledger/read-port.ts'
import type { Json } from '../../model/row.ts'

/** Of these tokens. Those that end together were mostly born together: all between the first and the last are read then. */
export async function endingsOf(
  reader: Pick<LedgerReader, 'ending' | 'endingsBetween'>,
  log: number,
  tokens: readonly number[],
): Promise<ReadonlyMap<number, StoredEnding>> {
  let [first, last] = [Number.POSITIVE_INFINITY, 0]
  for (const token of tokens) {
    if (token < first) first = token
    if (token > last) last = token
  }
  const stored = new Map<number, StoredEnding>()
  if (last - first < 4 * tokens.length) {
    for (const each of await reader.endingsBetween(log, first, last)) stored.set(each.token, each)
    return stored
  }
  for (const token of tokens) {
    const ending = await reader.ending(log, token)
    if (ending !== null) stored.set(token, ending)
  }
  return stored
}

/** The object of an entry's text. */
export type Facts = { readonly [key: string]: Json }

/** Tokens that an entry of a row or a batch ends; the text may be anything that is canonical. */
export function endedIn({ e }: Facts): readonly number[] {
  const tokens: number[] = []
  if (Array.isArray(e))
    for (const ending of e as readonly Json[]) {
      const token = Array.isArray(ending) ? ending[0] : null
      if (Number.isSafeInteger(token)) tokens.push(token as number)
    }
  return tokens
}

/** Whether each ending of the entry is in the table as it says; false, too, where other entries are needed to tell. */
export function hasEndings(facts: Facts, entry: StoredEntry, stored: ReadonlyMap<number, StoredEnding>): boolean {
  const { e, v, t, c, w } = facts
  if (e === undefined) return true
  if (!Array.isArray(e) || typeof t !== 'number') return false
  return (e as readonly Json[]).every(ending => {
    if (!Array.isArray(ending)) return false
    const [token, fate, node, sink, group, code = null, value = null] = ending as readonly Json[]
    const found = stored.get(token as number)
    if (found === undefined) return false
    const hash = value === null ? null : Array.isArray(c) ? (c[(value as number) - (w as number)] ?? '') : ''
    return (
      found.seq === entry.seq &&
      found.row === entry.row &&
      found.batch === entry.batch &&
      found.fate === fate &&
      found.node === node &&
      found.sink === orNull(sink) &&
      found.grp === orNull(group) &&
      found.error_code === code &&
      (found.error_hash === null ? null : bytesToHex(found.error_hash)) === hash &&
      found.recorded_us === endedAt(token as number, t, v)
    )
  })
}

/** In the table there is none where an entry has 0. */
export function orNull(number: Json | undefined): Json | undefined {
  return number === 0 ? null : number
}

/** As its last visit in the entry did, or at the entry's time. */
function endedAt(token: number, time_us: number, visits: Json | undefined): number {
  if (!Array.isArray(visits)) return time_us
  const visit = (visits as readonly Json[]).findLast(each => Array.isArray(each) && each[0] === token)
  if (visit === undefined) return time_us
  const [, , , , , , , start, duration, ...more] = visit as readonly number[]
  // Behind these stand an error, if there was one, and for how long the run's clock stood still, if it did.
  const stood = more.length % 2 === 1 ? (more.at(-1) as number) : 0
  return time_us + (start as number) + (duration as number) + stood
}

/**
 * What a whole row's entry comes to: found once, by folding the first entry of its form (row-form.ts), and true of all of them.
 *
 * ROW-STORY-1. There is a story only of an entry that gave no problem at all, and says nothing that others must be asked about but for its
 *     way through batches, which is passed on: no requests that were announced, no times that stood still.
 */

import { isError, type SubjectEntry } from '../../format/entry.ts'
import { bytesToHex } from '../../format/hash.ts'
import type { StoredEnding, StoredEntry } from '../../ledger/read-port.ts'
import type { Hash } from '../../model/sha256.ts'
import { DecodeError, decodeSubjectFacts } from '../decode.ts'
import type { Batches, Release } from './batches.ts'
import { Check } from './check.ts'
import { BATCH, JOIN } from './groups.ts'
import { type Counts, Recount } from './recount.ts'
import { NONE, numberAt, RowForm } from './row-form.ts'
import { sends } from './sending.ts'
import { type Facts, orNull } from './stored-endings.ts'
import { SubjectState } from './subject.ts'
import { mayHaveStood } from './times.ts'
import type { Ways } from './ways.ts'
import type { Witness } from './witness.ts'

/** All that is a number here is a place of the form (`RowForm.read`), NONE for none, where nothing else is said. */
export interface RowStory {
  readonly form: RowForm
  /** Number of the node. */
  readonly source: number
  readonly counts: Counts
  readonly row: number
  /** Number of the record within its source. */
  readonly index: number
  readonly time: number
  readonly visits: ReadonlyArray<{ readonly start: number; readonly duration: number }>
  readonly born: readonly number[]
  readonly opened: readonly number[]
  readonly called: readonly number[]
  readonly forks: readonly number[]
  readonly endings: readonly StoryEnding[]
  readonly holds: ReadonlyArray<{
    readonly token: number
    readonly node: number
    readonly group: number
    readonly ordinal: number
    readonly batch: number
  }>
  readonly releases: ReadonlyArray<{
    readonly token: number
    readonly node: number
    readonly group: number
    readonly failed: boolean
  }>
  readonly ends: ReadonlyArray<{ readonly token: number; readonly group: number }>
}

interface StoryEnding {
  readonly token: number
  readonly group: number
  readonly fate: number
  readonly node: number
  readonly sink: number
  readonly error_code: string | null
  /** Which of the commitments is that of its error; null if it has none. */
  readonly error_place: number | null
  /** Of the visit that it ended with. */
  readonly start: number
  readonly duration: number
}

/** That of an entry, whose values and endings are as they should be; null if it isn't whole, or no other could have its form. */
export function storyOf(stored: StoredEntry, facts: Facts, ways: Ways): RowStory | null {
  const entry = onlyEntry(stored, facts, ways)
  const form = entry === null ? null : RowForm.of(facts, entry)
  if (entry === null || form === null) return null
  const witness = privateWitness(ways)
  const state = folded(stored.seq, entry, witness)
  if (state === null) return null
  const token = (number: number) => form.placeOf('token', number)
  const group = (number: number) => (number === 0 ? NONE : form.placeOf('group', number))
  return {
    form,
    source: entry.origin.source,
    counts: witness.recount.counts(),
    row: form.place('r', 0, 'row'),
    index: form.place('s', 0, 'index'),
    time: form.place('t', 0, 'time'),
    visits: entry.visits.map((_, i) => ({
      start: form.place('v', i, 'start'),
      duration: form.place('v', i, 'duration'),
    })),
    born: witness.numbers.born.map(token),
    opened: witness.numbers.opened.map(group),
    called: entry.calls.map((_, i) => form.place('x', i, 'call')),
    forks: [...state.forks()].map(group),
    endings: entry.endings.map(({ error, ...ending }) => {
      const visit = entry.visits.findLastIndex(each => each.token === ending.token)
      return {
        ...{ token: token(ending.token), group: group(ending.group) },
        ...{ fate: ending.fate, node: ending.node, sink: ending.sink },
        error_code: error?.code ?? null,
        error_place: error === null ? null : error.value - entry.first_value,
        start: visit === -1 ? NONE : form.place('v', visit, 'start'),
        duration: visit === -1 ? NONE : form.place('v', visit, 'duration'),
      }
    }),
    holds: witness.holds.map(hold => {
      const list = entry.holds.indexOf(hold)
      const [ordinal, batch] = [form.place('h', list, 'ordinal'), form.place('h', list, 'batch')]
      return { token: token(hold.token), node: hold.node, group: group(hold.group), ordinal, batch }
    }),
    releases: witness.releases.map(each => ({ ...each, token: token(each.token), group: group(each.group) })),
    ends: witness.ends.map(each => ({ token: token(each.token), group: group(each.group) })),
  }
}

/** Whether each ending is in the table as an entry with these numbers tells it. */
export function endsAsStored(
  { endings, time }: RowStory,
  numbers: readonly number[],
  commitments: readonly Hash[],
  { seq, row, batch }: StoredEntry,
  stored: ReadonlyMap<number, StoredEnding>,
): boolean {
  for (const each of endings) {
    const found = stored.get(numberAt(numbers, each.token))
    if (found === undefined || found.seq !== seq || found.row !== row || found.batch !== batch) return false
    if (found.fate !== each.fate || found.node !== each.node || found.sink !== orNull(each.sink)) return false
    if (found.grp !== orNull(numberAt(numbers, each.group)) || found.error_code !== each.error_code) return false
    const hash = found.error_hash === null ? null : bytesToHex(found.error_hash)
    if (hash !== (each.error_place === null ? null : (commitments[each.error_place] ?? ''))) return false
    const ended = numberAt(numbers, time) + numberAt(numbers, each.start) + numberAt(numbers, each.duration)
    if (found.recorded_us !== ended) return false
  }
  return true
}

type OnlyEntry = SubjectEntry & {
  readonly subject: Extract<SubjectEntry['subject'], { kind: 'row' }>
  readonly origin: NonNullable<SubjectEntry['origin']>
}

/** A row's only entry, with values; null for all others, and for those that others must be asked about. */
function onlyEntry(entry: StoredEntry, facts: Facts, ways: Ways): OnlyEntry | null {
  const { p, o, f, y } = facts
  if (o !== 0 || p !== undefined || f !== undefined || y !== undefined) return null
  let decoded: SubjectEntry
  try {
    decoded = decodeSubjectFacts(entry.seq, facts)
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
  const { subject, origin, visits, calls, holds, releases, groups_opened, time_us } = decoded
  if (subject.kind !== 'row' || subject.row !== entry.row || entry.batch !== null) return null
  if (origin === null || origin.repeats !== null) return null
  if (groups_opened.some(({ kind }) => kind === BATCH || kind === JOIN)) return null
  if (holds.some(({ node }) => ways.kind(node) === 'join')) return null
  if (holds.some(({ node, batch }) => batch === null && ways.kind(node) === 'aggregate')) return null
  // What a sort passes on has a place among that of others.
  if (holds.some(({ node }) => ways.kind(node) === 'sort') || releases.length > 0) return null
  // What calls cost differs from row to row.
  if (calls.some(each => each.input_tokens + each.output_tokens + each.cost_nusd > 0)) return null
  let reads = 0
  for (const visit of visits) {
    if (sends(ways, visit.node) || mayHaveStood(visit)) return null
    if (ways.kind(visit.node) !== 'source') continue
    reads++
    if (visit.node !== origin.source) return null
  }
  return reads === 1 && time_us >= 0 ? { ...decoded, subject, origin } : null
}

/** null if something is wrong with it. */
function folded(seq: number, entry: OnlyEntry, witness: PrivateWitness): SubjectState | null {
  const { subject, origin, visits } = entry
  if (visits.some(({ node, status }) => node === origin.source && isError(status)))
    witness.recount.reject(origin.source)
  const state = new SubjectState(subject)
  try {
    state.values.skip(seq, entry)
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
  state.fold(seq, entry, witness)
  for (const _ of state.unfinished()) return null
  return state.done && witness.tokens.ok && witness.groups.ok && !witness.reached_others ? state : null
}

/** What a whole row is folded with. */
interface PrivateWitness extends Witness {
  readonly holds: Parameters<Batches['hold']>[0][]
  readonly releases: Release[]
  readonly ends: Array<{ readonly token: number; readonly group: number }>
  /** Of tokens and groups. */
  readonly numbers: { readonly born: readonly number[]; readonly opened: readonly number[] }
  /** Whether it said anything else to others. */
  readonly reached_others: boolean
}

function privateWitness(ways: Ways): PrivateWitness {
  let reached = false
  const reach = () => {
    reached = true
  }
  const holds: PrivateWitness['holds'] = []
  const releases: Release[] = []
  const ends: PrivateWitness['ends'] = []
  const born: number[] = []
  const opened: number[] = []
  return {
    ways,
    ...{ holds, releases, ends, numbers: { born, opened } },
    tokens: new Check('tokens'),
    groups: new Check('groups'),
    recount: new Recount(),
    batches: {
      hold: hold => holds.push(hold),
      release: release => releases.push(release),
      end: (token, group) => ends.push({ token, group }),
      ...{ open: reach, abandon: reach, close: reach },
      joins: { hold: reach, release: reach, end: reach, abandon: reach, close: reach },
    },
    // Its tokens come and go within its entry.
    sorts: { hold: reach, release: reach },
    line: { born: nothing, visited: nothing, ended: nothing, forked: nothing },
    ...{ born: listed(born), opened: listed(opened), called: { add: nothing }, announced: [], answered: [] },
    get reached_others() {
      return reached || this.announced.length > 0 || this.answered.length > 0
    },
  }
}

const listed = (list: number[]) => ({ add: (number: number) => void list.push(number) })

function nothing(): void {
  return undefined
}

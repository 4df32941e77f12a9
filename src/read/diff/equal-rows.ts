/**
 * Finds equal rows without telling their stories. Of two runs of one pipeline most rows are: each value is stored in the same words, so
 * that it is decoded once and compared with what either run committed to.
 *
 * EQUAL-ROWS-1. Two rows are found equal only if each is what was recorded, as subject-check.ts would find, and their tales wouldn't differ.
 *     All others are compared step by step, and may be equal, too.
 * EQUAL-ROWS-2. What differs between any two runs doesn't count: times, salts, commitments, who answered. Tokens and groups count
 *     from the row's own first, nodes and edges go by their names.
 */
import {
  CALL_ERROR,
  CALL_OK,
  CALL_RECORDED,
  CALL_RECORDED_ERROR,
  CALL_RECORDED_REFUSED,
  CALL_REFUSED,
  type SubjectEntry,
} from '../../format/entry.ts'
import { commitment, SALT_BYTES } from '../../format/hash.ts'
import type { Topology } from '../../format/topology.ts'
import { type FullEntry, isReadable } from '../../ledger/read-port.ts'
import { canonicalize, NotJsonError } from '../../model/canonical.ts'
import { DecodeError, decodeCommittedEntry } from '../decode.ts'
import { decodePayload, SubjectValues } from '../values.ts'
import type { Both } from './difference.ts'

/** Numbers that stand for names, the same in both runs. */
interface Numbering {
  readonly node: readonly number[]
  readonly edge: readonly number[]
}

/** Numbers nodes and edges of both topologies alike: the same number, the same kind, name and (of edges) ends. */
function numberings(topologies: Both<Topology>): Both<Numbering> {
  const known = new Map<string, number>()
  const number = (words: readonly string[]) => {
    const key = words.join('\n')
    const found = known.get(key) ?? known.size + 1
    known.set(key, found)
    return found
  }
  const of = ({ nodes, edges }: Topology) => {
    const name = (at: number) => nodes[at - 1]?.name ?? ''
    return {
      node: [0, ...nodes.map(each => number(['node', each.kind, each.name]))],
      edge: [0, ...edges.map(([from, label, to]) => number(['edge', name(from), label, name(to)]))],
    }
  }
  return { old: of(topologies.old), new: of(topologies.new) }
}

export class EqualRows {
  readonly #names: Both<Numbering>

  constructor(topologies: Both<Topology>) {
    this.#names = numberings(topologies)
  }

  /** Whether these rows are, of which the ledger has no open token; `entries` are all of theirs. */
  are(entries: Both<readonly FullEntry[]>, row: Both<number>): boolean {
    const { old, new: other } = entries
    if (old.length === 0 || old.length !== other.length) return false
    const stored = old.map((each, i) => ({ old: each, new: other[i] as FullEntry }))
    // Most rows that differ do so here.
    if (stored.some(pair => bodyOf(pair.old) !== bodyOf(pair.new))) return false
    try {
      return this.#areWhole(stored, row)
    } catch (error) {
      if (error instanceof DecodeError || error instanceof NotJsonError) return false
      throw error
    }
  }

  #areWhole(stored: ReadonlyArray<Both<FullEntry>>, row: Both<number>): boolean {
    const values = new SubjectValues()
    const ahead: Ahead = { tokens: 0, groups: null }
    let before: Both<number | null> = { old: null, new: null }
    let open = -1
    for (const pair of stored) {
      const decoded = ({ seq, body }: FullEntry) => decodeCommittedEntry(seq, body)
      const entries = { old: decoded(pair.old), new: decoded(pair.new) }
      if (!isNext(entries.old, row.old, before.old) || !isNext(entries.new, row.new, before.new)) return false
      if (!addValues(values, pair, entries)) return false
      if (before.old === null) ahead.tokens = distance(entries, ({ births }) => births[0]?.token) ?? 0
      ahead.groups ??= distance(entries, ({ groups_opened }) => groups_opened[0]?.group)
      if (!this.#areSame(entries, ahead)) return false
      before = { old: pair.old.seq, new: pair.new.seq }
      open = Math.max(entries.old.open, entries.new.open)
    }
    return open === 0
  }

  #areSame({ old: a, new: b }: Both<SubjectEntry>, { tokens, groups }: Ahead): boolean {
    const names = this.#names
    const token = (x: number, y: number) => x + tokens === y
    const group = (x: number, y: number) => (x === 0 ? y === 0 : x + (groups ?? 0) === y)
    const node = (x: number, y: number) => names.old.node[x] === names.new.node[y]
    const edge = (x: number, y: number) => names.old.edge[x] === names.new.edge[y]
    return (
      every(a.births, b.births, (x, y) => {
        if (!token(x.token, y.token) || !group(x.group, y.group) || !every(x.parents, y.parents, token)) return false
        return x.ordinal === y.ordinal && x.value === y.value
      }) &&
      every(a.visits, b.visits, (x, y) => {
        if (!token(x.token, y.token) || !node(x.node, y.node) || !edge(x.edge, y.edge)) return false
        if (x.attempt !== y.attempt || x.status !== y.status || x.in !== y.in || x.out !== y.out) return false
        return sameError(x.error, y.error)
      }) &&
      every(a.groups_opened, b.groups_opened, (x, y) => {
        return group(x.group, y.group) && node(x.node, y.node) && x.kind === y.kind && x.expected === y.expected
      }) &&
      every(a.groups_closed, b.groups_closed, (x, y) => {
        if (!group(x.group, y.group) || !every(x.members, y.members, token)) return false
        return x.verdict === y.verdict && x.detail === y.detail
      }) &&
      // Which batch or merge it was isn't the row's to tell.
      every(a.endings, b.endings, (x, y) => {
        if (!token(x.token, y.token) || !node(x.node, y.node) || !node(x.sink, y.sink)) return false
        return x.fate === y.fate && sameError(x.error, y.error)
      }) &&
      every(a.calls, b.calls, (x, y) => {
        if (!token(x.token, y.token) || !node(x.node, y.node) || x.service !== y.service) return false
        if (x.attempt !== y.attempt || x.ordinal !== y.ordinal || asMade(x.status) !== asMade(y.status)) return false
        return x.request === y.request && x.response === y.response
      })
    )
  }
}

/** undefined if it has none that can be read. */
function bodyOf({ payload }: FullEntry): string | undefined {
  return payload !== null && isReadable(payload) ? payload.body : undefined
}

/** Whether an entry is of the row, and follows the one before. */
function isNext({ subject, previous }: SubjectEntry, row: number, before: number | null): boolean {
  return subject.kind === 'row' && subject.row === row && previous === before
}

/** Adds the values of the next entries, which stand in the same words; false unless all are there, and fit both commitments. */
function addValues(values: SubjectValues, stored: Both<FullEntry>, entries: Both<SubjectEntry>): boolean {
  const [a, b] = [entries.old, entries.new]
  const [payload, others] = [stored.old.payload, stored.new.payload]
  if (a.commitments.length !== b.commitments.length || a.first_value !== b.first_value) return false
  if (payload === null || others === null) return a.commitments.length === 0
  if (!isReadable(payload) || !isReadable(others)) return false
  const { salts } = others
  const decoded = decodePayload(payload)
  if (salts.length !== payload.salts.length) return false
  const first = values.add(payload.seq, a, decoded)
  for (let i = 0; i < decoded.values.length; i++) {
    if (values.isMissing(first + i)) return false
    const text = canonicalize(values.get(first + i))
    if (commitment(decoded.salts[i] as Uint8Array, text) !== a.commitments[i]) return false
    if (commitment(salts.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES), text) !== b.commitments[i]) return false
  }
  return true
}

/** By how much numbers of the new row are larger; null while it has none. */
interface Ahead {
  tokens: number
  groups: number | null
}

function distance(entries: Both<SubjectEntry>, first: (entry: SubjectEntry) => number | undefined): number | null {
  const [a, b] = [first(entries.old), first(entries.new)]
  return a === undefined || b === undefined ? null : b - a
}

function every<T>(old: readonly T[], other: readonly T[], isSame: (old: T, other: T) => boolean): boolean {
  if (old.length !== other.length) return false
  for (let i = 0; i < old.length; i++) if (!isSame(old[i] as T, other[i] as T)) return false
  return true
}

type ErrorFact = SubjectEntry['visits'][number]['error']

function sameError(a: ErrorFact, b: ErrorFact): boolean {
  return a === null || b === null ? a === b : a.code === b.code && a.value === b.value
}

/** An answer from the record counts as one that was given. */
function asMade(status: number): number {
  if (status === CALL_RECORDED) return CALL_OK
  if (status === CALL_RECORDED_REFUSED) return CALL_REFUSED
  return status === CALL_RECORDED_ERROR ? CALL_ERROR : status
}

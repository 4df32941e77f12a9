/**
 * The order in which nodes took the tokens of a run, and what became of its groups and batches, row by row. Of each
 * batch only its place in the ledger is kept in memory, and the last few that were asked for; all else is read on demand.
 */
import { GROUP_KINDS, type PlanValue, type RunEntry, type SubjectEntry } from '../../format/entry.ts'
import { mergedPath } from '../../format/lineage.ts'
import type { Course, Courses, RecordedBatch, RecordedGroup, RecordedTake } from '../../format/recording.ts'
import type { Topology } from '../../format/topology.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { decodeRunEntry, decodeSubjectEntry } from '../decode.ts'
import { joinedFork, type Lineage, lineageOf } from './lineage.ts'

/** The part of a ledger's read side that this needs. */
export type CourseReader = Pick<LedgerReader, 'entry' | 'entriesOfRow' | 'entriesOfRun' | 'entriesOfBatches'>

/** How many batches are kept: members of a few are under way at a time. */
const BATCHES_KEPT = 256

/** Of each source: rows before its first, and its records. */
type Extents = ReadonlyMap<string, { readonly before: number; readonly records: number }>

/** Reads the run's own entries and those of its batches once. */
export async function recordedCourses(
  reader: CourseReader,
  log: number,
  topology: Topology,
  closes: PlanValue['closes'],
): Promise<Courses> {
  const places = new BatchPlaces(topology)
  let commit: Extract<RunEntry, { k: 'commit' }> | null = null
  for await (const { seq, body } of reader.entriesOfBatches(log)) places.add(seq, decodeSubjectEntry(seq, body))
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    const { facts } = decodeRunEntry(seq, body)
    if (facts.k === 'commit') commit = facts
  }
  const extents = new Map<string, { before: number; records: number }>()
  let before = 0
  // Sources are read one after another, in the order of their nodes, and each record is a row.
  for (const { source, records } of (commit?.cursors ?? []).toSorted((a, b) => a.source - b.source)) {
    extents.set(topology.nodes[source - 1]?.name ?? '', { before, records })
    before += records
  }
  return new CourseBook({ reader, log, topology, closes, extents, places })
}

/** Where in the log the entries of each batch are. */
class BatchPlaces {
  readonly #nodes: Topology['nodes']
  readonly #seqs = new Map<number, number[]>()
  /** Numbers of batches, by the group of each; and by aggregate, in order. */
  readonly #by_group = new Map<number, number>()
  readonly #by_node = new Map<string, number[]>()

  constructor({ nodes }: Topology) {
    this.#nodes = nodes
  }

  add(seq: number, { subject, groups_opened }: SubjectEntry): void {
    if (subject.kind !== 'batch') return
    const { batch } = subject
    const seqs = this.#seqs.get(batch)
    if (seqs !== undefined) {
      seqs.push(seq)
      return
    }
    this.#seqs.set(batch, [seq])
    for (const { kind, group, node } of groups_opened) {
      if (GROUP_KINDS[kind] !== 'batch') continue
      const name = this.#nodes[node - 1]?.name ?? ''
      this.#by_group.set(group, batch)
      const batches = this.#by_node.get(name)
      if (batches === undefined) this.#by_node.set(name, [batch])
      else batches.push(batch)
    }
  }

  ofGroup(group: number): number | undefined {
    return this.#by_group.get(group)
  }

  ofNode(name: string, nth: number): number | undefined {
    return this.#by_node.get(name)?.[nth - 1]
  }

  seqs(batch: number): readonly number[] {
    return this.#seqs.get(batch) ?? []
  }
}

interface CourseBookParts {
  readonly reader: CourseReader
  readonly log: number
  readonly topology: Topology
  readonly closes: PlanValue['closes']
  readonly extents: Extents
  readonly places: BatchPlaces
}

class CourseBook implements Courses {
  readonly closes: PlanValue['closes']
  readonly #reader: CourseReader
  readonly #log: number
  readonly #topology: Topology
  readonly #extents: Extents
  readonly #places: BatchPlaces
  readonly #batches = new Map<number, Promise<RecordedBatch | null>>()

  constructor({ reader, log, topology, closes, extents, places }: CourseBookParts) {
    this.closes = closes
    this.#reader = reader
    this.#log = log
    this.#topology = topology
    this.#extents = extents
    this.#places = places
  }

  async ofRow(source: string, index: number): Promise<Course | null> {
    const extent = this.#extents.get(source)
    if (extent === undefined || index > extent.records) return null
    const stored = await this.#reader.entriesOfRow(this.#log, extent.before + index)
    return this.#courseOf(stored.map(({ seq, body }) => decodeSubjectEntry(seq, body)))
  }

  async ofBatch(aggregate: string, nth: number): Promise<RecordedBatch | null> {
    const batch = this.#places.ofNode(aggregate, nth)
    return batch === undefined ? null : this.#batch(batch)
  }

  #batch(batch: number): Promise<RecordedBatch | null> {
    const known = this.#batches.get(batch)
    if (known !== undefined) return known
    const read = this.#readBatch(batch)
    this.#batches.set(batch, read)
    for (const first of this.#batches.keys()) {
      if (this.#batches.size <= BATCHES_KEPT) break
      this.#batches.delete(first)
    }
    return read
  }

  async #readBatch(batch: number): Promise<RecordedBatch | null> {
    const entries: SubjectEntry[] = []
    for (const seq of this.#places.seqs(batch)) {
      const stored = await this.#reader.entry(this.#log, seq)
      if (stored !== null) entries.push(decodeSubjectEntry(seq, stored.body))
    }
    const opened = entries[0]?.groups_opened.find(({ kind }) => GROUP_KINDS[kind] === 'batch')
    const closed = entries.flatMap(each => each.groups_closed).find(({ group }) => group === opened?.group)
    const course = await this.#courseOf(entries)
    // An abandoned batch has no result.
    if (closed === undefined || closed.verdict === 'abandoned' || course === null) return null
    return { group: closed.group, size: closed.members.length, trigger: closed.verdict, course }
  }

  async #courseOf(entries: readonly SubjectEntry[]): Promise<Course | null> {
    const [first] = entries
    if (first === undefined) return null
    const lineages = lineageOf(entries, this.#topology)
    const takes: RecordedTake[] = []
    const seen = new Set<string>()
    for (const { time_us, visits, holds } of entries)
      for (const { token, node: number, start_us } of visits) {
        const node = this.#topology.nodes[number - 1]
        const lineage = lineages.get(token)
        // A visit that was held is recorded again, and a sink may be tried again: the first time counts.
        if (node === undefined || lineage === undefined || seen.has(`${token} ${number}`)) continue
        if (node.kind !== 'sink' && node.kind !== 'aggregate' && node.kind !== 'coalesce') continue
        seen.add(`${token} ${number}`)
        const group = holds.find(each => each.token === token && each.node === number)?.group ?? 0
        const batch = node.kind === 'aggregate' ? this.#places.ofGroup(group) : undefined
        takes.push({
          path: lineage.path,
          node: node.name,
          at_us: time_us + start_us,
          token,
          batch: batch === undefined ? null : await this.#batch(batch),
        })
      }
    return { began_us: first.time_us, takes, groups: this.#groupsOf(entries, lineages) }
  }

  #groupsOf(
    entries: readonly SubjectEntry[],
    lineages: ReadonlyMap<number, Lineage>,
  ): ReadonlyMap<string, RecordedGroup> {
    const groups = new Map<string, RecordedGroup>()
    const opened = new Map(entries.flatMap(each => each.groups_opened.map(group => [group.group, group] as const)))
    const timed_out = new Set(entries.flatMap(each => each.timed_out))
    for (const { group, verdict, members } of entries.flatMap(each => each.groups_closed)) {
      const node = this.#topology.nodes[(opened.get(group)?.node ?? 0) - 1]
      if (node?.kind !== 'coalesce' || verdict === 'abandoned') continue
      const came = members.flatMap(token => {
        const lineage = lineages.get(token)
        return lineage?.branches[joinedFork(lineage, node.branches ?? [])] ?? []
      })
      const path = mergedPath(came[0]?.parent ?? '', node.name)
      groups.set(path, { verdict, timed_out: timed_out.has(group), members: came.map(({ branch }) => branch) })
    }
    return groups
  }
}

/**
 * The order in which nodes took the tokens of a run, and what became of its groups and batches, row by row. Of each
 * batch only its number is kept in memory, and the last few that were asked for; all else is read on demand.
 */
import { isError } from '../../format/entry.ts'
import { mergedPath } from '../../format/lineage.ts'
import type {
  Courses,
  RecordedBatch,
  Course as RecordedCourse,
  RecordedGroup,
  RecordedTake,
} from '../../format/recording.ts'
import type { PlanValue } from '../../format/run-values.ts'
import { isOrderShown, type Topology } from '../../format/topology.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { BatchNumbers } from '../fold/batches.ts'
import { branchInto, type Course } from '../fold/course.ts'
import { readCourse } from '../fold/read-course.ts'
import type { SourceRows } from '../fold/source-rows.ts'

/** The part of a ledger's read side that this needs. */
export type CourseReader = Pick<LedgerReader, 'entriesOfRow' | 'entriesOfBatch' | 'entriesOfBatches'>

/** How many batches are kept: members of a few are under way at a time. */
const BATCHES_KEPT = 256

/** `sources`: its rows. Reads the entries of its batches once. */
export async function recordedCourses(
  reader: CourseReader,
  {
    log,
    topology,
    sources,
  }: { readonly log: number; readonly topology: Topology; readonly sources: readonly SourceRows[] },
  closes: PlanValue['closes'],
): Promise<Courses> {
  const batches = await BatchNumbers.of(reader, log, topology)
  return new CourseBook({ reader, log, topology, closes, sources, batches })
}

interface CourseBookParts {
  readonly reader: CourseReader
  readonly log: number
  readonly topology: Topology
  readonly closes: PlanValue['closes']
  readonly sources: readonly SourceRows[]
  readonly batches: BatchNumbers
}

class CourseBook implements Courses {
  readonly closes: PlanValue['closes']
  readonly #parts: CourseBookParts
  readonly #kept = new Map<number, Promise<RecordedBatch | null>>()

  constructor(parts: CourseBookParts) {
    this.closes = parts.closes
    this.#parts = parts
  }

  inPart(part: number): Courses {
    const { sources, batches } = this.#parts
    const own = { sources: sources.map(each => each.inPart(part)), batches: batches.inPart(part) }
    return new CourseBook({ ...this.#parts, ...own })
  }

  indexAt(source: string, nth: number): number | null {
    const rows = this.#rowsOf(source)
    return rows === undefined || nth > rows.records ? null : rows.indexAt(nth - 1)
  }

  async ofRow(source: string, index: number): Promise<RecordedCourse | null> {
    const { reader, log, topology } = this.#parts
    const row = this.#rowsOf(source)?.rowOf(index) ?? null
    if (row === null) return null
    return this.#recorded(await readCourse(reader, log, { kind: 'row', row }, topology))
  }

  async ofBatch(aggregate: string, nth: number): Promise<RecordedBatch | null> {
    const batch = this.#parts.batches.at(aggregate)[nth - 1]
    return batch === undefined ? null : this.#batch(batch)
  }

  #rowsOf(source: string): SourceRows | undefined {
    return this.#parts.sources.find(each => each.source === source)
  }

  #batch(batch: number): Promise<RecordedBatch | null> {
    const known = this.#kept.get(batch)
    if (known !== undefined) return known
    const read = this.#readBatch(batch)
    this.#kept.set(batch, read)
    for (const first of this.#kept.keys()) {
      if (this.#kept.size <= BATCHES_KEPT) break
      this.#kept.delete(first)
    }
    return read
  }

  async #readBatch(batch: number): Promise<RecordedBatch | null> {
    const { reader, log, topology } = this.#parts
    const course = await readCourse(reader, log, { kind: 'batch', batch }, topology)
    const closed = course.batch?.closed ?? null
    const recorded = await this.#recorded(course)
    // An abandoned batch has no result.
    if (closed === null || closed.verdict === 'abandoned' || recorded === null) return null
    return { group: closed.group, size: closed.members.length, trigger: closed.verdict, course: recorded }
  }

  async #recorded(course: Course): Promise<RecordedCourse | null> {
    if (course.first === null) return null
    const { nodes } = this.#parts.topology
    // The first time that a node held a token counts.
    const held = new Map(course.holds.toReversed().map(each => [`${each.token} ${each.node}`, each.batch]))
    const takes: RecordedTake[] = []
    for (const { birth, path, visits } of course.tokens.values()) {
      const seen = new Set<number>()
      for (const { fact, time_us } of visits) {
        const node = nodes[fact.node - 1]
        // A sink, or an aggregate, may be tried again: the first time counts.
        if (node === undefined || !isOrderShown(node) || seen.has(fact.node)) continue
        seen.add(fact.node)
        const batch = held.get(`${fact.token} ${fact.node}`)
        takes.push({
          path,
          node: node.name,
          at_us: time_us + fact.start_us,
          token: birth.token,
          batch: batch == null ? null : await this.#batch(batch),
          refused: node.kind === 'aggregate' && batch === undefined && isError(fact.status),
        })
      }
    }
    return { began_us: course.first.time_us, takes, groups: mergesOf(course) }
  }
}

function mergesOf({ groups, tokens }: Course): RecordedCourse['groups'] {
  const merges = new Map<string, RecordedGroup>()
  for (const group of groups.values()) {
    const { node, closed, timed_out } = group
    if (node?.kind !== 'coalesce' || closed === null || closed.verdict === 'abandoned') continue
    const came = closed.members.flatMap(member => {
      const token = tokens.get(member)
      return token === undefined ? [] : (branchInto(group, token) ?? [])
    })
    const path = mergedPath(came[0]?.forked.path ?? '', node.name)
    merges.set(path, { verdict: closed.verdict, timed_out, members: came.map(({ branch }) => branch) })
  }
  return merges
}

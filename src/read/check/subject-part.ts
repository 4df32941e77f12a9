/**
 * A row or a batch as a proof has it: whether its entries are in the run's tree, are all of its entries, and tell a story that can be,
 * and whether its values are those that they commit to.
 *
 * SUBJECT-PART-1. Its last entry stands at its place in the tree that the seal names, and leads back to its first: so these are all.
 * SUBJECT-PART-2. The story is followed as `verify` follows it, as far as one subject tells.
 */
import type { SubjectEntry } from '../../format/entry.ts'
import { leafHash } from '../../format/hash.ts'
import type { ProvenEntry, ProvenSubject } from '../../format/proof.ts'
import { checkInclusion } from '../../format/tree.ts'
import { idOf, numberOf, partOf } from '../../model/part-ids.ts'
import type { Json } from '../../model/row.ts'
import { DecodeError, decodeSubjectEntry } from '../decode.ts'
import type { Absent } from '../explain/story.ts'
import { Course } from '../fold/course.ts'
import type { SubjectValues } from '../values.ts'
import { type Check, entryName, subjectName } from '../verify/check.ts'
import { Recount } from '../verify/recount.ts'
import { SubjectState } from '../verify/subject.ts'
import { Ways } from '../verify/ways.ts'
import type { Witness } from '../verify/witness.ts'
import { isIn, type RunPart } from './run-part.ts'
import { asPayload, shownValues } from './shown-values.ts'

export interface SubjectPart {
  readonly subject: SubjectEntry['subject']
  readonly entries: readonly SubjectEntry[]
  /** Of its entries, as ids of the run. */
  readonly seqs: readonly number[]
  readonly course: Course
  readonly values: SubjectValues
  /** Values that aren't there as they were recorded, by number. */
  readonly absent: ReadonlyMap<number, Absent['kind']>
  /** Of which rows tokens are, as the ledger has it. */
  readonly members: ReadonlyMap<number, number>
}

/** Numbers of the values that aren't there for a reason. */
export function absentAs(reason: Absent['kind'], absent: SubjectPart['absent']): readonly number[] {
  return [...absent].flatMap(([number, why]) => (why === reason ? [number] : []))
}

export interface SubjectChecks {
  readonly entries: Check
  readonly story: Check
  readonly values: Check
}

/** @returns null if it isn't shown that these are its entries. */
export function checkSubject(proven: ProvenSubject, run: RunPart, checks: SubjectChecks): SubjectPart | null {
  const { kind, number } = proven
  const subject = kind === 'row' ? ({ kind, row: number } as const) : ({ kind, batch: number } as const)
  const problems: string[] = []
  const entries = [...decodedEntries(proven, run, subject, problems)]
  const { part, subjects, isErased } = run.rows
  const { size, root } = kind === 'row' ? subjects.rows : subjects.batches
  if (part > 0 && partOf(number) !== part) problems.push(`it isn’t of split ${part}`)
  const last = proven.entries.at(-1)
  if (!checkInclusion(leafHash(last?.body ?? ''), (part > 0 ? numberOf(number) : number) - 1, size, proven.path, root))
    problems.push(`its last entry isn’t the last one of ${subjectName(subject)}`)
  for (const problem of problems) checks.entries.add(`${subjectName(subject)}: ${problem}`)
  if (problems.length > 0) return null
  const state = new SubjectState(subject)
  const absent = new Map<number, Absent['kind']>()
  const nth = entries[0]?.entry.origin?.index ?? 0
  const witness = loneWitness(new Ways(run.opening.topology), nth, checks.story)
  for (const { proof, entry } of entries) {
    const { fitting, altered } = shownValues(proof, entry, isErased, checks.values)
    if (!addValues(state.values, proof.seq, entry, fitting, checks.story)) return null
    for (const [i] of entry.commitments.entries()) {
      const value = entry.first_value + i
      if (fitting.has(value)) continue
      const is_erased = isErased(proof.seq, i + 1)
      absent.set(value, is_erased ? 'erased' : altered.has(value) ? 'altered' : 'withheld')
    }
    state.fold(proof.seq, entry, witness)
  }
  for (const problem of state.unfinished()) checks.story.add(`${subjectName(subject)}: ${problem}`)
  return {
    ...{ subject, absent, values: state.values },
    entries: entries.map(each => each.entry),
    seqs: entries.map(each => idOf(run.rows.part, each.proof.seq)),
    course: Course.of(
      entries.map(each => each.entry),
      run.opening.topology,
    ),
    members: new Map(proven.members),
  }
}

function* decodedEntries(
  { entries }: ProvenSubject,
  { rows }: RunPart,
  subject: SubjectEntry['subject'],
  problems: string[],
): Iterable<{ readonly proof: ProvenEntry; readonly entry: SubjectEntry }> {
  let before: number | null = null
  let open = -1
  for (const proof of entries) {
    const seq = idOf(rows.part, proof.seq)
    try {
      if (!isIn(rows.tree, proof)) problems.push(`${entryName(seq)} isn’t in the tree of the run’s entries`)
      const entry = decodeSubjectEntry(seq, proof.body)
      if (subjectName(entry.subject) !== subjectName(subject))
        problems.push(`${entryName(seq)} is of ${subjectName(entry.subject)}`)
      if (entry.previous !== before) problems.push(`${entryName(seq)} doesn’t follow the one before it`)
      open = entry.open
      before = seq
      yield { proof, entry }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      problems.push(`${entryName(seq)}: ${error.message}`)
    }
  }
  if (open !== 0) problems.push('it isn’t over with its last entry')
}

/** Whether their numbers fit. */
function addValues(
  values: SubjectValues,
  seq: number,
  entry: SubjectEntry,
  shown: ReadonlyMap<number, Json>,
  check: Check,
): boolean {
  try {
    values.add(seq, entry, asPayload(shown, entry))
    return true
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    check.add(`${entryName(seq)}: ${error.message}`)
    return false
  }
}

/** Which of its aggregate's batches one is, only all of them could say. */
class LoneRecount extends Recount {
  readonly #nth: number

  constructor(nth: number) {
    super()
    this.#nth = nth
  }

  override openBatch(): number {
    return this.#nth
  }
}

/** What is said to other subjects, or to the run, is heard by nobody. `nth`: which of its aggregate's batches it says that it is. */
function loneWitness(ways: Ways, nth: number, story: Check): Witness {
  const joins = { hold: nothing, release: nothing, end: nothing, abandon: nothing, close: nothing }
  return {
    ...{ ways, tokens: story, groups: story, recount: new LoneRecount(nth), announced: [], answered: [] },
    batches: { ...joins, open: nothing, joins },
    sorts: { hold: nothing, release: nothing },
    line: { born: nothing, visited: nothing, ended: nothing, forked: nothing },
    ...{ born: { add: nothing }, opened: { add: nothing }, called: { add: nothing } },
  }
}

function nothing(): void {
  return undefined
}

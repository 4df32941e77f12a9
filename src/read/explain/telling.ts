/**
 * The story of a subject, and of the batches and left rows into which it goes: each is in it once. Where entries and values come from, a
 * ledger or a proof, is for who tells; that they hold is looked at before.
 */
import type { SubjectEntry } from '../../format/entry.ts'
import { fateNumber } from '../../model/outcome.ts'
import { isRow, type Json, newRow, type Row } from '../../model/row.ts'
import { Course } from '../fold/course.ts'
import type { RecordPlace } from '../runs/input-files.ts'
import type { Opening } from '../runs/run-log.ts'
import type { SubjectValues } from '../values.ts'
import type { Partners } from './partners.ts'
import type { Absent, SourcePage, Story } from './story.ts'
import { callsOf, pathOf, type Scene, tellTokens, type Values } from './tell.ts'

/** Batches and rows into which it goes that one answer tells of, in the order in which the story comes to them; it says which it leaves out. */
const MOST_STORIES = 50

export type Subject = SubjectEntry['subject']

/** What all stories of a run share. */
export interface RunScene extends Scene {
  readonly opening: Pick<Opening, 'run' | 'name' | 'files' | 'reruns'>
  readonly head: Story['head']
  readonly sealed: string | null
}

/** All of a subject that its story needs. */
export interface SubjectRecord {
  readonly subject: Subject
  readonly entries: readonly SubjectEntry[]
  /** Of these, in the run's log. */
  readonly seqs: readonly number[]
  readonly values: SubjectValues
  /** Why values aren't there, by number: erased, where nothing is said. */
  readonly absent?: ReadonlyMap<number, Absent['kind']>
}

export interface StorySource {
  /** null if it isn't at hand. */
  recordOf(subject: Subject): Promise<SubjectRecord | null>
  partnersOf(course: Course): Promise<Partners>
  /** Name of the file in which a record stood, of a source that has several; null if it isn't known. */
  fileOf(place: RecordPlace): Promise<string | null>
  /** By which answer of a service it came; null if by none, or if that isn't at hand. */
  pageOf(place: RecordPlace): Promise<SourcePage | null>
}

export class Telling {
  readonly #source: StorySource
  readonly #scene: RunScene
  /** Batches, and rows. */
  readonly #included = new Set<string>()

  constructor(source: StorySource, scene: RunScene) {
    this.#source = source
    this.#scene = scene
  }

  async of({ subject, entries, seqs, values, absent }: SubjectRecord): Promise<Story> {
    const scene = this.#scene
    this.#included.add(nameOf(subject))
    const onward: Story[] = []
    const left_out: Subject[] = []
    const course = Course.of(entries, scene.topology)
    const partners = await this.#source.partnersOf(course)
    for (const next of onwardOf(entries, course, partners)) {
      if (this.#included.has(nameOf(next))) continue
      if (this.#included.size > MOST_STORIES) {
        left_out.push(next)
        continue
      }
      const record = await this.#source.recordOf(next)
      if (record !== null) onward.push(await this.of(record))
    }
    const known_values = known(values, absent, declaredFields(course, scene))
    return {
      run: scene.opening.run,
      name: scene.opening.name,
      subject: await this.#fromPage(await this.#inFile(subjectOf(subject, course, known_values, scene))),
      tokens: tellTokens(course, known_values, scene, partners),
      onward,
      left_out: await this.#exampleOf(left_out),
      entries: seqs,
      head: scene.head,
      sealed: scene.sealed,
    }
  }

  /** A row of a source with several files came from one of them. */
  async #inFile(subject: Story['subject']): Promise<Story['subject']> {
    const { files, reruns } = this.#scene.opening
    if (subject.kind !== 'row' || (files === undefined && reruns === undefined)) return subject
    const name = await this.#source.fileOf({ source: subject.source, index: subject.index })
    return name === null ? subject : { ...subject, path: name }
  }

  /** A row of a source that asks a service came by one of its answers. */
  async #fromPage(subject: Story['subject']): Promise<Story['subject']> {
    const { topology, opening } = this.#scene
    if (subject.kind !== 'row') return subject
    const asks = topology.nodes.some(({ name, services = [] }) => name === subject.source && services.length > 0)
    if (!asks && opening.reruns === undefined) return subject
    const page = await this.#source.pageOf({ source: subject.source, index: subject.index })
    return page === null ? subject : { ...subject, page }
  }

  /** Batches and rows that are left out, with a token by which one can ask for the first of them. */
  async #exampleOf(left_out: readonly Subject[]): Promise<Story['left_out']> {
    const [first] = left_out
    if (first === undefined) return null
    const [birth] = (await this.#source.recordOf(first))?.entries.flatMap(({ births }) => births) ?? []
    return { batches: left_out.length, token: birth?.token ?? null }
  }
}

/** The subjects into which one continues, in the order of its story. */
export function onwardOf(
  entries: readonly SubjectEntry[],
  course: Course,
  partners: Pick<Partners, 'left'>,
): readonly Subject[] {
  return [...batchesAfter(entries, course), ...leftOnes(partners)]
}

/** The number of the value that is a batch's key. */
const KEY_VALUE = 1

const CONSUMED = fateNumber('CONSUMED_IN_BATCH', 'batch')

/** The batches that consumed tokens of a subject, in order of their endings; each once. */
function batchesAfter(entries: readonly SubjectEntry[], { holds }: Course): Subject[] {
  const batches = new Map(holds.map(({ group, batch }) => [group, batch] as const))
  const consumed = entries.flatMap(({ endings }) => endings.filter(({ fate }) => fate === CONSUMED))
  const numbers = new Set(consumed.flatMap(({ group }) => batches.get(group) ?? []))
  return [...numbers].map(batch => ({ kind: 'batch', batch }))
}

/** Whose left tokens were the first with which right ones of this subject were joined. */
function leftOnes({ left }: Pick<Partners, 'left'>): Subject[] {
  return [...left.values()].flatMap(({ row, batch }): Subject[] => {
    if (row !== null) return [{ kind: 'row', row }]
    return batch === null ? [] : [{ kind: 'batch', batch }]
  })
}

export function nameOf(subject: Subject): string {
  return subject.kind === 'row' ? `row ${subject.row}` : `batch ${subject.batch}`
}

function subjectOf(subject: Subject, course: Course, values: Values, scene: RunScene): Story['subject'] {
  if (subject.kind === 'batch') {
    const { node, closed = null } = course.batch ?? {}
    const calls = callsOf(course, { token: 0 }, values, scene)
    return {
      ...subject,
      node: node?.name ?? '?',
      key: node?.per === undefined ? null : values.get(KEY_VALUE),
      trigger: closed?.verdict ?? null,
      members: closed?.members ?? [],
      calls,
    }
  }
  const origin = course.first?.origin
  const source = scene.topology.nodes[(origin?.source ?? 0) - 1]
  return {
    kind: 'row',
    row: subject.row,
    source: source?.name ?? '?',
    index: origin?.index ?? 0,
    line: origin?.line ?? 0,
    path: source === undefined ? null : pathOf(source, scene),
  }
}

/** Of the row's source, in their order. The ledger keeps rows with their fields sorted. */
function declaredFields({ first }: Course, { topology, plan }: Scene): readonly string[] {
  const source = topology.nodes[(first?.origin?.source ?? 0) - 1]
  const fields = (source === undefined ? undefined : plan.fields[source.name]) ?? []
  return fields.map(({ name }) => name)
}

/** Rows have the fields of `first` first. */
function known(values: SubjectValues, absent: SubjectRecord['absent'], first: readonly string[]): Values {
  return {
    get: number => {
      if (values.isMissing(number))
        return { kind: absent?.get(number) ?? (values.unreadable(number) === null ? 'erased' : 'unreadable') }
      const value = values.get(number)
      return { kind: 'known', value: isRow(value) ? inOrder(value, first) : value }
    },
    hash: number => (number === 0 ? null : values.commitment(number)),
  }
}

/** With the fields of `first` first. */
export function inOrder(row: Row, first: readonly string[]): Row {
  const ordered = newRow()
  // cast: it is there.
  for (const field of first) if (Object.hasOwn(row, field)) ordered[field] = row[field] as Json
  return Object.assign(ordered, row)
}

/**
 * Finds what the story of a row needs, and no more: the run's opening, the row's own entries with their payloads, and the
 * latest head. That these are what was signed is for the reader to say that is given (evidence/checked-reader.ts); that they are
 * all of the row, and its values what was committed to, is looked at here.
 */
import type { SubjectEntry } from '../../format/entry.ts'
import type { FullEntry, LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import { CustodyError } from '../../model/error.ts'
import { fateNumber } from '../../model/outcome.ts'
import { isRow, type Json, newRow, type Row } from '../../model/row.ts'
import { decodeSubjectEntry } from '../decode.ts'
import { checkedSubject } from '../evidence/subject-check.ts'
import { UnsoundRecord } from '../evidence/unsound.ts'
import { Course } from '../fold/course.ts'
import { readCourse } from '../fold/read-course.ts'
import { readable } from '../runs/damaged.ts'
import { InputFiles } from '../runs/input-files.ts'
import { namedFilesOf } from '../runs/named-file.ts'
import { intentsOf, planOf } from '../runs/opening-values.ts'
import { closingOf, headOf, type Opening, openingOf } from '../runs/run-log.ts'
import type { SubjectValues } from '../values.ts'
import { entryName, tokenName } from '../verify/check.ts'
import { type Partners, partnersOf } from './partners.ts'
import type { Story } from './story.ts'
import { callsOf, pathOf, type Scene, tellTokens, type Values } from './tell.ts'

/** Batches and rows into which it goes that one answer tells of, in the order in which the story comes to them; it says which it leaves out. */
const MOST_STORIES = 50

type Subject = SubjectEntry['subject']

/** What all stories of a run share. */
interface RunScene extends Scene {
  readonly opening: Opening
  readonly head: Story['head']
  readonly sealed: string | null
  /** Those that its rows were read from, where the stories of many rows are read; absent where they are looked for up to the row's own. */
  readonly input_files?: InputFiles | null
}

/** The story of a row. @throws CustodyError CUSTODY_ROW_UNKNOWN. */
export async function explainRow(reader: LedgerReader, log: number, row: number, known?: RunScene): Promise<Story> {
  const scene = known ?? (await runScene(reader, log))
  const entries = await reader.entriesOfRow(log, row)
  if (entries.length === 0) {
    const { totals } = await closingOf(reader, log)
    if (row <= totals.rows.read) throw new UnsoundRecord([`row ${row} isn’t there, and ${totals.rows.read} were read`])
    throw new CustodyError('CUSTODY_ROW_UNKNOWN', `the run has no row ${row}`, {
      hint: totals.rows.read === 0 ? 'It has read no row.' : `Its rows are numbered from 1 to ${totals.rows.read}.`,
    })
  }
  return new Telling(reader, log, scene).of(entries, { kind: 'row', row })
}

/** The story of the row, or of the batch, that a token belongs to. @throws CustodyError CUSTODY_ROW_UNKNOWN. */
export async function explainToken(reader: LedgerReader, log: number, token: number): Promise<Story> {
  const ended = await reader.ending(log, token)
  const found = ended ?? (await reader.openToken(log, token))
  if (found === null) {
    const { totals } = await closingOf(reader, log)
    if (token <= totals.tokens.born)
      throw new UnsoundRecord([`${tokenName(token)} isn’t there, and ${totals.tokens.born} were born`])
    throw new CustodyError('CUSTODY_ROW_UNKNOWN', `the run has no token ${token}`, {
      hint: `Its tokens are numbered from 1 to ${totals.tokens.born}.`,
    })
  }
  const story =
    found.row !== null ? await explainRow(reader, log, found.row) : await explainBatchAt(reader, log, found.seq)
  if (!story.tokens.some(each => each.token === token))
    throw new UnsoundRecord([`a table says that ${tokenName(token)} is here, and the entries don’t`])
  return story
}

/** The story of the batch to which entry `seq` belongs. */
async function explainBatchAt(reader: LedgerReader, log: number, seq: number): Promise<Story> {
  const stored = await reader.entry(log, seq)
  const subject = stored === null ? null : readable(log, () => decodeSubjectEntry(seq, stored.body)).subject
  if (subject?.kind !== 'batch')
    throw new UnsoundRecord([`a table says that ${entryName(seq)} is of a batch, and it isn’t`])
  const telling = new Telling(reader, log, await runScene(reader, log))
  return telling.of(await reader.entriesOfBatch(log, subject.batch), subject)
}

/** Rows whose data, as it was ingested, fits, in the order of their entries. */
export type RowsFound = AsyncIterable<number>

/**
 * The stories of all rows whose data, as it was ingested, fits. Rejected records and erased rows have no such data. Reads the
 * whole run, one entry after the other.
 */
export async function* explainWhere(
  reader: LedgerReader,
  log: number,
  found: RowsFound,
): AsyncGenerator<Story, void, undefined> {
  const scene = { ...(await runScene(reader, log)), input_files: await InputFiles.of(reader, log) }
  for await (const row of found) yield explainRow(reader, log, row, scene)
}

async function runScene(reader: LedgerReader, log: number): Promise<RunScene> {
  const opening = await openingOf(reader, log)
  const intents = await intentsOf(reader, log)
  const plan = await planOf(reader, log)
  const paths = new Map<string, string>()
  for (const [sink, { path }] of Object.entries(intents)) if (path != null) paths.set(sink, path)
  const named = await namedFilesOf(reader, log, plan)
  const { last } = await closingOf(reader, log)
  return {
    opening,
    topology: opening.topology,
    plan,
    paths,
    named,
    head: await headOf(reader, log),
    sealed: last?.k === 'seal' ? last.status : null,
  }
}

/** One answer: the story of a subject, and of the batches and left rows into which it goes. Each is in it once. */
class Telling {
  readonly #reader: LedgerReader
  readonly #log: number
  readonly #scene: RunScene
  /** Batches, and rows. */
  readonly #included = new Set<string>()

  constructor(reader: LedgerReader, log: number, scene: RunScene) {
    this.#reader = reader
    this.#log = log
    this.#scene = scene
  }

  /** @throws UnsoundRecord if its values or entries aren't what was recorded. */
  async of(stored: readonly StoredEntry[], subject: SubjectEntry['subject']): Promise<Story> {
    const scene = this.#scene
    const full: FullEntry[] = []
    for (const entry of stored) full.push({ ...entry, payload: await this.#reader.payload(this.#log, entry.seq) })
    const open = scene.sealed !== null ? 0 : await this.#openTokensOf(subject)
    const { entries, values } = checkedSubject(this.#log, full, subject, open)
    this.#included.add(nameOf(subject))
    const onward: Story[] = []
    const left_out: Subject[] = []
    const course = Course.of(entries, scene.topology)
    const partners = await partnersOf(this.#reader, this.#log, course)
    for (const next of [...batchesAfter(entries, course), ...leftOnes(partners)]) {
      if (this.#included.has(nameOf(next))) continue
      if (this.#included.size > MOST_STORIES) left_out.push(next)
      else onward.push(await this.of(await this.#entriesOf(next), next))
    }
    const known_values = known(values, declaredFields(course, scene))
    return {
      run: scene.opening.run,
      name: scene.opening.name,
      subject: await this.#inFile(subjectOf(subject, course, known_values, scene)),
      tokens: tellTokens(course, known_values, scene, partners),
      onward,
      left_out: await this.#exampleOf(left_out),
      entries: stored.map(each => each.seq),
      head: scene.head,
      sealed: scene.sealed,
    }
  }

  /** How many. */
  async #openTokensOf(subject: SubjectEntry['subject']): Promise<number> {
    let open = 0
    for await (const { row, batch } of this.#reader.openTokens(this.#log))
      if (subject.kind === 'row' ? row === subject.row : batch === subject.batch) open++
    return open
  }

  /** A row of a source with several files came from one of them. */
  async #inFile(subject: Story['subject']): Promise<Story['subject']> {
    const { files, reruns } = this.#scene.opening
    if (subject.kind !== 'row' || (files === undefined && reruns === undefined)) return subject
    const place = { source: subject.source, index: subject.index }
    const { input_files } = this.#scene
    const found = input_files === undefined ? await InputFiles.of(this.#reader, this.#log, place) : input_files
    const file = (await found?.valuesAt(place)) ?? null
    return file === null ? subject : { ...subject, path: file.name }
  }

  async #entriesOf(subject: Subject): Promise<readonly StoredEntry[]> {
    return subject.kind === 'row'
      ? this.#reader.entriesOfRow(this.#log, subject.row)
      : this.#reader.entriesOfBatch(this.#log, subject.batch)
  }

  /** Batches and rows that are left out, with a token by which one can ask for the first of them. */
  async #exampleOf(left_out: readonly Subject[]): Promise<Story['left_out']> {
    const [first] = left_out
    if (first === undefined) return null
    const of_first = await readCourse(this.#reader, this.#log, first, this.#scene.topology)
    const [token = null] = of_first.tokens.keys()
    return { batches: left_out.length, token }
  }
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
function leftOnes({ left }: Partners): Subject[] {
  return [...left.values()].flatMap(({ row, batch }): Subject[] => {
    if (row !== null) return [{ kind: 'row', row }]
    return batch === null ? [] : [{ kind: 'batch', batch }]
  })
}

function nameOf(subject: Subject): string {
  return subject.kind === 'row' ? `row ${subject.row}` : `batch ${subject.batch}`
}

function subjectOf(
  subject: SubjectEntry['subject'],
  course: Course,
  values: Values,
  scene: RunScene,
): Story['subject'] {
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
function known(values: SubjectValues, first: readonly string[]): Values {
  return {
    get: number => {
      const value = values.get(number)
      return value === null
        ? { kind: 'erased' }
        : { kind: 'known', value: isRow(value) ? inOrder(value, first) : value }
    },
    hash: number => (number === 0 ? null : values.commitment(number)),
  }
}

function inOrder(row: Row, first: readonly string[]): Row {
  const ordered = newRow()
  for (const field of first) if (Object.hasOwn(row, field)) ordered[field] = row[field] as Json
  return Object.assign(ordered, row)
}

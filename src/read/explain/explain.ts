/**
 * Finds what the story of a row needs, and no more: the run's opening, the row's own entries with their payloads, and the
 * latest head. That these are what was signed is for the reader to say that is given (evidence/checked-reader.ts); that they are
 * all of the row, and its values what was committed to, is looked at here.
 */
import type { FullEntry, LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import { CustodyError } from '../../model/error.ts'
import { idText, partOf } from '../../model/part-ids.ts'
import { decodeSubjectEntry } from '../decode.ts'
import { checkedSubject } from '../evidence/subject-check.ts'
import { UnsoundRecord } from '../evidence/unsound.ts'
import type { Course } from '../fold/course.ts'
import { numbersText } from '../recorded/named-row.ts'
import { SourcePages } from '../recorded/source-pages.ts'
import { readable } from '../runs/damaged.ts'
import { InputFiles, type RecordPlace } from '../runs/input-files.ts'
import { namedFilesOf } from '../runs/named-file.ts'
import { filesReadIn, intentsOf, planOf } from '../runs/opening-values.ts'
import { closingOf, headOf, openingOf } from '../runs/run-log.ts'
import { startedOf } from '../runs/started.ts'
import { entryName, tokenName } from '../verify/check.ts'
import { partnersOf } from './partners.ts'
import type { SourcePage, Story } from './story.ts'
import { type RunScene, type StorySource, type Subject, type SubjectRecord, Telling } from './telling.ts'

interface LedgerScene extends RunScene {
  /** Those that its rows were read from, where the stories of many rows are read; absent where they are looked for up to the row's own. */
  readonly input_files?: InputFiles | null
  /** The same of the answers that they came by. */
  readonly pages?: SourcePages | null
}

/** The story of a row. @throws CustodyError CUSTODY_ROW_UNKNOWN. */
export async function explainRow(reader: LedgerReader, log: number, row: number, known?: LedgerScene): Promise<Story> {
  const scene = known ?? (await runScene(reader, log))
  const entries = await entriesOfRow(reader, log, row)
  const source = new LedgerStories(reader, log, scene)
  const own = await sceneIn(reader, log, scene, row)
  return new Telling(source, own).of(await source.record({ kind: 'row', row }, entries))
}

/** At least one. @throws CustodyError CUSTODY_ROW_UNKNOWN. */
export async function entriesOfRow(reader: LedgerReader, log: number, row: number): Promise<readonly StoredEntry[]> {
  const entries = await reader.entriesOfRow(log, row)
  if (entries.length > 0) return entries
  const { totals } = await closingOf(reader, log)
  const { splits } = await openingOf(reader, log)
  if (splits === undefined && row <= totals.rows.read)
    throw new UnsoundRecord([`row ${idText(row)} isn’t there, and ${totals.rows.read} were read`])
  throw new CustodyError('CUSTODY_ROW_UNKNOWN', `the run has no row ${idText(row)}`, {
    hint: numbersText('rows', totals.rows.read, splits),
  })
}

/** The story of the row, or of the batch, that a token belongs to. @throws CustodyError CUSTODY_ROW_UNKNOWN. */
export async function explainToken(reader: LedgerReader, log: number, token: number): Promise<Story> {
  const ended = await reader.ending(log, token)
  const found = ended ?? (await reader.openToken(log, token))
  if (found === null) {
    const { totals } = await closingOf(reader, log)
    const { splits } = await openingOf(reader, log)
    if (splits === undefined && token <= totals.tokens.born)
      throw new UnsoundRecord([`${tokenName(token)} isn’t there, and ${totals.tokens.born} were born`])
    throw new CustodyError('CUSTODY_ROW_UNKNOWN', `the run has no token ${idText(token)}`, {
      hint: numbersText('tokens', totals.tokens.born, splits),
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
  const scene = await sceneIn(reader, log, await runScene(reader, log), subject.batch)
  const source = new LedgerStories(reader, log, scene)
  return new Telling(source, scene).of(await source.recordOf(subject))
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
  const common = { input_files: await InputFiles.of(reader, log), pages: await SourcePages.of(reader, log) }
  const scene = { ...(await runScene(reader, log)), ...common }
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
    reads: await filesReadIn(reader, log),
    started_us: await startedOf(reader, log),
    paths,
    named,
    head: await headOf(reader, log),
    sealed: last?.k === 'seal' ? last.status : null,
  }
}

/**
 * Entries of a row, or of a batch, of a split are in that split's log: the head is of that one. What the seal of the run commits to is
 * the tree with which the split was closed: without its last entry, which says so.
 */
async function sceneIn(reader: LedgerReader, log: number, scene: LedgerScene, id: number): Promise<LedgerScene> {
  const part = partOf(id)
  if (part === 0) return scene
  const head = await headOf(reader, log + part)
  const { last } = await closingOf(reader, log + part)
  if (head === null || scene.sealed === null || last?.k !== 'close') return { ...scene, head }
  return { ...scene, head: { ...head, size: last.size, root: last.root } }
}

/** What stories are told from, where a ledger is at hand. */
export class LedgerStories implements StorySource {
  readonly #reader: LedgerReader
  readonly #log: number
  readonly #scene: Pick<LedgerScene, 'sealed' | 'input_files' | 'pages'>

  constructor(reader: LedgerReader, log: number, scene: Pick<LedgerScene, 'sealed' | 'input_files' | 'pages'>) {
    this.#reader = reader
    this.#log = log
    this.#scene = scene
  }

  /** @throws UnsoundRecord if its values or entries aren't what was recorded. */
  async recordOf(subject: Subject): Promise<SubjectRecord> {
    const stored =
      subject.kind === 'row'
        ? await this.#reader.entriesOfRow(this.#log, subject.row)
        : await this.#reader.entriesOfBatch(this.#log, subject.batch)
    return this.record(subject, stored)
  }

  /** From the entries that were found of it. @throws UnsoundRecord */
  async record(subject: Subject, stored: readonly StoredEntry[]): Promise<SubjectRecord> {
    const full: FullEntry[] = []
    for (const entry of stored) full.push({ ...entry, payload: await this.#reader.payload(this.#log, entry.seq) })
    const open = this.#scene.sealed !== null ? 0 : await this.#openTokensOf(subject)
    return { subject, ...checkedSubject(this.#log, full, subject, open), seqs: stored.map(each => each.seq) }
  }

  async #openTokensOf(subject: Subject): Promise<number> {
    let open = 0
    for await (const { row, batch } of this.#reader.openTokens(this.#log))
      if (subject.kind === 'row' ? row === subject.row : batch === subject.batch) open++
    return open
  }

  partnersOf(course: Course) {
    return partnersOf(this.#reader, this.#log, course)
  }

  async fileOf(place: RecordPlace): Promise<string | null> {
    const { input_files } = this.#scene
    const found = input_files === undefined ? await InputFiles.of(this.#reader, this.#log, place) : input_files
    return (await found?.valuesAt(place))?.name ?? null
  }

  async pageOf(place: RecordPlace): Promise<SourcePage | null> {
    const { pages } = this.#scene
    const found = pages === undefined ? await SourcePages.of(this.#reader, this.#log, place) : pages
    return (await found?.pageAt(place)) ?? null
  }
}

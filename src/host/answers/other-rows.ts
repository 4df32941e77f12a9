/**
 * The other rows whose values stand in the story of one: those that shared a request with it, members of its batches, and the right rows that it
 * was joined with. For the log of who looked at which row's values; what is read for that is read with the story’s reader.
 */
import type { LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import { isCustodyError } from '../../model/error.ts'
import { idOf, partOf } from '../../model/part-ids.ts'
import { decodeSubjectEntry, isSubjectBody } from '../../read/decode.ts'
import type { CallStory, Story } from '../../read/explain/story.ts'
import { readable } from '../../read/runs/damaged.ts'
import type { StoryFound } from './explained-row.ts'
import { type RowRange, rangesOf } from './row-ranges.ts'

export interface OtherRows {
  readonly run: string
  readonly rows: RowRange[]
  /** There are more, of which it isn't known here which they are. */
  readonly and_more: boolean
}

type Reader = Pick<LedgerReader, 'logOf' | 'page' | 'size' | 'ending' | 'openToken'>

/** Members of a batch that are looked up. */
const MOST_MEMBERS = 10_000
/** Entries before a row's own ones, and behind them, among which those of the rows stand that went into one request with it. */
const NEAR_ENTRIES = 8_192
const PAGE = 512

/** By run. Empty if all values are of the row that was asked for. */
export async function otherRowsIn(reader: Reader, { story, joined }: StoryFound): Promise<readonly OtherRows[]> {
  const found = new Map<string, Others>()
  const stories = [story, ...joined.before, ...joined.again].flatMap(of => [of, ...of.onward])
  for (const each of stories) {
    const others = found.get(each.run) ?? new Others(reader, await reader.logOf(each.run))
    found.set(each.run, others)
    await others.add(each)
  }
  for (const { run, subject } of stories) if (subject.kind === 'row') found.get(run)?.rows.delete(subject.row)
  return [...found].flatMap(([run, { rows, and_more }]) =>
    rows.size === 0 && !and_more ? [] : [{ run, rows: rangesOf(rows), and_more }],
  )
}

/** Of one run. */
class Others {
  readonly rows = new Set<number>()
  and_more = false
  readonly #reader: Reader
  /** null: it isn't listed. */
  readonly #log: number | null
  /** First tokens of requests that were looked for. */
  readonly #requests = new Set<number>()

  constructor(reader: Reader, log: number | null) {
    this.#reader = reader
    this.#log = log
  }

  async add(story: Story): Promise<void> {
    const { subject, tokens, entries } = story
    const members = subject.kind === 'batch' ? subject.members : []
    if (members.length > MOST_MEMBERS) this.and_more = true
    const partners = tokens.flatMap(({ right }) => (right === null ? [] : [right.token]))
    for (const token of [...members.slice(0, MOST_MEMBERS), ...partners]) await this.#addToken(token)
    for (const { together } of callsOf(story)) {
      if (together === null || this.#requests.has(together.first)) continue
      this.#requests.add(together.first)
      await this.#addRequest(together.first, together.rows, entries[0] ?? 0, entries.at(-1) ?? 0)
    }
  }

  /** The row that a token is of. One of a batch has values of its members: it isn't looked up which they are. */
  async #addToken(token: number): Promise<void> {
    const log = this.#log
    const at = await known(async () =>
      log === null ? null : ((await this.#reader.ending(log, token)) ?? (await this.#reader.openToken(log, token))),
    )
    if (at?.row == null) this.and_more = true
    else this.rows.add(at.row)
  }

  /** Rows of one request: the entries which say that it is to be sent were made in one commit. */
  async #addRequest(first: number, rows: number, first_seq: number, last_seq: number): Promise<void> {
    const log = this.#log
    const found = new Set<number>()
    const isComplete = await known(async () => {
      if (log === null) return false
      const part = partOf(first_seq)
      const end = Math.min(idOf(part, await this.#reader.size(log + part)), last_seq + NEAR_ENTRIES)
      for (let at = Math.max(idOf(part, 0), first_seq - NEAR_ENTRIES); at < end && found.size < rows; at += PAGE)
        for (const { seq, row, body } of await this.#reader.page(log, at, Math.min(end, at + PAGE)))
          if (
            row !== null &&
            isSubjectBody(row, body) &&
            body.includes('"y":[') &&
            hasIntent(log, { seq, body }, first)
          )
            found.add(row)
      return found.size >= rows
    })
    for (const row of found) this.rows.add(row)
    if (isComplete !== true) this.and_more = true
  }
}

function hasIntent(log: number, { seq, body }: Pick<StoredEntry, 'seq' | 'body'>, first: number): boolean {
  const { intents } = readable(log, () => decodeSubjectEntry(seq, body))
  return intents.some(({ together }) => together?.first === first)
}

function callsOf({ subject, tokens }: Story): readonly CallStory[] {
  const of_batch = subject.kind === 'batch' ? subject.calls : []
  return [...of_batch, ...tokens.flatMap(({ visits }) => visits.flatMap(({ calls }) => calls))]
}

/** null: what is stored can't be read. */
async function known<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read()
  } catch (error) {
    if (isCustodyError(error)) return null
    throw error
  }
}

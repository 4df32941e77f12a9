/**
 * Finds what the story of a row needs, and no more: the run's opening, the row's own entries with their payloads, and the
 * latest head. The cost doesn't depend on the length of the run.
 */
import type { LedgerReader, StoredEntry, StoredPayload } from '../../ledger/read-port.ts'
import { MAX_DEPTH } from '../../model/canonical.ts'
import { GROUP_KINDS, type SubjectEntry } from '../../model/entry.ts'
import { CustodyError } from '../../model/error.ts'
import { JsonTextError, parseStrict } from '../../model/json.ts'
import { isRow, type Json, newRow, type Row } from '../../model/row.ts'
import { DecodeError, decodeSubjectEntry } from '../decode.ts'
import { closingOf, headOf, intentsOf, type Opening, openingOf, planOf, readable } from '../runs/run-log.ts'
import { decodePayload, SubjectValues } from '../values.ts'
import { batchEntries, batchesAfter } from './batches.ts'
import type { Story } from './story.ts'
import { callsOf, pathOf, type Scene, tellTokens, type Values } from './tell.ts'

/** How many batches, one fed by the other, a story follows. */
const LONGEST_CHAIN = 8

/** What all stories of a run share. */
interface RunScene extends Scene {
  readonly opening: Opening
  readonly head: Story['head']
  readonly sealed: string | null
}

/** The story of a row. @throws CustodyError CUSTODY_ROW_UNKNOWN. */
export async function explainRow(reader: LedgerReader, log: number, row: number, known?: RunScene): Promise<Story> {
  const scene = known ?? (await runScene(reader, log))
  const entries = await reader.entriesOfRow(log, row)
  if (entries.length === 0) {
    const { totals } = await closingOf(reader, log)
    throw new CustodyError('CUSTODY_ROW_UNKNOWN', `the run has no row ${row}`, {
      hint: totals.rows.read === 0 ? 'It has read no row.' : `Its rows are numbered from 1 to ${totals.rows.read}.`,
    })
  }
  return storyOf(reader, log, entries, scene)
}

/** The story of the row, or of the batch, that a token belongs to. @throws CustodyError CUSTODY_ROW_UNKNOWN. */
export async function explainToken(reader: LedgerReader, log: number, token: number): Promise<Story> {
  const ended = await reader.ending(log, token)
  const found = ended ?? (await reader.openTokens(log)).find(each => each.token === token)
  if (found === undefined) {
    const { totals } = await closingOf(reader, log)
    throw new CustodyError('CUSTODY_ROW_UNKNOWN', `the run has no row instance ${token}`, {
      hint: `Its row instances are numbered from 1 to ${totals.tokens.born}.`,
    })
  }
  if (found.row !== null) return explainRow(reader, log, found.row)
  return storyOf(reader, log, await batchEntries(reader, log, found.seq), await runScene(reader, log))
}

/**
 * The stories of all rows whose data, as it was ingested, fits. Rejected records and erased rows have no such data. Reads the
 * whole run, one entry after the other.
 */
export async function* explainWhere(
  reader: LedgerReader,
  log: number,
  fits: (row: Row) => boolean,
): AsyncGenerator<Story, void, undefined> {
  const scene = await runScene(reader, log)
  const payloads = reader.payloads(log)[Symbol.asyncIterator]()
  try {
    let payload = await payloads.next()
    for await (const stored of reader.entries(log)) {
      while (payload.done !== true && payload.value.seq < stored.seq) payload = await payloads.next()
      if (stored.row === null || payload.done === true || payload.value.seq !== stored.seq) continue
      const data = ingested(stored, payload.value, log)
      if (data === null || !fits(data) || isRejected(stored, log)) continue
      yield explainRow(reader, log, stored.row, scene)
    }
  } finally {
    await payloads.return?.()
  }
}

/**
 * The data of a row from its first entry (of a record that was rejected, what is kept of it); null for later entries. On the
 * path of every row of the run: what fits is decoded strictly when its story is told.
 */
function ingested(stored: StoredEntry, payload: StoredPayload, log: number): Row | null {
  if (!stored.body.includes('"s":[')) return null
  const [first] = readable(log, () => payloadText(payload)) as readonly (readonly Json[])[]
  return first?.length === 1 && isRow(first[0]) ? first[0] : null
}

function payloadText({ seq, body }: StoredPayload): Json {
  try {
    return parseStrict(body, MAX_DEPTH)
  } catch (error) {
    if (error instanceof JsonTextError) throw new DecodeError(seq, `the payload is not strict JSON: ${error.message}`)
    throw error
  }
}

function isRejected({ seq, body }: StoredEntry, log: number): boolean {
  return readable(log, () => decodeSubjectEntry(seq, body)).visits[0]?.error !== null
}

async function runScene(reader: LedgerReader, log: number): Promise<RunScene> {
  const opening = await openingOf(reader, log)
  const last = (await closingOf(reader, log)).last
  const intents = (await intentsOf(reader, log)) ?? {}
  const paths = new Map<string, string>()
  for (const sink of Object.keys(intents)) {
    const path = intents[sink]?.path
    if (path != null) paths.set(sink, path)
  }
  return {
    opening,
    topology: opening.topology,
    plan: await planOf(reader, log),
    paths,
    head: await headOf(reader, log),
    sealed: last?.k === 'seal' ? last.status : null,
  }
}

async function storyOf(
  reader: LedgerReader,
  log: number,
  stored: readonly StoredEntry[],
  scene: RunScene,
  depth = 0,
): Promise<Story> {
  const entries: SubjectEntry[] = []
  const values = new SubjectValues()
  for (const { seq, body } of stored) {
    const entry = readable(log, () => decodeSubjectEntry(seq, body))
    const payload = entry.commitments.length === 0 ? null : await reader.payload(log, seq)
    readable(log, () => values.add(seq, entry, payload === null ? null : decodePayload(payload)))
    entries.push(entry)
  }
  const onward: Story[] = []
  if (depth < LONGEST_CHAIN)
    for (const batch of await batchesAfter(reader, log, stored, entries))
      onward.push(await storyOf(reader, log, batch, scene, depth + 1))
  const told = known(values, declaredFields(entries, scene))
  return {
    run: scene.opening.run,
    name: scene.opening.name,
    subject: subjectOf(entries, told, scene),
    tokens: tellTokens(entries, told, scene),
    onward,
    entries: stored.map(each => each.seq),
    head: scene.head,
    sealed: scene.sealed,
  }
}

function subjectOf(entries: readonly SubjectEntry[], values: Values, scene: RunScene): Story['subject'] {
  const [first] = entries
  if (first === undefined) throw new TypeError('a story has at least one entry')
  const { subject, origin } = first
  if (subject.kind === 'batch') {
    const opened = entries.flatMap(entry => entry.groups_opened).find(({ kind }) => GROUP_KINDS[kind] === 'batch')
    const closed = entries.flatMap(entry => entry.groups_closed).find(({ group }) => group === opened?.group)
    const node = scene.topology.nodes[(opened?.node ?? 0) - 1]?.name ?? '?'
    const calls = callsOf(entries, { token: 0 }, values, scene)
    return { ...subject, node, trigger: closed?.verdict ?? null, members: closed?.members ?? [], calls }
  }
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
function declaredFields([first]: readonly SubjectEntry[], { topology, plan }: Scene): readonly string[] {
  const source = topology.nodes[(first?.origin?.source ?? 0) - 1]
  return (source === undefined ? undefined : plan?.fields[source.name]) ?? []
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

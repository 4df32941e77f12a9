/** The run's own entries, as far as listing, showing and explaining need them: its opening, and its latest end. */
import { parseCheckpoint } from '../../format/checkpoint.ts'
import type { RunEntry, RunStatus, TotalsFact } from '../../format/entry.ts'
import { parseSignature } from '../../format/note.ts'
import { NoteError } from '../../format/verifier-key.ts'
import type { LedgerReader, StoredEntry, StoredLease } from '../../ledger/read-port.ts'
import { CustodyError } from '../../model/error.ts'
import { decodeRunEntry, isSubjectBody } from '../decode.ts'
import { damaged, readable } from './damaged.ts'
import { NO_TOTALS, totalsTogether } from './split-totals.ts'

/** The part of a ledger's read side that the end of a run needs. */
export type EndReader = Pick<LedgerReader, 'entry' | 'size'>

export type Opening = Extract<RunEntry, { k: 'open' }>

/** How many splits of a run are how far. */
export interface SplitsSoFar {
  readonly closed: number
  readonly under_way: number
  readonly not_begun: number
}

/** What the last entries of a run say. */
export interface Closing {
  /** null if nothing but the opening is there. */
  readonly last: Exclude<RunEntry, { k: 'open' }> | null
  readonly last_seq: number
  /** The latest commit. */
  readonly commit: { readonly seq: number; readonly entry: Extract<RunEntry, { k: 'commit' }> } | null
  /** What was published, if it was. */
  readonly publish: { readonly seq: number; readonly entry: Extract<RunEntry, { k: 'publish' }> } | null
  readonly totals: TotalsFact
  /** How far its splits are; null of a run without, and where they are closed, all of them, since their coordinator has committed. */
  readonly splits: SplitsSoFar | null
  /** When it was sealed or stopped; null while it runs. */
  readonly ended_us: number | null
  /** When the last of its entries was made. */
  readonly last_us: number
}

/** Entry 0 of a run's log. @throws CustodyError CUSTODY_VERIFY_FAILED if it isn't what it should be. */
export async function openingOf(reader: Pick<LedgerReader, 'url' | 'entry'>, log: number): Promise<Opening> {
  const stored = await reader.entry(log, 0)
  const entry = stored === null ? null : asRunEntry(stored, log)
  if (entry?.k !== 'open')
    throw new CustodyError('CUSTODY_VERIFY_FAILED', `log ${log} of ${reader.url} doesn't begin with a run`, {
      hint: 'Run `custody verify` to see what is wrong.',
    })
  return entry
}

/** Walks back from the end to the latest commit: a few entries, whatever the run's length. */
export async function closingOf(reader: EndReader, log: number): Promise<Closing> {
  const size = await reader.size(log)
  let last: Closing['last'] = null
  let last_seq = size - 1
  let publish: Closing['publish'] = null
  for (let seq = size - 1; seq > 0; seq--) {
    const stored = await reader.entry(log, seq)
    if (stored === null || isSubjectBody(stored.row, stored.body)) continue
    const entry = asRunEntry(stored, log)
    if (entry.k === 'open') break
    if (last === null) {
      last = entry
      last_seq = seq
    }
    if (entry.k === 'commit') {
      if (publish === null) publish = await publishBefore(reader, log, seq)
      return closing(last, last_seq, { seq, entry }, publish)
    }
    if (entry.k === 'publish') publish = { seq, entry }
  }
  return closing(last, last_seq, null, publish, await splitsSoFar(reader, log))
}

/** Of a run with splits, whose coordinator commits when all are closed: what they came to until now, and how many are how far. */
async function splitsSoFar(reader: EndReader, log: number): Promise<Pick<Closing, 'totals' | 'splits'>> {
  const stored = await reader.entry(log, 0)
  const opening = stored === null ? null : asRunEntry(stored, log)
  const count = opening?.k === 'open' ? (opening.splits ?? 0) : 0
  const all: TotalsFact[] = []
  let closed = 0
  for (let part = 1; part <= count; part++) {
    if ((await reader.size(log + part)) === 0) continue
    const { last, totals } = await closingOf(reader, log + part)
    all.push(totals)
    if (last?.k === 'close') closed++
  }
  const splits = count === 0 ? null : { closed, under_way: all.length - closed, not_begun: count - all.length }
  return { totals: totalsTogether(all), splits }
}

async function publishBefore(reader: EndReader, log: number, seq: number): Promise<Closing['publish']> {
  const before = await reader.entry(log, seq - 1)
  if (before === null || isSubjectBody(before.row, before.body)) return null
  const entry = asRunEntry(before, log)
  return entry.k === 'publish' ? { seq: seq - 1, entry } : null
}

const NOTHING_YET = { totals: NO_TOTALS, splits: null }

function closing(
  last: Closing['last'],
  last_seq: number,
  commit: Closing['commit'],
  publish: Closing['publish'],
  so_far: Pick<Closing, 'totals' | 'splits'> = NOTHING_YET,
): Closing {
  const totals = last?.k === 'seal' ? last.totals : (commit?.entry.totals ?? so_far.totals)
  const over = last?.k === 'seal' || last?.k === 'stop'
  return {
    last,
    last_seq,
    commit,
    publish,
    totals,
    splits: so_far.splits,
    ended_us: over ? (last?.t ?? null) : null,
    last_us: last?.t ?? 0,
  }
}

/** Rows with an ending of class failure, rejected records among them. */
export function failedRows({ totals }: Pick<Closing, 'totals'>): number {
  return (totals.failures ?? []).reduce((sum, [, , failed]) => sum + failed, 0)
}

/** Until it ended; of a run that isn't over, until its last entry. */
export function durationMs(
  { t }: Pick<Opening, 't'>,
  { ended_us, last_us }: Pick<Closing, 'ended_us' | 'last_us'>,
): number {
  return Math.max(0, Math.round(((ended_us ?? last_us) - t) / 1000))
}

/** `interrupted` is computed: nothing says that it ended, and nobody holds it any more. */
export function statusOf(
  { last }: Pick<Closing, 'last'>,
  lease: StoredLease | undefined,
  isHeld: (lease: StoredLease) => boolean,
): RunStatus {
  if (last?.k === 'seal' || last?.k === 'stop') return last.status
  return lease !== undefined && isHeld(lease) ? 'running' : 'interrupted'
}

/** The latest checkpoint of a log, as its note says it (signatures are `verify`'s to check); null if there is none. */
export async function headOf(
  reader: LedgerReader,
  log: number,
): Promise<{ readonly size: number; readonly root: string; readonly signed_by: string | null } | null> {
  const note = await reader.head(log)
  if (note === null) return null
  try {
    const { size, root } = parseCheckpoint(note.slice(0, note.indexOf('\n\n') + 1))
    return { size, root, signed_by: signerOf(note) }
  } catch (error) {
    if (error instanceof NoteError) throw damaged(log, error.message, error)
    throw error
  }
}

/** `name+hash` from the first signature line of a note. */
function signerOf(note: string): string | null {
  const [, line = ''] = /\n\n— (.+)/.exec(note) ?? []
  const signature = parseSignature(line)
  return signature === null ? null : `${signature.name}+${signature.hash}`
}

function asRunEntry({ seq, body }: StoredEntry, log: number): RunEntry {
  return readable(log, () => decodeRunEntry(seq, body).facts)
}

/** Rebuilds the state of a run as its last commit left it, from the entries of what was open (I6). */
import type { LineMember } from '../../format/commit-line.ts'
import type { TotalsFact } from '../../format/entry.ts'
import { subjectEntryOf } from '../../ledger/decode.ts'
import { CustodyError } from '../../model/error.ts'
import type { AggregateNode, Plan } from '../../plan/plan.ts'
import { afterError } from '../nodes/retry.ts'
import { type CoalesceGroup, type Frame, joinOf, type Waiting } from '../token/fork-frames.ts'
import type { InFlight } from '../token/in-flight.ts'
import { Subject, type Token } from '../token/token.ts'
import { type Trace, traceOf } from '../token/traces.ts'
import { entryPlace, type History, type RestoreReader, type StoredSubject } from './run-fold.ts'
import { type Held, type RestoredSubject, restoreSubject, type StoredStep } from './subject-fold.ts'

type Entries = ReadonlyArray<StoredStep>

/** Where a run stood at its last commit. */
export interface Progressed {
  readonly commits: number
  /** Values of the run so far. */
  readonly values: number
  /** null before the first commit. */
  readonly totals: TotalsFact | null
}

export interface RestoredState {
  readonly progressed: Progressed
  readonly in_flight: InFlight
}

export async function restoreState(
  plan: Plan,
  history: History,
  reader: RestoreReader,
  log: number,
): Promise<RestoredState> {
  const restored: RestoredSubject[] = []
  const rows = new Set<number>()
  for (const { row } of await reader.openTokens(log)) if (row !== null) rows.add(row)
  for (const row of [...rows].sort((a, b) => a - b)) {
    const stored = (await reader.entriesOfRow(log, row)).map(({ seq, body }) => ({ seq, entry: subjectEntryOf(body) }))
    restored.push(restoreSubject(plan, 'row', row, await withPayloads(reader, log, stored)))
  }
  for (const [number, { entries, origin }] of history.batches) {
    restored.push(restoreSubject(plan, 'batch', number, await withPayloads(reader, log, entries), origin))
  }
  return { progressed: progressOf(history), in_flight: underWay(plan, history, restored, runClock(history)) }
}

function progressOf({ commit, values }: History): Progressed {
  return { commits: commit?.entry.commit ?? 0, values, totals: commit?.entry.totals ?? null }
}

/** How long something was ago when the run stopped, on the run's clock, which stands still while the run is down or its machine sleeps. */
function runClock({ stood, last_us }: History): (then_us: number) => number {
  return then_us => {
    const stood_us = stood.reduce((sum, [from, to]) => sum + Math.max(0, to - Math.max(from, then_us)), 0)
    return Math.max(0, last_us - then_us - stood_us)
  }
}

function underWay(
  plan: Plan,
  { line: recorded, batches, batches_before }: History,
  restored: readonly RestoredSubject[],
  age: (us: number) => number,
): InFlight {
  const tokens = new Map<number, Token>()
  const frames = new Map<number, Frame>()
  const members = new Map<number, Held[]>()
  for (const each of restored) {
    for (const token of each.subject.open) tokens.set(token.id, token)
    for (const token of each.tokens)
      for (let frame = token.frames; frame !== null; frame = frame.outer) frames.set(frame.fork.group, frame)
    for (const [group, held] of each.batched) members.set(group, [...(members.get(group) ?? []), ...held])
  }
  const line = recorded.map(each => (typeof each === 'number' ? found(tokens, each) : traceIn(plan, frames, each)))
  const gathered = new Map(
    restored.filter(({ subject }) => subject.kind === 'batch').map(each => [each.subject.number, each]),
  )
  return {
    line,
    subjects: restored.map(({ subject }) => subject),
    joins: restored.flatMap(({ joins }) => joins.flatMap(join => timeoutOf(join, age))),
    batches: [...openBatches(plan, batches, gathered, members, age)],
    batches_before,
    resting: restored.flatMap(({ resting }) =>
      resting.map(({ token, failed_us, retry_after_ms }) => ({
        token,
        left_us: Math.max(0, delayOf(plan, token, retry_after_ms) - age(failed_us)),
      })),
    ),
  }
}

function found(tokens: ReadonlyMap<number, Token>, id: number): Token {
  const token = tokens.get(id)
  if (token === undefined)
    throw new CustodyError('CUSTODY_VERIFY_FAILED', `token ${id} is under way, and no entry has it open`)
  return token
}

function traceIn(
  plan: Plan,
  frames: ReadonlyMap<number, Frame>,
  [fork, coalesce, number]: Exclude<LineMember, number>,
): Trace {
  const frame = frames.get(fork)
  const node = plan.nodes[coalesce - 1]
  if (frame === undefined || node?.kind !== 'coalesce')
    throw new CustodyError('CUSTODY_VERIFY_FAILED', `a merge waits for fork group ${fork}, and no entry has it open`)
  return traceOf(joinOf(frame, node), number)
}

function timeoutOf(join: CoalesceGroup, age: (us: number) => number): InFlight['joins'] {
  const { policy } = join.node
  const [first] = join.arrived
  if (policy.kind === 'first' || policy.timeout_ms === null || first === undefined) return []
  return [{ join, left_us: Math.max(0, policy.timeout_ms * 1000 - age(first.started_us)) }]
}

function* openBatches(
  plan: Plan,
  stored: ReadonlyMap<number, StoredSubject>,
  gathered: ReadonlyMap<number, RestoredSubject>,
  members: ReadonlyMap<number, readonly Held[]>,
  age: (us: number) => number,
): Iterable<InFlight['batches'][number]> {
  for (const [number, { entries }] of stored) {
    for (const { entry } of entries)
      for (const { group, kind, node } of entry.groups_opened) {
        const held = members.get(group)
        if (kind !== 3 || held === undefined) continue
        const { subject = new Subject('batch', number), answers = null } = gathered.get(number) ?? {}
        subject.gathers = true
        const waiting = held
          .toSorted((a, b) => a.ordinal - b.ordinal)
          .map(({ token, started_us }): Waiting => ({ token, branch: 0, started_us }))
        // Held again since the attempt before failed.
        const rests = held.map(({ token, started_us, retry_after_ms }) =>
          Math.max(0, delayOf(plan, token, retry_after_ms) - age(started_us)),
        )
        yield {
          group: { group, subject, node: plan.nodes[node - 1] as AggregateNode },
          members: waiting,
          opened_us: entry.time_us,
          answers,
          left_us: Math.max(...rests),
        }
      }
  }
}

/** How long the attempt that comes next is after the one before; 0 for the first. */
function delayOf(plan: Plan, token: Token, retry_after_ms: number): number {
  const node = plan.nodes[token.node - 1]
  if (token.attempt === 1 || node === undefined || !('retry' in node)) return 0
  const after = afterError(true, token.attempt - 1, node.retry, retry_after_ms)
  return after.kind === 'again' ? after.delay_us : 0
}

async function withPayloads(reader: RestoreReader, log: number, entries: StoredSubject['entries']): Promise<Entries> {
  const all: Entries[number][] = []
  for (const { seq, entry } of entries) {
    const payload = entry.commitments.length === 0 ? null : await reader.payload(log, seq)
    all.push({ seq, entry, payload, place: entryPlace(log, seq) })
  }
  return all
}

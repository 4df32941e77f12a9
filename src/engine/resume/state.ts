/** Rebuilds the state of a run as its last commit left it, from the entries of what was open (I6). */
import type { LineMember } from '../../format/commit-line.ts'
import type { TotalsFact } from '../../format/entry.ts'
import type { RunReader } from '../../ledger/write-port.ts'
import { CustodyError } from '../../model/error.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Holdings } from '../nodes/holdings.ts'
import { afterError } from '../nodes/retry.ts'
import { onRecord } from '../record/on-record.ts'
import { namedIn, type ValuesSoFar } from '../record/run-values.ts'
import { keyOf } from '../token/batch-key.ts'
import { type CoalesceGroup, type Frame, groupOf, type Waiting } from '../token/fork-frames.ts'
import type { InFlight } from '../token/in-flight.ts'
import type { Token } from '../token/token.ts'
import { type Trace, traceOf } from '../token/traces.ts'
import { restoreConsumed } from './joins.ts'
import { OpenRows } from './open-rows.ts'
import type { Held, RestoredSubject } from './restored-subject.ts'
import type { History } from './run-fold.ts'
import { storyOf } from './story.ts'
import { restoreSubject } from './subject-fold.ts'

/** Where a run stood at its last commit. */
export interface Progressed {
  readonly commits: number
  readonly values: ValuesSoFar
  /** null before the first commit. */
  readonly totals: TotalsFact | null
}

export interface RestoredState {
  readonly progressed: Progressed
  readonly in_flight: InFlight
}

/** `held` is given what sorts and joins hold; most of that is in memory no longer then. */
export async function restoreState(
  plan: Plan,
  history: History,
  reader: RunReader,
  log: number,
  held: Holdings,
): Promise<RestoredState> {
  const restored = await restoreOpen(plan, reader, log, held)
  const progressed = progressOf(history)
  await restoreConsumed({ plan, held: held.joins, totals: progressed.totals, reader, log })
  return { progressed, in_flight: underWay(plan, history, restored, runClock(history)) }
}

/** What has open tokens, and the batches that these are held for; rows first, each in order of their numbers. */
async function restoreOpen(
  plan: Plan,
  reader: RunReader,
  log: number,
  held: Holdings,
): Promise<readonly RestoredSubject[]> {
  const rows = new OpenRows()
  const batches = new Map<number, number>()
  for await (const { row, batch } of reader.openTokens(log)) {
    if (row !== null) rows.add(row)
    if (batch !== null) batches.set(batch, (batches.get(batch) ?? 0) + 1)
  }
  const of_rows: RestoredSubject[] = []
  const of_batches = new Map<number, RestoredSubject>()
  /** A batch may be known by its members only. */
  const gather = (each: RestoredSubject) => {
    for (const batch of each.batched.keys()) if (!batches.has(batch)) batches.set(batch, 0)
  }
  for (const [row, open] of rows) {
    const entries = await storyOf(reader, log, await reader.entriesOfRow(log, row))
    const each = restoreSubject(plan, 'row', row, entries)
    mustBeWhole(log, each, open)
    holdOn(each, held)
    if (each.subject.open.present > 0) of_rows.push(each)
    gather(each)
  }
  // Tokens that were born of a batch may be members of another one.
  for (const [batch, open] of batches) {
    const entries = await storyOf(reader, log, await reader.entriesOfBatch(log, batch))
    const each = restoreSubject(plan, 'batch', batch, entries)
    mustBeWhole(log, each, open)
    holdOn(each, held)
    if (each.subject.open.present > 0 || open === 0) of_batches.set(batch, each)
    gather(each)
  }
  return [...of_rows, ...[...of_batches].sort(([a], [b]) => a - b).map(([, each]) => each)]
}

function holdOn({ kept }: RestoredSubject, held: Holdings): void {
  for (const { token, started_us, ordinal } of kept) held.at(token.node).hold(token, started_us, ordinal)
  if (kept.length > 0) held.leave()
}

/** `open`: how many open tokens the table has of it. */
function mustBeWhole(log: number, { subject }: RestoredSubject, open: number): void {
  if (subject.open.size === open) return
  throw new CustodyError(
    'CUSTODY_LEDGER_ALTERED',
    `of ${subject.kind} ${subject.number} of log ${log} ${open} tokens are open, and its entries have ${subject.open.size}`,
  )
}

function progressOf({ commit, values }: History): Progressed {
  const named = commit === null ? new Map() : namedIn(commit.entry, commit.values)
  return {
    commits: commit?.entry.commit ?? 0,
    values: { count: values, named },
    totals: commit?.entry.totals ?? null,
  }
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
  { line: recorded }: History,
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
    for (const [batch, held] of each.batched) members.set(batch, [...(members.get(batch) ?? []), ...held])
  }
  const order = recorded.map(each =>
    typeof each === 'number' ? found(tokens, 'token', each) : traceIn(plan, frames, each),
  )
  const batches = new Map(
    restored.filter(({ subject }) => subject.kind === 'batch').map(each => [each.subject.number, each]),
  )
  return {
    order,
    subjects: restored.map(({ subject }) => subject),
    groups: restored.flatMap(({ groups }) => groups.flatMap(group => timeoutOf(group, age))),
    batches: [...members]
      .sort(([a], [b]) => a - b)
      .map(([batch, held]) => openBatch(plan, found(batches, 'batch', batch), held, age)),
    resting: restored.flatMap(({ resting }) =>
      resting.map(({ token, failed_us, retry_after_ms }) => ({
        token,
        left_us: Math.max(0, delayOf(plan, token, retry_after_ms) - age(failed_us)),
      })),
    ),
  }
}

function found<T>(open: ReadonlyMap<number, T>, what: 'token' | 'batch', number: number): T {
  return onRecord(open.get(number), `open ${what} ${number}`)
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
  return traceOf(groupOf(frame, node), number)
}

function timeoutOf(group: CoalesceGroup, age: (us: number) => number): InFlight['groups'] {
  const { policy } = group.node
  const [first] = group.arrived
  if (policy.kind === 'first' || policy.timeout_ms === null || first === undefined) return []
  return [{ group, left_us: Math.max(0, policy.timeout_ms * 1000 - age(first.started_us)) }]
}

/** A batch that waits, with its members. */
function openBatch(
  plan: Plan,
  { subject, opened, answers }: RestoredSubject,
  held: readonly Held[],
  age: (us: number) => number,
): InFlight['batches'][number] {
  const { group, node: number, time_us } = onRecord(opened, `group of batch ${subject.number}`)
  const node = plan.nodes[number - 1]
  if (node?.kind !== 'aggregate')
    throw new CustodyError(
      'CUSTODY_VERIFY_FAILED',
      `batch ${subject.number} is one of node ${number}, which is no aggregate`,
    )
  subject.gathers = true
  const members = held
    .toSorted((a, b) => a.ordinal - b.ordinal)
    .map(({ token, started_us }): Waiting => ({ token, branch: 0, started_us }))
  // Held again since the attempt before failed.
  const rests = held.map(({ token, started_us, retry_after_ms }) =>
    Math.max(0, delayOf(plan, token, retry_after_ms) - age(started_us)),
  )
  // All members have the same key.
  const key = keyOf(node, onRecord(members[0], `member of batch ${subject.number}`).token.row)
  return { group: { group, subject, node, key }, members, opened_us: time_us, answers, left_us: Math.max(...rests) }
}

/** How long the attempt that comes next is after the one before; 0 for the first. */
function delayOf(plan: Plan, token: Token, retry_after_ms: number): number {
  const node = plan.nodes[token.node - 1]
  if (token.attempt === 1 || node === undefined || !('retry' in node)) return 0
  const after = afterError(true, token.attempt - 1, node.retry, retry_after_ms)
  return after.kind === 'again' ? after.delay_us : 0
}

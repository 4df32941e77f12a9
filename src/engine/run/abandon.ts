/**
 * Ends all that is open when a run is given up: tokens, and the groups and batches that wait. What was held keeps its first
 * start; a group closes as abandoned, with those that had come to it.
 */
import { counted } from '../../model/number-text.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Holdings } from '../nodes/holdings.ts'
import { UNANSWERED } from '../nodes/sink/sent.ts'
import type { Outbound } from '../nodes/sink/sink-set.ts'
import type { Recorder } from '../record/recorder.ts'
import type { CoalesceGroup } from '../token/fork-frames.ts'
import type { InFlight } from '../token/in-flight.ts'
import type { Token } from '../token/token.ts'
import type { Committer } from './committer.ts'

/**
 * Has far sides that are able to take nothing any more from who held the run before, where requests of it may be under way: what ends in
 * doubt here isn't to come later. @returns what people should know of those of which that isn't certain.
 */
export async function fenceSenders(
  { subjects }: InFlight,
  { nodes }: Pick<Plan, 'nodes'>,
  outbound: ReadonlyMap<number, Pick<Outbound, 'sink'>>,
  epoch: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const asked = new Set(subjects.flatMap(({ open }) => [...open].filter(isInDoubt).map(({ node }) => node)))
  const unsure: string[] = []
  for (const { number, name } of nodes) {
    if (!asked.has(number)) continue
    try {
      await outbound.get(number)?.sink.fence?.(epoch, signal)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      unsure.push(`${name}: rows that end as in doubt may still come, if a process of the run only sleeps: ${why}`)
    }
  }
  return unsure
}

const isInDoubt = ({ state }: Token): boolean => state.kind === 'sending' && state.in_doubt

const GIVEN_UP = 'the run was abandoned'

/** What is recorded of a token that is held. */
interface Held {
  readonly message: string
  readonly started_us: number
}

/** Both of a run that is given up. */
export interface Abandoning {
  readonly recorder: Recorder
  readonly committer: Pick<Committer, 'append' | 'commit'>
}

/** What sorts and joins hold may be very much: of that one commit follows another, and the last one is the caller's. */
export async function abandonAll(
  { recorder, committer }: Abandoning,
  in_flight: InFlight,
  held: Holdings,
  now_us: number,
): Promise<void> {
  abandonPresent(recorder, in_flight, now_us)
  const { pending, totals } = recorder
  for (const { holds, what } of [
    { holds: held.sorts, what: 'the row' },
    { holds: held.joins, what: 'it' },
  ])
    for (const [node, { token, started_us }] of holds.all()) {
      recorder.abandon(token, `${GIVEN_UP} while \`${node.name}\` held ${what}`, started_us, now_us)
      pending.settle(committer.append)
      if (pending.isDue(totals.born - totals.ended)) await committer.commit()
    }
}

function abandonPresent(recorder: Recorder, { subjects, batches }: InFlight, now_us: number): void {
  const tokens = subjects.flatMap(({ open }) => [...open]).filter(({ state: { kind } }) => kind !== 'kept')
  const groups = waiting(tokens)
  const held = new Map<Token, Held>()
  for (const { node, arrived } of groups) {
    const message = `${GIVEN_UP} when ${arrived.length} of ${node.branches.length} branches had come`
    for (const { token, started_us } of arrived) held.set(token, { message, started_us })
  }
  for (const { members } of batches) {
    const message = `${GIVEN_UP} while its batch had ${counted(members.length, 'member')}`
    for (const { token, started_us } of members) held.set(token, { message, started_us })
  }
  for (const token of tokens) {
    const { message, started_us } = held.get(token) ?? { message: GIVEN_UP, started_us: now_us }
    if (isInDoubt(token)) recorder.doubt(token, UNANSWERED, now_us)
    else recorder.abandon(token, message, started_us, now_us)
  }
  for (const group of groups) recorder.abandonGroup(group, now_us)
  for (const { group, members } of batches) {
    recorder.abandonBatch(group, members, now_us)
  }
}

/** Groups at coalesces that somebody has come to, and that have no verdict. Whoever waits there carries a frame of the fork. */
function waiting(tokens: readonly Token[]): readonly CoalesceGroup[] {
  const groups = new Set<CoalesceGroup>()
  for (const { frames } of tokens)
    for (let at = frames; at !== null; at = at.outer)
      for (const group of at.fork.groups) if (group.number !== null && group.verdict === null) groups.add(group)
  return [...groups]
}

/**
 * Holds what a service heard from machines against what their run has on record, and against the limits of the run.
 *
 * FAR-SIDE-ACCOUNT-1. What is on record was heard, as often as that, and each question has one answer on record, or one refusal.
 * FAR-SIDE-ACCOUNT-2. What isn't on record was asked by a machine to which something had happened. Of what it asked one after the other for one split the later
 *     isn't on record without the earlier, unless something happened in between: so no more is asked again than what was under way, or wasn't durable yet.
 * FAR-SIDE-ACCOUNT-3. Each request has one key, however often it comes, and no other request has it.
 * FAR-SIDE-ACCOUNT-4. Machines to which nothing has happened keep the limits together. One to which something has happened may go beyond them by its
 *     places: by what it had under way when its share ran out, and by what it sent when it woke up, after it had looked whether it may.
 * FAR-SIDE-ACCOUNT-5. A machine that is cut off from the database for longer than a lease begins nothing then, but for as many as it has places: those that
 *     it was about to send.
 */
import type { LedgerReader } from '../../src/ledger/read-port.ts'
import { locatedCalls } from '../../src/read/recorded/calls.ts'
import { openingOf } from '../../src/read/runs/run-log.ts'
import { type Heard, numberIn, questionIn } from './far-side.ts'
import type { AskedLimits } from './random-hosts-pipeline.ts'

/** When a machine, or all of them (null), couldn't work as they do: from when something happened to it until that was over. */
export interface Disturbance {
  readonly who: string | null
  readonly from_ms: number
  to_ms: number
  /** `asleep`, or `cut_off` from the database: until then a machine can't ask for its share. */
  readonly how: 'asleep' | 'cut_off' | 'other'
}

interface OnRecord {
  readonly part: number
  readonly question: string
  readonly is_settled: boolean
  /** Of the request that it came back from; null: nothing came back. */
  readonly number: number | null
}

export interface Account {
  readonly problems: readonly string[]
  readonly requests: number
  /** Not on record: under way when something happened, or answered and not durable. */
  readonly under_way: number
  readonly not_durable: number
  /** That began although as many were under way, or had begun within a minute, as may. */
  readonly beyond_places: number
  readonly beyond_minute: number
  /** That a machine sent when its share had run out: while it was cut off, or when it woke up. */
  readonly late: number
}

/** A machine that was disturbed may be long in finding its way back. */
const RECOVERY_MS = 10_000
const MINUTE_MS = 60_000
/** Of machines of tests. */
const LEASE_MS = 1_000

/** Calls of the newest run, of all of its splits. */
export async function callsOnRecord(reader: LedgerReader): Promise<readonly OnRecord[]> {
  const found: OnRecord[] = []
  const first = (await reader.logs()).findLast(({ run }) => run !== null)
  if (first === undefined) return found
  const { topology } = await openingOf(reader, first.log)
  for (const { log, part, run } of await reader.allLogs()) {
    if (run !== first.run) continue
    for await (const call of locatedCalls(reader, log, topology)) {
      const question = questionIn(JSON.stringify(await call.request()))
      const response = await call.response()
      const is_refused = JSON.stringify(response).includes('4XX')
      found.push({ part, question, is_settled: call.kind === 'answer' || is_refused, number: numberIn(response) })
    }
  }
  return found
}

export function accountOf(
  heard: readonly Heard[],
  on_record: readonly OnRecord[],
  limits: { readonly [service: string]: AskedLimits },
  disturbances: readonly Disturbance[],
): Account {
  const problems: string[] = []
  // What nothing came back from may be any that was asked in vain: one by a machine to which nothing happened is surely on record.
  const surely_first = [...heard].sort(
    (a, b) => Number(mayBeLost(a, disturbances)) - Number(mayBeLost(b, disturbances)),
  )
  const known = matched(surely_first, on_record, problems)
  const lost = heard.filter(({ number }) => !known.has(number))
  for (const each of lost) problems.push(...unexplained(each, heard, known, disturbances))
  problems.push(...wrongKeys(heard))
  let [beyond_places, beyond_minute, late] = [0, 0, 0]
  for (const [service, each] of Object.entries(limits)) {
    const of_service = heard.filter(one => one.service === service)
    beyond_places += beyond(of_service, each.concurrency, each.concurrency, inFlightAt, disturbances, problems)
    if (each.per_minute !== null)
      beyond_minute += beyond(of_service, each.per_minute, each.concurrency, begunBy, disturbances, problems)
    for (const one of disturbances) {
      const others = disturbances.filter(each => each !== one)
      const sent = sentLate(of_service, lost, one, others)
      late += sent.length
      if (sent.length > each.concurrency)
        problems.push(`${one.who} sent ${sent.length} requests to ${service} after its share had run out`)
    }
  }
  const not_durable = lost.filter(({ is_answered }) => is_answered).length
  return {
    ...{ problems, requests: heard.length, under_way: lost.length - not_durable, not_durable },
    ...{ beyond_places, beyond_minute, late },
  }
}

/** By number of the request: the split whose call it is; those that come first in `heard` are preferred. (FAR-SIDE-ACCOUNT-1) */
function matched(
  heard: readonly Heard[],
  on_record: readonly OnRecord[],
  problems: string[],
): ReadonlyMap<number, number> {
  const parts = new Map<number, number>()
  const settled = new Set<string>()
  const numbered = on_record.filter(({ number }) => number !== null)
  // What nothing came back from may be any request that nothing was sent for.
  for (const { part, question, number, is_settled } of [
    ...numbered,
    ...on_record.filter(each => each.number === null),
  ]) {
    const request = heard.find(each =>
      number === null
        ? each.question === question && !each.is_answered && !parts.has(each.number)
        : each.number === number,
    )
    if (request === undefined || request.question !== question || parts.has(request.number))
      problems.push(`what is on record of "${question}" (request ${number}) was not heard, or is there twice`)
    else parts.set(request.number, part)
    if (!is_settled) continue
    if (settled.has(question)) problems.push(`"${question}" has two answers on record`)
    settled.add(question)
  }
  return parts
}

/** (FAR-SIDE-ACCOUNT-2) */
function unexplained(
  lost: Heard,
  heard: readonly Heard[],
  known: ReadonlyMap<number, number>,
  disturbances: readonly Disturbance[],
): readonly string[] {
  const { who, question, began_ms, ended_ms, number, is_answered } = lost
  const said = `request ${number}, "${question}" by ${who}`
  if (!mayBeLost(lost, disturbances)) return [`${said} isn't on record, and nothing had happened to whoever asked`]
  const part = partOf(question, heard, known)
  const next = heard.find(
    each => is_answered && each.who === who && each.began_ms > ended_ms && known.get(each.number) === part,
  )
  if (next === undefined || isDisturbed(who, began_ms, next.ended_ms, disturbances)) return []
  return [`${said} isn't on record, and the later request ${next.number} is, with nothing in between`]
}

const mayBeLost = ({ who, began_ms, ended_ms }: Heard, disturbances: readonly Disturbance[]): boolean =>
  isDisturbed(who, began_ms - RECOVERY_MS, ended_ms + RECOVERY_MS, disturbances)

function partOf(question: string, heard: readonly Heard[], known: ReadonlyMap<number, number>): number | undefined {
  const same = heard.find(each => each.question === question && known.has(each.number))
  return same === undefined ? undefined : known.get(same.number)
}

const isDisturbed = (who: string, from_ms: number, to_ms: number, disturbances: readonly Disturbance[]): boolean =>
  disturbances.some(each => (each.who === null || each.who === who) && each.from_ms <= to_ms && each.to_ms >= from_ms)

/** (FAR-SIDE-ACCOUNT-3) */
function wrongKeys(heard: readonly Heard[]): readonly string[] {
  const bodies = new Map<string, string>()
  const keys = new Map<string, string>()
  return heard.flatMap(({ key, body, service, number }) => {
    const one = `${service} ${body}`
    const had = keys.get(one) ?? key
    const was = bodies.get(key) ?? one
    keys.set(one, had)
    if (key !== '') bodies.set(key, was)
    return had === key && (key === '' || was === one)
      ? []
      : [`request ${number} has the key ${key}, which isn't its own`]
  })
}

type Others = (heard: readonly Heard[], at: Heard) => readonly Heard[]

/** Itself included. */
const inFlightAt: Others = (heard, { began_ms }) =>
  heard.filter(each => each.began_ms <= began_ms && each.ended_ms > began_ms)
const begunBy: Others = (heard, { began_ms }) =>
  heard.filter(each => each.began_ms <= began_ms && each.began_ms > began_ms - MINUTE_MS)

/** How many began beyond a limit. `places`: that one machine can have. (FAR-SIDE-ACCOUNT-4) */
function beyond(
  heard: readonly Heard[],
  limit: number,
  places: number,
  others: Others,
  disturbances: readonly Disturbance[],
  problems: string[],
): number {
  let count = 0
  for (const each of heard) {
    const together = others(heard, each)
    if (together.length <= limit) continue
    count++
    const disturbed = together.filter(one =>
      isDisturbed(one.who, one.began_ms - RECOVERY_MS, one.ended_ms, disturbances),
    )
    const machines = new Set(disturbed.map(({ who }) => who)).size
    if (together.length - disturbed.length > limit || together.length > limit + places * machines)
      problems.push(`request ${each.number} to ${each.service} was one of ${together.length}, where ${limit} may be`)
  }
  return count
}

/** (FAR-SIDE-ACCOUNT-5) Of what one sends who woke up only that isn't on record is surely late, if nothing else happened to whoever asked. */
function sentLate(
  heard: readonly Heard[],
  lost: readonly Heard[],
  { who, from_ms, to_ms, how }: Disturbance,
  others: readonly Disturbance[],
): readonly Heard[] {
  const by = heard.filter(each => each.who === who)
  if (how === 'cut_off') return by.filter(({ began_ms }) => began_ms > from_ms + LEASE_MS && began_ms < to_ms)
  if (how !== 'asleep' || to_ms < from_ms + LEASE_MS) return []
  const after = by.filter(each => lost.includes(each) && each.began_ms >= to_ms && each.began_ms < to_ms + RECOVERY_MS)
  return after.filter(each => !isDisturbed(each.who, each.began_ms, each.ended_ms + RECOVERY_MS, others))
}

/**
 * How the splits of a run that are worked on at once share its services and its budget. Pure: each function gives what is there afterwards. Times
 * are the database's, in microseconds; sums of money are nano-dollars.
 *
 * SHARES-1. Of each service all shares together have no more places than `concurrency`, and no more begin in any minute than `per_minute`: what is
 *     reserved counts as begun, and what is begun until a minute after it has ended.
 * SHARES-2. What splits have spent, and what shares may still spend, is never more than the budget.
 * SHARES-3. A share lasts for a lease from when its split last asked. What is unknown of one that has run out counts as spent: its calls as ended when it ran
 *     out, its money until the log of its split says what was spent. One that another process has taken over lasts as long.
 * SHARES-4. Each split that waits for a place has one before any has a second. Where there are fewer places than splits they take turns.
 * SHARES-5. A call that waits for money keeps later ones of all splits waiting. What it waits for is out of reach when none of its split is under way, and what is
 *     under way elsewhere couldn't pay for it even if it cost nothing.
 */
import { MINUTE_US } from '../../engine/calls/rate-window.ts'

export interface SharedService {
  readonly concurrency: number
  /** null: as many as there are places for. */
  readonly per_minute: number | null
}

/** What a split has of a service. */
interface Part {
  /** Calls that may be under way. */
  readonly places: number
  /** Calls that may begin; 0 where their number has no limit. */
  readonly starts: number
  readonly in_flight: number
  readonly waiting: number
  /** Since when it has a place, or waits for one. */
  readonly since_us: number
  /** When it last could begin one after it couldn't. */
  readonly served_us: number
}

interface Share {
  readonly part: number
  /** Of the split's lease. */
  readonly epoch: number
  readonly until_us: number
  /** Of its split, whoever has worked on it, and what was lost. */
  readonly spent: number
  /** At most so much of it may be spent. */
  readonly limit: number
  /** What it waits for, and since when; 0: nothing. */
  readonly short: number
  readonly short_us: number
  readonly services: { readonly [service: string]: Part }
}

/** Of a split that nobody has a share for: what it has spent at least, and at most. */
type Settled = readonly [least: number, most: number]

export interface Shares {
  /** null: there is no limit. */
  readonly budget: number | null
  readonly limits: { readonly [service: string]: SharedService }
  /** By service, how many calls have ended when, those of a quarter of a second together. */
  readonly ended: { readonly [service: string]: ReadonlyArray<readonly [at_us: number, calls: number]> }
  readonly shares: readonly Share[]
  /** Of splits that are closed. */
  readonly closed: number
  readonly settled: { readonly [part: string]: Settled }
  /** The most that the call could cost for which there was no money left; 0: there is enough. */
  readonly unpaid: number
}

export interface Asked {
  readonly part: number
  readonly epoch: number
  readonly lease_us: number
  /** What was lost, too: the most that calls may have cost of which nobody will ever know. */
  readonly spent: number
  /** The most that calls under way may cost. */
  readonly at_risk: number
  /** The most that the next call may cost, where one waits for money or may soon; else 0. */
  readonly wants: number
  /** Since it was last answered. */
  readonly services: {
    readonly [service: string]: {
      readonly in_flight: number
      readonly waiting: number
      /** What it has left of those. */
      readonly starts: number
      readonly ended: number
    }
  }
}

export interface Answer {
  /** What its split may have spent in all; null: there is no limit. */
  readonly limit: number | null
  /** (SHARES-5) */
  readonly is_exhausted: boolean
  /** When to ask again at the latest. */
  readonly again_us: number
  readonly services: {
    readonly [service: string]: {
      readonly places: number
      /** null: their number has no limit. */
      readonly starts: number | null
      /** How long none can begin, by what has ended in the last minute; 0: that isn't why. */
      readonly wait_us: number
      /** Others wait for what it has more of. */
      readonly is_wanted: boolean
    }
  }
}

const BUCKET_US = 250_000
/** Where there are more splits than places, each has one for so long. */
const TURN_US = 1_000_000
const ASK_EVERY_US = 250_000
/** So that all of them together keep the database busy for a part of the time only. */
const ASK_EVERY_US_EACH = 10_000

/** Calls that are answered at once needn't wait for the next time that their split asks. */
const AHEAD = 4

/** What is on record of the splits' costs. */
export interface Spent {
  readonly closed: number
  /** By split that isn't closed. */
  readonly open: ReadonlyMap<number, number>
}

/**
 * A coordinator offers the run. `before`: of the one before it, whose workers may still be at work. `assumes`: calls that ended in the last minute are on
 * no record, so each service may have been asked as often as it may be.
 */
export function offered(
  before: Shares | null,
  limits: Pick<Shares, 'budget' | 'limits'>,
  spent: Spent,
  assumes: boolean,
  now_us: number,
): Shares {
  const { shares } = before === null ? NONE : lasting(before, now_us)
  const worked_on = new Set(shares.map(({ part }) => part))
  const open = [...spent.open].filter(([part, sum]) => sum > 0 && !worked_on.has(part))
  const assumed = Object.entries(limits.limits).flatMap(([name, { per_minute }]) =>
    assumes && per_minute !== null ? [[name, [[now_us, per_minute]]] as const] : [],
  )
  return {
    ...{ budget: limits.budget, limits: limits.limits, shares, closed: spent.closed },
    settled: Object.fromEntries(open.map(([part, sum]) => [part, [sum, sum]] as const)),
    ...{ ended: Object.fromEntries(assumed), unpaid: 0 },
  }
}

const NONE: Pick<Shares, 'shares'> = { shares: [] }

/** Null: another process has its split. */
export function ask(
  all: Shares,
  asked: Asked,
  now_us: number,
): { readonly shares: Shares; readonly answer: Answer } | null {
  const { part, epoch, spent, lease_us } = asked
  const before = lasting(all, now_us)
  if (before.shares.some(each => each.part === part && each.epoch > epoch)) return null
  const own = before.shares.find(each => each.part === part && each.epoch === epoch)
  const others = before.shares.filter(each => each !== own)
  const { [`${part}`]: _, ...settled } = before.settled
  const noted = { ...before, settled, ended: withEnded(before, asked, now_us) }
  const names = Object.keys(before.limits)
  const parts = names.map(name => [name, partOf(name, noted, others, own, asked, now_us)] as const)
  const { limit, short, is_exhausted } = moneyOf(noted, others, own, asked)
  const share: Share = {
    ...{ part, epoch, spent, until_us: now_us + lease_us, limit, short },
    short_us: short === 0 ? 0 : own === undefined || own.short === 0 ? now_us : own.short_us,
    services: Object.fromEntries(parts),
  }
  const shares = [...others, share]
  const again_us = Math.min(lease_us / 4, Math.max(ASK_EVERY_US, shares.length * ASK_EVERY_US_EACH))
  const answers = parts.map(([name, each]) => [name, answerOf(name, noted, others, each, now_us)] as const)
  const services = Object.fromEntries(answers)
  return {
    shares: { ...noted, shares, unpaid: is_exhausted ? asked.wants : noted.unpaid },
    answer: { limit: all.budget === null ? null : limit, is_exhausted, again_us, services },
  }
}

/** What a split leaves that isn't worked on any more, in good order. */
export interface Left extends Pick<Asked, 'part' | 'epoch' | 'spent' | 'at_risk' | 'services'> {
  readonly is_closed: boolean
}

export function left(all: Shares, how: Left, now_us: number): Shares {
  const { part, epoch, is_closed, services } = how
  const before = lasting(all, now_us)
  const over = Object.entries(services).map(([name, { in_flight, ended }]) => [name, in_flight + ended] as const)
  const ended = endedToo(before, over, now_us)
  const own = before.shares.find(each => each.part === part && each.epoch === epoch)
  // It has run out: what it has spent is in its log.
  if (own === undefined) return { ...before, ended }
  const after = { ...before, ended, shares: before.shares.filter(each => each !== own) }
  const spent = how.spent + how.at_risk
  return is_closed
    ? { ...after, closed: before.closed + spent }
    : { ...after, settled: { ...before.settled, [part]: [spent, spent] } }
}

/** Splits of which it isn't known what they have spent, until their logs are read. */
export function unsettled({ settled }: Shares): readonly number[] {
  return Object.entries(settled).flatMap(([part, [least, most]]) => (least < most ? [Number(part)] : []))
}

/** `spent`: by what is on record of a split that nobody has; `before`: what was known of it when that was read. */
export function settledBy(all: Shares, part: number, before: Settled, spent: number): Shares {
  const now = all.settled[part]
  if (now === undefined || now[0] !== before[0] || now[1] !== before[1]) return all
  return { ...all, settled: { ...all.settled, [part]: [spent, spent] } }
}

// ── places and the minute ──────────────────────────────────────────────────────────────────────────────────────────────

function partOf(
  name: string,
  all: Shares,
  others: readonly Share[],
  own: Share | undefined,
  asked: Asked,
  now_us: number,
): Part {
  const { concurrency, per_minute } = limitsOf(all, name)
  const { in_flight = 0, waiting = 0, starts = 0 } = asked.services[name] ?? {}
  const { part } = asked
  const before = own?.services[name]
  const held = claimsIn(others, name)
  const claims = held.filter(each => each.part !== part && !each.is_replaced)
  const had = before !== undefined && before.places > 0
  const waited = before !== undefined && before.in_flight + before.waiting > 0
  const wants = in_flight + waiting > 0
  const since_us = wants && waited ? before.since_us : now_us
  const served_us = before?.served_us ?? 0
  const me = { part, places: before?.places ?? 0, starts, in_flight, waiting, since_us, served_us }
  const fair = dealt(concurrency, inTurn([...claims, me], now_us), me, wantsOf)
  const places = Math.max(0, Math.min(fair, concurrency - sum(held, reserved)))
  const turns = had !== places > 0
  const given = per_minute === null ? 0 : startsOf(per_minute - endedIn(all, name), held, claims, me)
  return {
    ...{ places, starts: given, in_flight, waiting },
    since_us: turns ? now_us : since_us,
    served_us: given > 0 && starts === 0 ? now_us : served_us,
  }
}

/** `open`: how many may begin or are under way. */
function startsOf(open: number, held: readonly Claim[], claims: readonly Claim[], me: Claim): number {
  const free = open - sum(held, ({ in_flight }) => in_flight) - me.in_flight
  const waits = [...claims, me].toSorted((a, b) => a.served_us - b.served_us || a.part - b.part)
  const fair = dealt(free, waits, me, each => (each.waiting === 0 ? 0 : wantsOf(each) * AHEAD))
  return Math.max(0, Math.min(fair, free - sum(held, ({ starts }) => starts)))
}

function answerOf(
  name: string,
  all: Shares,
  others: readonly Share[],
  { places, starts, waiting }: Part,
  now_us: number,
) {
  const { per_minute } = limitsOf(all, name)
  const [oldest] = all.ended[name] ?? []
  const paced = per_minute !== null && starts === 0 && waiting > 0 && oldest !== undefined
  return {
    places,
    starts: per_minute === null ? null : starts,
    wait_us: paced && endedIn(all, name) >= per_minute ? Math.max(0, oldest[0] + MINUTE_US + 1 - now_us) : 0,
    is_wanted: claimsIn(others, name).some(({ waiting }) => waiting > 0),
  }
}

interface Claim extends Part {
  /** Number of its split. */
  readonly part: number
}

const reserved = ({ places, in_flight }: Claim) => Math.max(places, in_flight)
const wantsOf = ({ in_flight, waiting }: Claim) => in_flight + waiting

/** Who comes first: those whose turn it is, then who has waited longest, then those who have had theirs. */
function inTurn<C extends Claim>(claims: readonly C[], now_us: number): readonly C[] {
  const rank = ({ places, since_us }: C) => (places === 0 ? 1 : now_us - since_us < TURN_US ? 0 : 2)
  return claims.toSorted((a, b) => rank(a) - rank(b) || a.since_us - b.since_us || a.part - b.part)
}

/** How many of `limit` one of them has, if they are dealt one by one, in order, to all that want more. */
function dealt<C>(limit: number, claims: readonly C[], mine: C, wants: (claim: C) => number): number {
  let rest = limit
  let open = claims
  for (let round = 1; rest > 0; round++) {
    open = open.filter(each => wants(each) >= round)
    if (!open.includes(mine)) return wants(mine)
    if (open.length > rest) return round - 1 + (open.indexOf(mine) < rest ? 1 : 0)
    rest -= open.length
    if (rest === 0) return round
  }
  return 0
}

function claimsIn(shares: readonly Share[], name: string) {
  const newest = new Map<number, number>()
  for (const { part, epoch } of shares) newest.set(part, Math.max(epoch, newest.get(part) ?? 0))
  return shares.flatMap(({ part, epoch, services: { [name]: each } }) =>
    each === undefined ? [] : [{ ...each, part, is_replaced: epoch < (newest.get(part) ?? 0) }],
  )
}

const limitsOf = ({ limits }: Shares, name: string): SharedService =>
  limits[name] ?? { concurrency: 0, per_minute: null }

function sum<T>(all: readonly T[], of: (each: T) => number): number {
  return all.reduce((total, each) => total + of(each), 0)
}

const endedIn = ({ ended }: Pick<Shares, 'ended'>, name: string) => sum(ended[name] ?? [], ([, calls]) => calls)

function withEnded(all: Shares, { services }: Asked, now_us: number): Shares['ended'] {
  const more = Object.entries(services).map(([name, each]) => [name, each.ended] as const)
  return endedToo(all, more, now_us)
}

function endedToo(
  { ended, limits }: Pick<Shares, 'ended' | 'limits'>,
  more: ReadonlyArray<readonly [name: string, calls: number]>,
  at_us: number,
): Shares['ended'] {
  const all: Record<string, Shares['ended'][string]> = { ...ended }
  // Never earlier than it was.
  const bucket_us = Math.ceil(at_us / BUCKET_US) * BUCKET_US
  for (const [name, calls] of more) {
    if (calls === 0 || limits[name]?.per_minute == null) continue
    const known = all[name] ?? []
    const same = known.find(([at]) => at === bucket_us)?.[1] ?? 0
    const rest = known.filter(([at]) => at !== bucket_us)
    all[name] = [...rest, [bucket_us, same + calls] as const].toSorted(([a], [b]) => a - b)
  }
  return all
}

/** (SHARES-3) */
function lasting(all: Shares, now_us: number): Shares {
  const over = all.shares.filter(({ until_us }) => until_us < now_us)
  let ended = all.ended
  const settled: Record<string, Settled> = { ...all.settled }
  for (const share of over) {
    const calls = Object.entries(share.services).map(([name, each]) => [name, each.in_flight + each.starts] as const)
    ended = endedToo({ ...all, ended }, calls, share.until_us)
    if (!isReplaced(share, all.shares) && share.limit > 0) settled[share.part] = [share.spent, share.limit]
  }
  const recent = Object.entries(ended).map(
    ([name, list]) => [name, list.filter(([at_us]) => at_us + MINUTE_US >= now_us)] as const,
  )
  return {
    ...{ ...all, settled, ended: Object.fromEntries(recent) },
    shares: all.shares.filter(each => !over.includes(each)),
  }
}

const isReplaced = ({ part, epoch }: Share, shares: readonly Share[]) =>
  shares.some(each => each.part === part && each.epoch > epoch)

// ── money ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

function moneyOf(
  { budget, closed, settled }: Shares,
  others: readonly Share[],
  own: Share | undefined,
  { part, spent, at_risk, wants, services }: Asked,
): Pick<Share, 'limit' | 'short'> & Pick<Answer, 'is_exhausted'> {
  const base = spent + at_risk
  if (budget === null) return { limit: 0, short: 0, is_exhausted: false }
  // Of one that was taken over, the log has what was spent, as far as anybody knows.
  const isOver = (each: Share) => each.part === part || isReplaced(each, others)
  const held = (each: Share) => (isOver(each) ? Math.max(0, each.limit - each.spent) : each.limit)
  const rest = budget - closed - sum(Object.values(settled), ([, most]) => most) - base
  const free = rest - sum(others, held)
  const before_me = others.filter(
    ({ short, short_us }) => short > 0 && (own === undefined || own.short === 0 || short_us < own.short_us),
  )
  const mine = free - sum(before_me, ({ short }) => short)
  if (wants > mine) {
    const least = sum(Object.values(settled), ([each]) => each) + sum(others, each => (isOver(each) ? 0 : each.spent))
    // What its own calls cost less than they might, it has by itself.
    const is_alone = Object.values(services).every(({ in_flight }) => in_flight === 0)
    return { limit: base, short: wants, is_exhausted: is_alone && budget - closed - least - base < wants }
  }
  const ahead = before_me.length > 0 ? 0 : Math.floor(Math.max(0, free) / (2 * (others.length + 1)))
  return { limit: base + Math.max(0, Math.min(mine, Math.max(wants, ahead))), short: 0, is_exhausted: false }
}

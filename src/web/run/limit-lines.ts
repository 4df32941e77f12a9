/** What each guard and each limit of a run allows, what was counted, and what it did, in words. Pure. */
import type { Guard, Interruption, Limits, ServiceLimit } from '../../api/limits.ts'
import type { ServiceUse } from '../../api/runs.ts'
import { dollars } from '../../read/words/text.ts'
import type { SearchWords } from '../app/search-words.ts'
import { counted, countText, durationText, shareText } from '../parts/units.ts'

export interface LimitLine {
  readonly key: string
  readonly count: string
  /** The rows that were counted; null where they aren't those of a filter. */
  readonly search: SearchWords | null
  readonly what: string
  /** Name of the source or the service that it is about. */
  readonly of: string | null
  readonly allows: string
  readonly did: string
  readonly tone: 'good' | 'bad' | 'open' | 'passed'
}

const COUNTED: { readonly [counts in Guard['counts']]: string } = {
  rejected: 'records rejected',
  failed: 'rows failed',
  ingested: 'rows ingested',
  records: 'records read',
}

export function guardLine(guard: Guard): LimitLine {
  const { key, source, counts, threshold, counted: count, of, written } = guard
  const share = of === null || of === 0 ? '' : `; it was ${shareText(count, of)} of ${countText(of)}`
  return {
    key: `${key} ${source}`,
    count: countText(count),
    search: searchOf(guard),
    what: COUNTED[counts],
    of: source,
    allows: `allowed: ${threshold}${written ? '' : ' (by default)'}${share}`,
    ...verdictOf(guard),
  }
}

function searchOf({ counts, source }: Guard): SearchWords {
  const of = source === null ? {} : { source }
  if (counts === 'rejected') return { ...of, cause: 'source_invalid' }
  return counts === 'failed' ? { ...of, class: 'failure' } : of
}

function verdictOf({ state, did }: Guard): Pick<LimitLine, 'did' | 'tone'> {
  switch (state) {
    case 'off':
      return { did: 'switched off', tone: 'passed' }
    case 'open':
      return { did: 'not judged yet', tone: 'open' }
    case 'held':
      return { did: 'held', tone: 'good' }
    case 'broken':
      if (did === 'stopped') return { did: 'stopped the run', tone: 'bad' }
      return { did: did === 'overruled' ? 'broken, then overruled' : 'broken', tone: 'bad' }
  }
}

/** `use`: null where nothing was asked. */
export function serviceLines(limit: ServiceLimit, use: ServiceUse | null): readonly LimitLine[] {
  const { service, per_minute, concurrency, breaker, max_wait_ms } = limit
  if (use === null) return []
  const line = (key: string, count: number, what: string, rest: Pick<LimitLine, 'allows' | 'did' | 'tone'>) => ({
    ...{ key: `${service} ${key}`, count: countText(count), search: null, what, of: service, ...rest },
  })
  const waits =
    use.wait_us.max === 0
      ? ''
      : `; calls waited ${durationText(use.wait_us.p50)} (median), ${durationText(use.wait_us.max)} at most`
  const reached = (count: number, most: number) => count >= most
  const limited = (is: boolean) => ({ did: is ? 'reached' : 'never reached', tone: is ? 'open' : 'good' }) as const
  const lines: LimitLine[] = [
    line('concurrency', use.most_at_once, 'calls at a time', {
      allows: `at most ${countText(concurrency)}${waits}`,
      ...limited(reached(use.most_at_once, concurrency)),
    }),
  ]
  if (per_minute !== null)
    lines.push(
      line('per_minute', use.most_in_a_minute, 'calls in a minute', {
        allows: `at most ${countText(per_minute)}`,
        ...limited(reached(use.most_in_a_minute, per_minute)),
      }),
    )
  if (breaker !== null)
    lines.push(
      line('breaker', use.most_failed_in_a_row, 'failures in a row', {
        allows: `${countText(breaker.failures)} outages pause it; after ${timeText(breaker.give_up_after_ms)} the run stops`,
        ...limited(reached(use.most_failed_in_a_row, breaker.failures)),
      }),
    )
  if (use.throttled > 0)
    lines.push(
      line('max_wait', use.throttled, `${use.throttled === 1 ? 'call' : 'calls'} turned away`, {
        allows: `told to come later; it waits ${timeText(max_wait_ms)} for it at most`,
        did: 'asked again',
        tone: 'open',
      }),
    )
  return lines
}

/** null where it isn’t known that money is limited. */
export function spendLine({ said, spent_usd, at_risk_usd, interruptions }: Limits): LimitLine | null {
  const most = said?.spend_usd ?? null
  if (most === null) return null
  const stops = interruptions.filter(each => each.reason === 'budget_exhausted')
  const risk = at_risk_usd === null || at_risk_usd === 0 ? '' : `, and ${dollars(at_risk_usd)} at most without a record`
  return {
    ...{ key: 'spend', count: dollars(spent_usd), search: null, what: 'spent', of: null },
    allows: `at most ${dollars(most)}${risk}`,
    ...(stops.length === 0 ? { did: 'held', tone: 'good' } : { did: 'stopped the run', tone: 'open' }),
  }
}

const timeText = (ms: number): string => durationText(ms * 1000).replace(/ 00 s$/, '')

/** Why a run stopped, for whoever reads it later. */
export function stopWords({ reason, code, message }: Interruption): string {
  if (message !== null) return message
  if (code !== null) return code
  const words: { readonly [reason: string]: string } = {
    user: 'by the user',
    budget_exhausted: 'as the next call could have cost more than limits.spend allows',
  }
  return reason === null ? 'its process was gone' : (words[reason] ?? reason)
}

export const stopsText = (count: number): string => (count === 0 ? 'nothing stopped it' : counted(count, 'stop'))

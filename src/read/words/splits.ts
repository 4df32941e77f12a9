/** What there is to say of the splits of a run, in words: for the command line and the explorer alike. */
import { grouped } from '../../model/number-text.ts'
import type { ShownSplit, SplitWorker } from '../show/splits.ts'

/** So many workers have a line. */
export const MOST_WORKERS = 5
/** So many splits of a worker are named. */
export const MOST_NUMBERS = 8

interface Counts {
  readonly count: number
  readonly closed: number
  readonly under_way: number
  readonly not_begun: number
}

/** `12 of 64 closed · 3 under way · 49 not begun`; `64, all closed` */
export function splitCountsText({ count, closed, under_way, not_begun }: Counts): string {
  if (closed === count) return `${grouped(count)}, ${count === 1 ? 'closed' : 'all closed'}`
  const parts = [`${grouped(closed)} of ${grouped(count)} closed`]
  if (under_way > 0) parts.push(`${grouped(under_way)} under way`)
  if (not_begun > 0) parts.push(`${grouped(not_begun)} not begun`)
  return parts.join(' · ')
}

export const SPLIT_STATUS: { readonly [status in ShownSplit['status']]: string } = {
  not_begun: 'not begun',
  under_way: 'under way',
  closed: 'closed',
}

/** What is wrong with a worker's lease; null if nothing is. */
export const LEASE_TROUBLE: { readonly [lease in SplitWorker['lease']]: string | null } = {
  held: null,
  run_out: 'whose lease has run out',
  gone: 'which is gone',
}

export const NOBODY_WORKS = 'nobody works on it'

/** What the guards of a run came to: judged anew from its counts, by what its plan says of them. Pure. */
import type { Guard } from '../../api/limits.ts'
import { isBeyond, LEAST_RECORDS, mindsEmpty, thresholdText } from '../../engine/run/guard-verdict.ts'
import { grouped } from '../../model/number-text.ts'
import type { GuardsConfig, Threshold } from '../../plan/plan.ts'

export interface GuardedSource {
  readonly source: string
  readonly guards: GuardsConfig
  readonly records: number
  readonly rejected: number
  /** Rejected ones among them. */
  readonly failed: number
  /** Whether all of it was read. */
  readonly done: boolean
}

export interface GuardedRun {
  readonly guards: GuardsConfig
  readonly sources: readonly GuardedSource[]
  /** Whether all that it read has ended. */
  readonly over: boolean
  /** How often a guard stopped it. */
  readonly stops: number
  /** Whether its outputs were published. */
  readonly published: boolean
}

type Judged = Pick<Guard, 'key' | 'written' | 'source' | 'counts' | 'threshold' | 'counted' | 'of'>

export function guardLines(run: GuardedRun): readonly Guard[] {
  const { guards, sources, over } = run
  const lines: Guard[] = []
  const add = (judged: Judged, is: { readonly off: boolean; readonly beyond: boolean; readonly due: boolean }) => {
    const state = is.off ? 'off' : is.due ? (is.beyond ? 'broken' : 'held') : 'open'
    const did = state !== 'broken' ? 'nothing' : run.published ? 'overruled' : run.stops > 0 ? 'stopped' : 'nothing'
    lines.push({ ...judged, state, did })
  }
  const share = (key: string, source: string | null, counts: 'rejected' | 'failed', of: Sums, due: boolean) => {
    const limit = of.limit
    const judged = { key, written: true, source, counts, threshold: mostText(limit), counted: of.count, of: of.all }
    add(judged, { off: limit.kind === 'off', beyond: isBeyond(limit, of.count, of.all), due })
  }
  const least = (key: string, source: string | null, limit: Threshold | null, rows: number, due: boolean) => {
    if (limit === null) return
    const most = limit.kind === 'count' ? limit.most : 0
    const judged = { key, written: true, source, counts: 'ingested' as const, threshold: `at least ${grouped(most)}` }
    add({ ...judged, counted: rows, of: null }, { off: most === 0, beyond: rows < most, due })
  }
  for (const { source, guards: own, records, rejected, failed, done } of sources) {
    const limit = own.rejected ?? guards.rejected
    const key = `${own.rejected === null ? '' : `sources.${source}.`}guards.rejected`
    if (limit !== null) share(key, source, 'rejected', { limit, count: rejected, all: records }, done)
    else {
      const judged = { key, written: false, source, counts: 'rejected' as const, threshold: ALL_REJECTED }
      const beyond = records >= LEAST_RECORDS && rejected === records
      add({ ...judged, counted: rejected, of: records }, { off: false, beyond, due: done || beyond })
    }
    least(`sources.${source}.guards.min_rows`, source, own.min_rows, records - rejected, done)
    if (own.failed !== null)
      share(
        `sources.${source}.guards.failed`,
        source,
        'failed',
        { limit: own.failed, count: failed, all: records },
        over,
      )
    if (mindsEmpty(guards, own) && records === rejected && over) {
      const judged = {
        key: 'guards.min_rows',
        written: false,
        source,
        counts: 'records' as const,
        threshold: NOT_EMPTY,
      }
      // Only the run that met it knew what the one before it had read: what it did tells.
      const beyond = run.stops > 0 && !lines.some(each => each.state === 'broken')
      add({ ...judged, counted: records, of: null }, { off: false, beyond, due: true })
    }
  }
  const sum = (of: (source: GuardedSource) => number) => sources.reduce((total, each) => total + of(each), 0)
  const all = sum(each => each.records)
  if (guards.failed !== null)
    share('guards.failed', null, 'failed', { limit: guards.failed, count: sum(each => each.failed), all }, over)
  least('guards.min_rows', null, guards.min_rows, all - sum(each => each.rejected), over)
  return lines
}

interface Sums {
  readonly limit: Threshold
  readonly count: number
  readonly all: number
}

const ALL_REJECTED = `fewer than all, from ${LEAST_RECORDS} records on`
const NOT_EMPTY = 'not empty, if it wasn’t in the last run'

const mostText = (limit: Threshold) => (limit.kind === 'off' ? 'off' : `at most ${thresholdText(limit)}`)

/** Whether what a run has read, and what became of it, may be published: pure functions of counts. */
import { counted, grouped } from '../../model/number-text.ts'
import type { GuardsConfig, Threshold } from '../../plan/plan.ts'

/** Of one source. */
export interface SourceCounts {
  readonly source: string
  readonly guards: GuardsConfig
  readonly records: number
  readonly rejected: number
  /** Rows with an ending in failure, rejected records among them. */
  readonly failed: number
}

export interface Broken {
  /** What is wrong, in one sentence without a full stop. */
  readonly message: string
  /** null: it is about the whole run. */
  readonly source: string | null
  /** The `--set` that has the run go on all the same. */
  readonly set: string
}

/** A source whose first records are all rejected isn't what it was, however many follow. */
const FIRST_RECORDS = 1000
/** Of fewer records all may be broken. */
export const LEAST_RECORDS = 10

/**
 * So many records were read, and there is more input. Nothing was said of rejected ones, and all of them were. `is_split`: they are those
 * of a split.
 */
export function brokenByFirst(
  run: GuardsConfig,
  { source, guards, records, rejected }: SourceCounts,
  is_split = false,
): Broken | null {
  if (!isDefault(run.rejected, guards.rejected) || records < FIRST_RECORDS || rejected < records) return null
  const of = is_split ? ' in a split' : ''
  return allRejected(`the first ${grouped(records)} records of source \`${source}\`${of} were all rejected`, source)
}

/** What breaks when a source has ended: how many records were rejected, and how many rows there are. */
export function brokenAtEnd(run: GuardsConfig, counts: SourceCounts): Broken[] {
  const { source, guards, records, rejected } = counts
  const broken: Broken[] = []
  const own = guards.rejected !== null
  const key = own ? `sources.${source}.guards.rejected` : 'guards.rejected'
  const limit = guards.rejected ?? run.rejected
  if (limit === null && records >= LEAST_RECORDS && rejected === records)
    broken.push(allRejected(`all ${grouped(records)} records of source \`${source}\` were rejected`, source))
  if (limit !== null && isBeyond(limit, rejected, records)) {
    const message = `${shareOf(rejected, records, 'record')} of source \`${source}\` ${were(rejected)} rejected, and ${key} allows ${thresholdText(limit)}`
    broken.push({ message, source, set: `${key}=off` })
  }
  const least = tooFew(
    `source \`${source}\` gave`,
    guards.min_rows,
    records - rejected,
    `sources.${source}.guards.min_rows`,
  )
  if (least !== null) broken.push({ ...least, source })
  return broken
}

/** What breaks when all has ended: too many rows failed, or the whole run has too few. */
export function brokenAfterAll(run: GuardsConfig, all: readonly SourceCounts[]): Broken[] {
  const sum = (of: (counts: SourceCounts) => number) => all.reduce((total, counts) => total + of(counts), 0)
  const [records, failed, rejected] = [sum(each => each.records), sum(each => each.failed), sum(each => each.rejected)]
  const broken: Broken[] = []
  const failures = (limit: Threshold | null, count: number, of: number, source: string | null) => {
    if (limit === null || !isBeyond(limit, count, of)) return
    const key = source === null ? 'guards.failed' : `sources.${source}.guards.failed`
    const whose = source === null ? '' : ` of source \`${source}\``
    const message = `${shareOf(count, of, 'row')}${whose} failed, and ${key} allows ${thresholdText(limit)}`
    broken.push({ message, source, set: `${key}=off` })
  }
  failures(run.failed, failed, records, null)
  for (const each of all) failures(each.guards.failed, each.failed, each.records, each.source)
  const least = tooFew('the run has', run.min_rows, records - rejected, 'guards.min_rows')
  if (least !== null) broken.push({ ...least, source: null })
  return broken
}

/** Whether nothing was said of how many rows there must be, so that a source that is empty for the first time stops the run. */
export function mindsEmpty(run: GuardsConfig, { min_rows }: GuardsConfig): boolean {
  return isDefault(run.min_rows, min_rows)
}

export function brokenByNothing(source: string, before: number): Broken {
  const message = `source \`${source}\` is empty, and had ${grouped(before)} ${before === 1 ? 'record' : 'records'} in this pipeline’s last run`
  return { message, source, set: 'guards.min_rows=0' }
}

const isDefault = (run: Threshold | null, own: Threshold | null) => run === null && own === null

const allRejected = (message: string, source: string): Broken => ({ message, source, set: 'guards.rejected=off' })

function tooFew(who: string, least: Threshold | null, rows: number, key: string): Omit<Broken, 'source'> | null {
  if (least?.kind !== 'count' || rows >= least.most) return null
  return { message: `${who} ${counted(rows, 'row')}, and ${key} asks for ${grouped(least.most)}`, set: `${key}=0` }
}

/** Whether so many of all are more than a threshold allows. */
export function isBeyond(limit: Threshold, count: number, of: number): boolean {
  switch (limit.kind) {
    case 'off':
      return false
    case 'count':
      return count > limit.most
    case 'share':
      return count * 100 > limit.percent * of
  }
}

/** `5 %`, `1,200`, `any` */
export function thresholdText(limit: Threshold): string {
  return limit.kind === 'share' ? `${limit.percent} %` : limit.kind === 'count' ? grouped(limit.most) : 'any'
}

/** `312 of 2,400 records (13 %)` */
function shareOf(count: number, of: number, one: string): string {
  const percent = (count / of) * 100
  // Never rounded to what would be allowed.
  const share = of === 0 ? '' : ` (${percent < 100 && percent > 99.9 ? '99.9' : Number(percent.toPrecision(3))} %)`
  return `${grouped(count)} of ${counted(of, one)}${share}`
}

const were = (count: number) => (count === 1 ? 'was' : 'were')

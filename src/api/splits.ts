/** Splits of a run: `split_summary` and `splits` of `show --json`. */
import { z } from 'zod'
import { Count, RunId, Time } from './common.ts'

export const SplitNumber = z.int().min(1).describe('number of a split in its run, from 1')

/** The process that has the lease of a split. */
export const SplitWorker = z.object({
  host: z.string().describe('name of its machine'),
  pid: Count.describe('of the process, there'),
  lease: z
    .enum(['held', 'run_out', 'gone'])
    .describe(
      '`run_out`: it hasn’t renewed it in time; `gone`: there is no such process on the server’s machine any more',
    ),
})
export type SplitWorker = z.infer<typeof SplitWorker>

export const ShownSplit = z.object({
  split: SplitNumber,
  status: z.enum(['not_begun', 'under_way', 'closed']),
  rows: Count.describe('read until now, broken ones among them'),
  entries: Count.describe('in its log'),
  started_at: Time.nullable().describe('of its first entry; null: it isn’t begun'),
  last_entry_at: Time.nullable(),
  duration_ms: Count.describe('between these, with the time in which nobody worked on it'),
  signed_by: z
    .string()
    .nullable()
    .describe('`name+hash` of the key that signed its latest checkpoint; null: it isn’t begun'),
  worker: SplitWorker.nullable().describe('null: nobody has it'),
})
export type ShownSplit = z.infer<typeof ShownSplit>

export const SplitCounts = z.object({ count: Count, closed: Count, under_way: Count, not_begun: Count })
export type SplitCounts = z.infer<typeof SplitCounts>

/** How many there are in each state, and whoever has some, and which. */
export const SplitsAtWork = SplitCounts.extend({
  workers: z.array(SplitWorker.extend({ splits: z.array(SplitNumber) })),
})
export type SplitsAtWork = z.infer<typeof SplitsAtWork>

export const SplitSummary = SplitsAtWork.extend({
  slowest: z
    .array(ShownSplit)
    .nullable()
    .describe('of those that are closed a few that took longest, the longest first; null: they weren’t looked at'),
  behind: z.array(ShownSplit).describe('of those under way a few whose last entries are oldest, the oldest first'),
  signed_by: z
    .array(z.object({ key: z.string(), splits: Count }))
    .nullable()
    .describe('by key, how many splits have their latest checkpoint from it; null: they weren’t looked at'),
})
export type SplitSummary = z.infer<typeof SplitSummary>

export const SplitsQuery = z.object({
  cursor: z
    .string()
    .regex(/^[1-9]\d{0,8}$/)
    .optional()
    .describe('`next_cursor` of the page before'),
  at: z.coerce.number().int().min(0).optional().describe('in the place of a cursor: how many splits are skipped'),
  limit: z.coerce.number().int().min(1).max(500).default(50),
})
export type SplitsQuery = z.infer<typeof SplitsQuery>

/** In order of their numbers. */
export const SplitsPage = z.object({
  run: RunId,
  count: Count.describe('how many splits the run has; 0 if it has none'),
  splits: z.array(ShownSplit),
  next_cursor: z.string().nullable(),
  holds: z.literal(true),
})
export type SplitsPage = z.infer<typeof SplitsPage>

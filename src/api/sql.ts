/** One statement that reads the views for auditors. What it gives is what is stored: `verify` says whether that is what was recorded. */
import { z } from 'zod'
import { Count } from './common.ts'

export const SqlQuery = z.object({
  sql: z
    .string()
    .min(1)
    .max(20_000)
    .describe('one SELECT over the views, in the dialect of the ledger’s database: SQLite’s or PostgreSQL’s'),
  limit: z.coerce.number().int().min(1).max(1000).default(200).describe('rows that are given at most'),
})

export const SqlAnswer = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.union([z.string(), z.number(), z.null()]))),
  cut: z.object({
    rows: z.boolean().describe('there are more rows than the limit, or than an answer may have'),
    texts: Count.describe('texts that were cut, to 2,000 characters each'),
  }),
  checked: z.literal(false),
})
export type SqlAnswer = z.infer<typeof SqlAnswer>

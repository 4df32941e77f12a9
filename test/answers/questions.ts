/** Questions of every kind about a ledger, and the shapes of their answers. */
import { z } from 'zod'
import { RunDiff } from '../../src/api/diff.ts'
import { Docs } from '../../src/api/docs.ts'
import { Evidence, Verified } from '../../src/api/evidence.ts'
import { Limits } from '../../src/api/limits.ts'
import { RunCounts } from '../../src/api/live.ts'
import { RowDocument } from '../../src/api/proof.ts'
import { RowsPage } from '../../src/api/rows.ts'
import { Calls, Errors, Plan, RunsPage, ShownRun } from '../../src/api/runs.ts'
import { SplitsPage } from '../../src/api/splits.ts'
import { SqlAnswer } from '../../src/api/sql.ts'
import { ExplainedRow } from '../../src/api/story.ts'
import type { Asked, Kind } from '../../src/host/answers/asked.ts'

const SHAPES: { readonly [K in Kind]: z.ZodType } = {
  runs: RunsPage,
  run: ShownRun,
  counts: RunCounts,
  plan: Plan,
  errors: Errors,
  calls: Calls,
  limits: Limits,
  splits: SplitsPage,
  rows: RowsPage,
  row: ExplainedRow,
  story: z.object({ story: z.looseObject({}), joined: z.looseObject({}), bound: z.unknown(), holds: z.literal(true) }),
  proof: RowDocument,
  letter: RowDocument,
  diff: RunDiff,
  verify: Verified,
  evidence: Evidence,
  sql: SqlAnswer,
  index: z.null(),
  docs: Docs,
}

/** In what an answer isn't of the shape that it should have; null if it is. */
export function shapeProblem(kind: Kind, answer: unknown): string | null {
  const parsed = SHAPES[kind].safeParse(answer)
  return parsed.success ? null : parsed.error.message
}

export type AnyQuestion = { readonly [K in Kind]: readonly [K, Asked[K]['params']] }[Kind]

/** About the latest run, which has so many rows and tokens, and the one before. `key`: a field that their rows have. */
export function questions(rows: number, tokens: number, key: string | null): readonly AnyQuestion[] {
  const run = 'latest'
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1)
  return [
    ['runs', { limit: 10 }],
    ['run', { run }],
    ['counts', { run }],
    ['plan', { run }],
    ['errors', { run }],
    ['calls', { run }],
    ['limits', { run }],
    ['splits', { run, limit: 50 }],
    ['rows', { run, limit: 100 }],
    ...numbers(rows).map((row): AnyQuestion => ['row', { run, row }]),
    ...numbers(tokens).map((token): AnyQuestion => ['row', { run, token }]),
    ...(rows === 0
      ? []
      : [
          ['story', { run, row: 1 }] as const,
          ['proof', { run, row: 1 }] as const,
          ['letter', { run, row: 1 }] as const,
        ]),
    ['diff', { old: 'latest~1', new: run, list: 100 }],
    ...(key === null ? [] : [['diff', { old: 'latest~1', new: run, key, list: 100 }] as const]),
    ['verify', {}],
    ['evidence', {}],
    ...['inputs', 'artifacts', 'batches'].map(
      (view): AnyQuestion => ['sql', { sql: `SELECT * FROM ${view}`, limit: 1000 }],
    ),
    ['docs', {}],
  ]
}

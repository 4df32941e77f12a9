/** What may be asked of a ledger, and the shapes (src/api) of what is answered. */
import type { z } from 'zod'
import type { Unsound } from '../../api/common.ts'
import type { DiffQuery, RunDiff } from '../../api/diff.ts'
import type { Docs, DocsQuery } from '../../api/docs.ts'
import type { Evidence, Verified, VerifyProgress, VerifyQuery } from '../../api/evidence.ts'
import type { Limits } from '../../api/limits.ts'
import type { RunCounts } from '../../api/live.ts'
import type { ProofQuery, RowDocument } from '../../api/proof.ts'
import type { ExportQuery, RowsPage, RowsQuery } from '../../api/rows.ts'
import type { Calls, Errors, Plan, RunQuery, RunsPage, RunsQuery, ShownRun } from '../../api/runs.ts'
import type { SplitsPage, SplitsQuery } from '../../api/splits.ts'
import type { SqlAnswer, SqlQuery } from '../../api/sql.ts'
import type { ExplainedRow, RowQuery } from '../../api/story.ts'
import type { IndexReport } from '../../search/index/index-report.ts'
import type { StoryFound } from './explained-row.ts'

type Of<T extends z.ZodType> = z.output<T>
/** In its place stands why the record doesn't hold, where it doesn't. */
type Checked<T> = T | Unsound

/** By kind: what is given, and what comes back. */
export interface Asked {
  readonly runs: { readonly params: Of<typeof RunsQuery>; readonly answer: RunsPage }
  readonly run: { readonly params: Of<typeof RunQuery>; readonly answer: Checked<ShownRun> }
  readonly counts: { readonly params: Of<typeof RunQuery>; readonly answer: RunCounts }
  readonly plan: { readonly params: Of<typeof RunQuery>; readonly answer: Checked<Plan> }
  readonly errors: { readonly params: Of<typeof RunQuery>; readonly answer: Checked<Of<typeof Errors>> }
  readonly calls: { readonly params: Of<typeof RunQuery>; readonly answer: Checked<Of<typeof Calls>> }
  readonly limits: { readonly params: Of<typeof RunQuery>; readonly answer: Checked<Limits> }
  readonly splits: {
    readonly params: Of<typeof SplitsQuery> & Of<typeof RunQuery>
    readonly answer: Checked<SplitsPage>
  }
  readonly rows: {
    readonly params: Of<typeof RowsQuery> & Of<typeof RunQuery>
    readonly answer: Checked<RowsPage>
  }
  readonly row: { readonly params: Of<typeof RowQuery>; readonly answer: Checked<ExplainedRow> }
  /** The same for whoever lays it out in words: in the form that readers of the ledger have it in. */
  readonly story: {
    readonly params: Of<typeof RowQuery>
    readonly answer: Checked<StoryFound & { readonly holds: true }>
  }
  readonly proof: { readonly params: Of<typeof ProofQuery>; readonly answer: Checked<RowDocument> }
  readonly letter: { readonly params: Of<typeof ProofQuery>; readonly answer: Checked<RowDocument> }
  readonly diff: { readonly params: Of<typeof DiffQuery>; readonly answer: Checked<RunDiff> }
  readonly verify: { readonly params: Of<typeof VerifyQuery>; readonly answer: Verified }
  readonly evidence: { readonly params: Record<string, never>; readonly answer: Evidence }
  readonly sql: { readonly params: Of<typeof SqlQuery>; readonly answer: SqlAnswer }
  /** Of the newest runs; null: there is none, since none was wanted. */
  readonly index: { readonly params: { readonly runs: number }; readonly answer: IndexReport | null }
  readonly docs: { readonly params: Of<typeof DocsQuery>; readonly answer: Docs }
}
export type Kind = keyof Asked

/** What is streamed, as text in pieces. */
export interface Streamed {
  readonly export: Of<typeof ExportQuery> & Of<typeof RunQuery>
}

/** What is streamed: text, and the rows that it is of. */
export interface Piece {
  readonly run: string
  readonly rows: readonly number[]
  readonly text: string
}

/** How far a long question is. */
export type Progress = z.output<typeof VerifyProgress>

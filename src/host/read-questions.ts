/** What threads are asked of a ledger, and what they answer. */
import type { Failure } from '../ledger/thread/messages.ts'
import type { Both } from '../read/diff/difference.ts'
import type { KeyPage, KeyRange, RowKey } from '../read/diff/row-keys.ts'
import type { Found, RowsPage } from '../read/diff/row-pairs.ts'
import type { PackedPage } from '../read/verify/packed-page.ts'
import type { PageRequest } from '../read/verify/page.ts'
import type { Fitting } from './row-search.ts'

export type Question =
  /** Looks at a page of a log (read/verify/page.ts). */
  | { readonly kind: 'page'; readonly request: PageRequest; readonly from: number }
  /** Whether the database finds itself in order. */
  | { readonly kind: 'integrity' }
  /** Which rows of a page of a log fit (read/explain/fitting-rows.ts). */
  | {
      readonly kind: 'search'
      readonly log: number
      readonly from: number
      readonly end: number
      readonly where: string
    }
  /** How rows of two runs compare (read/diff/row-pairs.ts). */
  | { readonly kind: 'pairs'; readonly logs: Both<number>; readonly page: RowsPage }
  /** Keys of rows (read/diff/row-keys.ts). */
  | { readonly kind: 'keys'; readonly log: number; readonly range: KeyRange; readonly key: RowKey }

/** By kind of question. null: something isn't as it should be, or can't be known here; whoever asks looks at it himself. */
export interface Answers {
  readonly page: { readonly page: PackedPage; readonly failure: Failure | null }
  readonly integrity: readonly string[] | null
  readonly search: Fitting | null
  readonly pairs: readonly Found[] | null
  readonly keys: KeyPage | null
}

/** What `custody export` writes. */
import type { LedgerOptions } from './ledger-access.ts'

export const EXPORT_FORMATS = ['jsonl', 'csv', 'parquet', 'prov', 'openlineage', 'in-toto', 'tiles'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

export interface ExportOptions extends LedgerOptions {
  readonly format: ExportFormat
  readonly out?: string
  readonly json?: boolean
}

/** The pipeline file that a run began with, found by what the ledger has of it. */
import { basename, join } from 'node:path'
import type { PlanValue } from '../format/entry.ts'
import { CustodyError } from '../model/error.ts'

export interface PipelineOnRecord {
  /** Absolute. */
  readonly file: string
  /** As the run named it. */
  readonly name: string
  /** The `--set` that the run was given. */
  readonly sets: readonly string[]
}

/** @throws CustodyError CUSTODY_VERIFY_FAILED if the ledger doesn't say. */
export function pipelineOnRecord(value: PlanValue | null): PipelineOnRecord {
  if (value === null || value.folder === '')
    throw new CustodyError('CUSTODY_VERIFY_FAILED', 'the ledger no longer has the plan that the run began with')
  return { file: join(value.folder, basename(value.file)), name: value.file, sets: value.set ?? [] }
}

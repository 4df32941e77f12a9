/** The pipeline file that a run began with, found by what the ledger has of it. */
import { basename, join } from 'node:path'
import { CustodyError } from '../model/error.ts'
import type { RecordedPlan } from '../read/runs/opening-values.ts'

export interface PipelineOnRecord {
  /** Absolute. */
  readonly file: string
  /** As the run named it. */
  readonly name: string
  /** The `--set` that the run was given. */
  readonly sets: readonly string[]
}

/** @throws CustodyError CUSTODY_VERIFY_FAILED if the ledger doesn't say. */
export function pipelineOnRecord({
  file,
  folder,
  set = [],
}: Pick<RecordedPlan, 'file' | 'folder' | 'set'>): PipelineOnRecord {
  if (file === null || folder === null)
    throw new CustodyError('CUSTODY_VERIFY_FAILED', 'the ledger no longer has the plan that the run began with')
  return { file: join(folder, basename(file)), name: file, sets: set }
}

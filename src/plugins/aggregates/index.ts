/** The built-in aggregates. */
import type { PluginSpec } from '../../sdk/spec.ts'
import { batchDistribution } from './batch-distribution.ts'
import { batchReplicate } from './batch-replicate.ts'
import { batchStats } from './batch-stats.ts'
import { batchTopK } from './batch-top-k.ts'
import { dedupe } from './dedupe.ts'
import { pivot } from './pivot.ts'
import { report } from './report.ts'

export const aggregates: readonly PluginSpec[] = [
  batchStats,
  batchTopK,
  batchDistribution,
  batchReplicate,
  pivot,
  dedupe,
  report,
]

/** The file in which runs of this machine keep limits together, if the pipeline names one and calls any service. */
import { servicesOf } from '../engine/calls/contexts.ts'
import type { Plan } from '../plan/plan.ts'
import { LimiterFile } from './limiter-file.ts'

/** @throws CustodyError CUSTODY_LIMITER. */
export function limiterOf({ limits, nodes }: Plan): LimiterFile | null {
  if (limits.file === null || nodes.every(node => servicesOf(node).length === 0)) return null
  return new LimiterFile(limits.file)
}

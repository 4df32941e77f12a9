/**
 * What a pipeline file may say and this version has no use for yet: told when a run begins, because nothing that is accepted
 * is ignored (I10). To be removed, part by part, as plugins come that it is for.
 */
import type { PipelineFile } from '../config/pipeline.ts'
import type { Diagnostic } from '../model/error.ts'

/** Warnings CUSTODY_NOT_YET_ENFORCED, at `limits`. */
export function unenforced(pipeline: PipelineFile): readonly Diagnostic[] {
  const { services, spend_usd } = pipeline.config.limits
  const span = pipeline.locate(['limits'], 'key')
  const warning = (message: string): Diagnostic => ({
    ...span,
    file: span.file ?? pipeline.file,
    severity: 'warning',
    code: 'CUSTODY_NOT_YET_ENFORCED',
    message,
    hint: 'the run is as it would be without it',
  })
  return [
    ...(services.size === 0
      ? []
      : [warning('limits.services is checked, but no plugin of this version makes calls that it could limit')]),
    ...(spend_usd === null
      ? []
      : [warning('limits.spend is checked, but no plugin of this version spends money that it could limit')]),
  ]
}

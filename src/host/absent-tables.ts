/** Files that a run would stop at, because they aren't there: tables that nodes look things up in. Those of sources may still come. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { PipelineFile } from '../config/pipeline.ts'
import type { Diagnostic } from '../model/error.ts'
import type { Plan } from '../plan/plan.ts'

/** A warning for each. */
export function absentTables(pipeline: PipelineFile, plan: Plan): readonly Diagnostic[] {
  const absent: Diagnostic[] = []
  for (const node of plan.nodes) {
    if (node.kind !== 'transform') continue
    const { spec, options } = node.plugin
    for (const path of spec.reads?.(options) ?? []) {
      if (existsSync(resolve(pipeline.folder, path))) continue
      const span = pipeline.locate(['nodes', node.name, 'options', 'path'])
      const message = `${path}, which \`${node.name}\` reads, isn’t there`
      const hint = 'a run stops at it; paths are relative to the folder of the pipeline file'
      absent.push({
        ...span,
        file: span.file ?? pipeline.file,
        severity: 'warning',
        code: 'CUSTODY_FILE_NOT_FOUND',
        message,
        hint,
      })
    }
  }
  return absent
}

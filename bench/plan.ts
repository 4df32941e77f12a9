/** The plan of a workload. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadPipeline } from '../src/config/load.ts'
import { compilePlan } from '../src/plan/compile.ts'
import type { Plan } from '../src/plan/plan.ts'
import { builtins } from '../src/plugins/index.ts'
import { Catalogue } from '../src/sdk/catalogue.ts'
import { filesIn } from '../src/sdk/option-files.ts'
import { WORKLOADS, type WorkloadName } from './workloads.ts'

/** Writes the workload's pipeline file into `folder`, and compiles it. @throws Error if it isn't sound. */
export function planOf(workload: WorkloadName, folder: string): Promise<Plan> {
  return planOfText(WORKLOADS[workload].yaml, folder)
}

/** The same with the text of a pipeline file. */
export async function planOfText(yaml: string, folder: string): Promise<Plan> {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'pipeline.yaml')
  writeFileSync(file, yaml)
  const { pipeline, diagnostics } = await loadPipeline(file, { env: {}, overrides: [] })
  const secrets = { secrets: () => ({ kind: 'unread' }) as const, fingerprint: () => '' }
  const compiled =
    pipeline === null ? null : compilePlan(pipeline, new Catalogue(builtins), secrets, filesIn(pipeline.folder))
  if (compiled?.plan == null)
    throw new Error([...diagnostics, ...(compiled?.diagnostics ?? [])].map(({ message }) => message).join('\n'))
  return compiled.plan
}

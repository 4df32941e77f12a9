/** The names that fields have in the input, where they have others: as whoever coordinates a run finds them, for who works on its splits elsewhere. */
import type { FileNames } from '../../format/run-values.ts'
import type { Plan } from '../../plan/plan.ts'
import { Created } from '../nodes/created.ts'
import { createSources, originalNames } from '../nodes/source/open-sources.ts'
import { guarded } from './cuts.ts'

/** By field. @throws CustodyError of a source, or CUSTODY_PLUGIN_DEFECT. */
export async function sourceNames(plan: Plan, files: FileNames | null): Promise<{ readonly [field: string]: string }> {
  const created = new Created()
  try {
    const sources = await createSources(plan, null, created, files)
    for (const { node, source } of sources)
      if (source.originalNames !== undefined) await guarded(node, async () => source.begin?.(null))
    return originalNames(sources)
  } finally {
    await created.close()
  }
}

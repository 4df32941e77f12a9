/** The sources of a run, made by their plugins; which files they read is found out here, once, before the run begins. */

import type { Repeats } from '../../../format/recording.ts'
import type { FileNames } from '../../../format/run-values.ts'
import type { Plan, SourceNode } from '../../../plan/plan.ts'
import { inputSchema } from '../../../plan/plan.ts'
import type { Source, SourceFiles } from '../../../sdk/spec.ts'
import { defect, describe } from '../../ports/plugin-defect.ts'
import type { Created } from '../created.ts'
import { sourceDefect } from './chunk.ts'
import { RepeatSource } from './repeating.ts'
import type { OpenSource } from './source-reader.ts'

export interface ListedSource extends OpenSource {
  /** All that is known of its files, if it has a list of them. */
  readonly listed: SourceFiles | null
}

/**
 * `repeats`: rows of another run that stand in the place of what the sources have. `recorded`: of a run that is resumed or
 * replayed, which files its sources read.
 * @throws CustodyError of the source, or CUSTODY_PLUGIN_DEFECT.
 */
export async function createSources(
  plan: Plan,
  repeats: Repeats | null,
  created: Created,
  recorded: FileNames | null,
): Promise<ListedSource[]> {
  const sources: ListedSource[] = []
  for (const node of plan.nodes) {
    if (node.kind !== 'source') continue
    const { name } = node
    const { spec, options, secrets } = node.plugin
    const context = { node: name, folder: plan.folder, input: inputSchema(node), secrets }
    const source = created.add(await guarded(name, () => spec.create(options, context)))
    if (repeats !== null)
      sources.push({ node, source: new RepeatSource(node, repeats, source), files: null, listed: null })
    else {
      const before = recorded !== null && Object.hasOwn(recorded, name) ? recorded[name] : null
      const listed = await listOf(name, source, before ?? null)
      sources.push({ node, source, files: listed?.names ?? null, listed })
    }
  }
  return sources
}

async function listOf(name: string, source: Source, recorded: readonly string[] | null): Promise<SourceFiles | null> {
  const listed = await guarded(name, () => source.list?.(recorded) ?? null)
  if (listed === null) return null
  const { names } = listed
  const wrong = names.find(
    (each, i) => typeof each !== 'string' || !each.isWellFormed() || (i > 0 && each === names[i - 1]),
  )
  if (wrong !== undefined) throw defect(name, `listed ${describe(wrong)} as the name of a file`)
  if (new Set(names).size < names.length) throw defect(name, 'listed a file twice')
  return listed
}

/** Looks whether there is something to read. @throws CustodyError of the source, or CUSTODY_PLUGIN_DEFECT. */
export async function prepareSource({ node, source }: OpenSource): Promise<void> {
  await guarded(node.name, () => source.prepare?.())
}

/** For the run's first entry: how many files its sources have, and their names; null if none has a list. */
export function listedFiles(sources: readonly OpenSource[]): {
  readonly counts: ReadonlyArray<{ readonly source: SourceNode['number']; readonly count: number }>
  readonly names: FileNames
} | null {
  const listing = sources.flatMap(({ node, files }) => (files === null ? [] : [{ node, files }]))
  if (listing.length === 0) return null
  return {
    counts: listing.map(({ node, files }) => ({ source: node.number, count: files.length })),
    names: Object.fromEntries(listing.map(({ node, files }) => [node.name, files])),
  }
}

async function guarded<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw sourceDefect(name, thrown)
  }
}

/** `{field: original name}` of all sources, as far as they are known. */
export function originalNames(sources: readonly OpenSource[]): { readonly [field: string]: string } {
  return Object.assign({}, ...sources.map(({ source }) => source.originalNames?.() ?? {}))
}

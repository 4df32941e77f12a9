/** The values that a run's publish entry names: where each sink's files stand, and what they hold. */
import type { Artifact, FileContent } from '../../format/run-values.ts'
import type { Topology } from '../../format/topology.ts'
import type { Closing } from './run-log.ts'
import { type ValueReader, ValuesOnRecord } from './values-on-record.ts'

export interface PublishedFiles {
  /** How many, where rows say which file they go to. */
  readonly count: number | null
  /** Each null if it is erased, or the sink has no file. */
  readonly paths: readonly string[] | null
  readonly contents: readonly FileContent[] | null
}

/** By sink; nothing if nothing was published. @throws CustodyError CUSTODY_VERIFY_FAILED. */
export async function publishedIn(
  reader: ValueReader,
  log: number,
  publish: Closing['publish'],
  { nodes }: Topology,
): Promise<ReadonlyMap<string, PublishedFiles>> {
  const published = new Map<string, PublishedFiles>()
  const values = new ValuesOnRecord(reader, log)
  for (const fact of publish?.entry.artifacts ?? []) {
    const seq = publish?.seq ?? 0
    published.set(nodes[fact.sink - 1]?.name ?? '', {
      count: fact.files ?? null,
      paths: await values.get(seq, fact, 'paths'),
      contents: await values.get(seq, fact, 'contents'),
    })
  }
  return published
}

/** By sink, its files; of sinks of which something is erased nothing. @throws CustodyError CUSTODY_VERIFY_FAILED. */
export async function artifactsOf(
  ...of: Parameters<typeof publishedIn>
): Promise<ReadonlyMap<string, readonly Artifact[]>> {
  const artifacts = new Map<string, readonly Artifact[]>()
  for (const [sink, { paths, contents }] of await publishedIn(...of))
    if (paths !== null && contents !== null && paths.length === contents.length)
      artifacts.set(
        sink,
        contents.map((content, i) => ({ ...content, path: paths[i] ?? '' })),
      )
  return artifacts
}

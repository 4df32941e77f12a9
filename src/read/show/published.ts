/** The output files of a ledger's runs, as their publish entries say they stand. */
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { ArtifactsValue } from '../../model/entry.ts'
import { closingOf, valueIn } from '../runs/run-log.ts'

export interface PublishedFile {
  readonly run: string
  readonly sink: string
  /** Absolute. */
  readonly path: string
  readonly bytes: number
  /** Lower-case hex, of the whole file. */
  readonly sha256: string
}

/** Of all sealed runs, in the order in which they were sealed. */
export async function publishedFiles(reader: LedgerReader): Promise<PublishedFile[]> {
  const sealed: Array<{ readonly ended_us: number; readonly files: PublishedFile[] }> = []
  for (const { log, run } of await reader.logs()) {
    if (run === null) continue
    const { last, ended_us, publish } = await closingOf(reader, log)
    if (last?.k !== 'seal' || publish === null || ended_us === null) continue
    const value = (await valueIn(reader, log, publish.seq, 0)) as ArtifactsValue | null
    const files = Object.entries(value ?? {}).map(([sink, { path, bytes, sha256 }]) => ({
      run,
      sink,
      path,
      bytes,
      sha256,
    }))
    sealed.push({ ended_us, files })
  }
  return sealed.sort((a, b) => a.ended_us - b.ended_us).flatMap(({ files }) => files)
}

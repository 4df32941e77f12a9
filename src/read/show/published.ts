/** The output files of a ledger's runs, as their publish entries say they stand. */
import type { Artifact, SinkIntents } from '../../format/run-values.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { isCustodyError } from '../../model/error.ts'
import { isObject } from '../../model/row.ts'
import { intentsOf, ofNodes } from '../runs/opening-values.ts'
import { artifactsOf } from '../runs/published-values.ts'
import { closingOf, openingOf } from '../runs/run-log.ts'
import { ValuesOnRecord } from '../runs/values-on-record.ts'

/** Where a file is, and whether it moves with its pipeline. */
export interface OutputPlace {
  /** Absolute. */
  readonly path: string
  /** Absolute folder of the pipeline's file; null if the plan's text is erased. */
  readonly folder: string | null
  /** As the pipeline's file names it, or the one that its name was made of; null if that isn't known. */
  readonly named: string | null
}

export interface PublishedFile extends OutputPlace {
  readonly run: string
  readonly sink: string
  readonly bytes: number
  /** Lower-case hex, of the file's first `bytes` bytes. */
  readonly sha256: string
  /** Whether the run added to what was there, so that others may add to it. */
  readonly appended: boolean
}

export interface Published {
  /** Of all sealed runs, in the order in which they were sealed. */
  readonly files: readonly PublishedFile[]
  /** Those to which runs add that aren't sealed. */
  readonly growing: readonly OutputPlace[]
  /** By run, the sinks with files of which it is erased what they are called or hold. */
  readonly erased: ReadonlyMap<string, readonly string[]>
  /** By run, why what it published can't be read. */
  readonly unreadable: ReadonlyMap<string, string>
}

export async function publishedFiles(reader: LedgerReader): Promise<Published> {
  const sealed: Array<{ readonly ended_us: number; readonly files: readonly PublishedFile[] }> = []
  const growing: OutputPlace[] = []
  const erased = new Map<string, readonly string[]>()
  const unreadable = new Map<string, string>()
  for (const { log, run } of await reader.logs()) {
    if (run === null) continue
    try {
      const { last, ended_us, publish } = await closingOf(reader, log)
      const intents = await intentsOf(reader, log)
      const named = await namedIn(reader, log)
      if (last?.k === 'seal' && publish !== null && ended_us !== null) {
        const { topology } = await openingOf(reader, log)
        const artifacts = await artifactsOf(reader, log, publish, topology)
        const sinks = publish.entry.artifacts.flatMap(({ sink, paths }) =>
          paths === undefined ? [] : [topology.nodes[sink - 1]?.name ?? ''],
        )
        erased.set(
          run,
          sinks.filter(sink => !artifacts.has(sink)),
        )
        sealed.push({ ended_us, files: filesIn(artifacts, run, named, intents) })
      } else if (last?.k !== 'seal')
        // Files that rows name get theirs right before the seal.
        for (const [sink, { path, mode, by_value }] of Object.entries(intents))
          if (mode === 'append' && path !== null && by_value !== true) growing.push({ path, ...placeOf(sink, named) })
    } catch (error) {
      if (!isCustodyError(error)) throw error
      unreadable.set(run, error.message)
    }
  }
  const files = sealed.sort((a, b) => a.ended_us - b.ended_us).flatMap(each => each.files)
  return { files, growing, erased, unreadable }
}

/** What the plan says of places: its folder, and by node the paths as they are written. */
interface Named {
  readonly folder: string | null
  readonly paths: ReadonlyMap<string, string>
}

async function namedIn(reader: LedgerReader, log: number): Promise<Named> {
  const opening = await openingOf(reader, log)
  const values = new ValuesOnRecord(reader, log)
  const options = await ofNodes(opening, values, 'options')
  const paths = [...options].flatMap(([node, each]) => {
    if (!isObject(each) || !Object.hasOwn(each, 'path')) return []
    return typeof each.path === 'string' ? [[node, each.path] as const] : []
  })
  return { folder: await values.get(0, opening.values, 'folder'), paths: new Map(paths) }
}

const placeOf = (sink: string, { folder, paths }: Named) => ({ folder, named: paths.get(sink) ?? null })

function filesIn(
  artifacts: ReadonlyMap<string, readonly Artifact[]>,
  run: string,
  named: Named,
  intents: SinkIntents,
): PublishedFile[] {
  return [...artifacts].flatMap(([sink, files]) => {
    const { mode, by_value = false } = (Object.hasOwn(intents, sink) ? intents[sink] : null) ?? {}
    const place = placeOf(sink, named)
    return files.map(({ path, bytes, sha256 }) => ({
      run,
      sink,
      path,
      // A pattern says of none of its files where it is.
      ...(by_value ? { ...place, named: null } : place),
      bytes,
      sha256,
      appended: mode === 'append',
    }))
  })
}

/** The output files of a ledger's runs, as their publish entries say they stand. */
import type { LedgerReader } from '../../ledger/read-port.ts'
import { isCustodyError } from '../../model/error.ts'
import type { Json } from '../../model/row.ts'
import { closingOf, valueIn } from '../runs/run-log.ts'
import { artifactsFrom } from '../runs/run-values.ts'
import { asObject, ShapeError } from '../shape.ts'

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
  /** By run, why what it published can't be read. */
  readonly unreadable: ReadonlyMap<string, string>
}

export async function publishedFiles(reader: LedgerReader): Promise<Published> {
  const sealed: Array<{ readonly ended_us: number; readonly files: readonly PublishedFile[] }> = []
  const growing: OutputPlace[] = []
  const unreadable = new Map<string, string>()
  for (const { log, run } of await reader.logs()) {
    if (run === null) continue
    try {
      const { last, ended_us, publish } = await closingOf(reader, log)
      const intents = intentsIn(await valueIn(reader, log, 0, 1))
      const named = namedIn(await valueIn(reader, log, 0, 0))
      if (last?.k === 'seal' && publish !== null && ended_us !== null) {
        const artifacts = await valueIn(reader, log, publish.seq, 0)
        sealed.push({ ended_us, files: filesIn(artifacts, run, named, intents) })
      } else if (last?.k !== 'seal')
        // Files that rows name get theirs right before the seal.
        for (const [sink, { path, appends, by_value }] of intents)
          if (appends && path !== null && !by_value) growing.push({ path, ...placeOf(sink, named) })
    } catch (error) {
      if (!(error instanceof ShapeError) && !isCustodyError(error)) throw error
      unreadable.set(run, error.message)
    }
  }
  const files = sealed.sort((a, b) => a.ended_us - b.ended_us).flatMap(each => each.files)
  return { files, growing, unreadable }
}

interface Intent {
  readonly path: string | null
  readonly appends: boolean
  readonly by_value: boolean
}
type Intents = ReadonlyMap<string, Intent>

function intentsIn(value: Json): Intents {
  if (value === null) return new Map()
  return new Map(
    Object.entries(asObject(value, 'intents')).map(([sink, intent]) => {
      const { path, mode, by_value } = asObject(intent, `intents.${sink}`)
      const known = typeof path === 'string' ? path : null
      return [sink, { path: known, appends: mode === 'append', by_value: by_value === true }] as const
    }),
  )
}

/** What the plan says of places: its folder, and by node the paths as they are written. */
interface Named {
  readonly folder: string | null
  readonly paths: ReadonlyMap<string, string>
}

function namedIn(value: Json): Named {
  if (value === null) return { folder: null, paths: new Map() }
  const { folder, options = {} } = asObject(value, 'plan')
  const paths = Object.entries(asObject(options, 'plan.options')).flatMap(([node, each]) => {
    if (typeof each !== 'object' || each === null || !('path' in each)) return []
    return typeof each.path === 'string' ? [[node, each.path] as const] : []
  })
  return { folder: typeof folder === 'string' && folder !== '' ? folder : null, paths: new Map(paths) }
}

const placeOf = (sink: string, { folder, paths }: Named) => ({ folder, named: paths.get(sink) ?? null })

function filesIn(value: Json, run: string, named: Named, intents: Intents): PublishedFile[] {
  if (value === null) return []
  return Object.entries(artifactsFrom(value)).flatMap(([sink, files]) => {
    const { appends: appended = false, by_value = false } = intents.get(sink) ?? {}
    const place = placeOf(sink, named)
    return files.map(({ path, bytes, sha256 }) => ({
      run,
      sink,
      path,
      // A pattern says of none of its files where it is.
      ...(by_value ? { ...place, named: null } : place),
      bytes,
      sha256,
      appended,
    }))
  })
}

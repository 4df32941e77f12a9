/** The output files of a ledger's runs, as their publish entries say they stand. */
import type { LedgerReader } from '../../ledger/read-port.ts'
import { isCustodyError } from '../../model/error.ts'
import type { Json } from '../../model/row.ts'
import { closingOf, valueIn } from '../runs/run-log.ts'
import { asObject, hex, int, ShapeError, text } from '../shape.ts'

export interface PublishedFile {
  readonly run: string
  readonly sink: string
  /** Absolute. */
  readonly path: string
  /** Absolute folder of the pipeline's file; null if the plan's text is erased. */
  readonly folder: string | null
  readonly bytes: number
  /** Lower-case hex, of the file's first `bytes` bytes. */
  readonly sha256: string
  /** Whether the run added to what was there, so that others may add to it. */
  readonly appended: boolean
}

export interface Published {
  /** Of all sealed runs, in the order in which they were sealed. */
  readonly files: readonly PublishedFile[]
  /** Paths to which runs add that aren't sealed. */
  readonly growing: ReadonlySet<string>
  /** By run, why what it published can't be read. */
  readonly unreadable: ReadonlyMap<string, string>
}

export async function publishedFiles(reader: LedgerReader): Promise<Published> {
  const sealed: Array<{ readonly ended_us: number; readonly files: readonly PublishedFile[] }> = []
  const growing = new Set<string>()
  const unreadable = new Map<string, string>()
  for (const { log, run } of await reader.logs()) {
    if (run === null) continue
    try {
      const { last, ended_us, publish } = await closingOf(reader, log)
      const intents = intentsIn(await valueIn(reader, log, 0, 1))
      if (last?.k === 'seal' && publish !== null && ended_us !== null) {
        const folder = folderIn(await valueIn(reader, log, 0, 0))
        const artifacts = await valueIn(reader, log, publish.seq, 0)
        sealed.push({ ended_us, files: filesIn(artifacts, run, folder, intents) })
      } else if (last?.k !== 'seal')
        for (const { path, appends } of intents.values()) if (appends && path !== null) growing.add(path)
    } catch (error) {
      if (!(error instanceof ShapeError) && !isCustodyError(error)) throw error
      unreadable.set(run, error.message)
    }
  }
  const files = sealed.sort((a, b) => a.ended_us - b.ended_us).flatMap(each => each.files)
  return { files, growing, unreadable }
}

type Intents = ReadonlyMap<string, { readonly path: string | null; readonly appends: boolean }>

function intentsIn(value: Json): Intents {
  if (value === null) return new Map()
  return new Map(
    Object.entries(asObject(value, 'intents')).map(([sink, intent]) => {
      const { path, mode } = asObject(intent, `intents.${sink}`)
      return [sink, { path: typeof path === 'string' ? path : null, appends: mode === 'append' }] as const
    }),
  )
}

function folderIn(value: Json): string | null {
  const folder = value === null ? undefined : asObject(value, 'plan').folder
  return typeof folder === 'string' && folder !== '' ? folder : null
}

function filesIn(value: Json, run: string, folder: string | null, intents: Intents): PublishedFile[] {
  if (value === null) return []
  return Object.entries(asObject(value, 'published')).map(([sink, artifact]) => {
    const facts = asObject(artifact, `published.${sink}`)
    return {
      run,
      sink,
      path: text()(facts.path, `published.${sink}.path`),
      folder,
      bytes: int()(facts.bytes, `published.${sink}.bytes`),
      sha256: hex(32)(facts.sha256, `published.${sink}.sha256`),
      appended: intents.get(sink)?.appends === true,
    }
  })
}

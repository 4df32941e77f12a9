/** Where all files stood that a run read and wrote, as far as that isn't erased. */
import { resolve } from 'node:path'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { isObject } from '../../model/row.ts'
import { absolutePlace } from '../../model/store-url.ts'
import { listedFiles } from './input-files.ts'
import { filesReadIn, intentsOf, planOf } from './opening-values.ts'
import { artifactsOf } from './published-values.ts'
import { closingOf, openingOf } from './run-log.ts'

export interface FileOfRun {
  /** Absolute. */
  readonly path: string
  /** What it is, as in "which `rows` reads". */
  readonly what: string
}

/** @throws CustodyError CUSTODY_VERIFY_FAILED */
export async function filesOfRun(reader: LedgerReader, log: number): Promise<readonly FileOfRun[]> {
  const { folder, file, options } = await planOf(reader, log)
  const { topology } = await openingOf(reader, log)
  const files: FileOfRun[] = []
  const read = (name: string, paths: readonly string[]) => {
    if (folder !== null)
      for (const path of paths)
        files.push({ path: absolutePlace(folder, path), what: `which \`${name}\` of that run read` })
  }
  if (folder !== null && file !== null)
    files.push({ path: resolve(folder, file), what: 'which is the pipeline of that run' })
  for (const [name, paths] of Object.entries((await listedFiles(reader, log)) ?? {})) read(name, paths)
  for (const [name, each] of await filesReadIn(reader, log))
    read(
      name,
      each.map(({ path }) => path),
    )
  for (const { name, kind } of topology.nodes) {
    const of = options[name]
    if (kind === 'source' && isObject(of) && typeof of.path === 'string') read(name, [of.path])
  }
  const { publish } = await closingOf(reader, log)
  for (const [name, artifacts] of await artifactsOf(reader, log, publish, topology))
    for (const { path } of artifacts) files.push({ path, what: `which \`${name}\` of that run wrote` })
  for (const [name, { path }] of Object.entries(await intentsOf(reader, log)))
    if (path !== null) files.push({ path, what: `which \`${name}\` of that run wrote` })
  return files
}

/**
 * `verify --files`, beside outputs (files.ts): which of the files that a run read are still there as it read them. That one has changed since,
 * or is gone, is said, and is no fault: what it held then is in the ledger.
 */
import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { isCustodyError } from '../../model/error.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { isObject, type Json } from '../../model/row.ts'
import { isStoreUrl } from '../../model/store-url.ts'
import { InputFiles } from '../runs/input-files.ts'
import { planOf } from '../runs/opening-values.ts'
import { closingOf, openingOf } from '../runs/run-log.ts'
import { isUrl, pathIn, pathOption } from '../runs/source-path.ts'
import { ValuesOnRecord } from '../runs/values-on-record.ts'
import type { CheckResult } from './check.ts'
import { type FilesOptions, hashOf, MOST_NOT_CHECKED, placeOf } from './files.ts'

/** A file that a source read, as far as it was read. */
interface ReadFile {
  readonly source: string
  /** As the pipeline's file names it, or as the source listed it; null if that is erased. */
  readonly named: string | null
  readonly bytes: number
  /** Whether that was all of it, so that what has been appended since is a change. */
  readonly whole: boolean
  /** null if it is erased. */
  readonly sha256: string | null
  /** Of what the hash on record is, if it isn't of the file's bytes. */
  readonly hashed: string | null
}

/** By run, of those that read files. `compared`: how many are as they were read; `not_checked`: what became of the others. */
export async function compareInputs(
  reader: LedgerReader,
  runs: readonly string[],
  options: FilesOptions = {},
): Promise<ReadonlyMap<string, CheckResult>> {
  const checks = new Map<string, CheckResult>()
  for (const run of runs) {
    const log = await reader.logOf(run)
    if (log === null) continue
    try {
      const { folder, files } = await filesOf(reader, log)
      if (files.length > 0) checks.set(run, await compare(files, folder, options))
    } catch (error) {
      if (!isCustodyError(error)) throw error
      checks.set(run, result(0, [`what was read can't be known: ${error.message}`]))
    }
  }
  return checks
}

function result(compared: number, others: readonly string[]): CheckResult {
  const more = others.length - MOST_NOT_CHECKED
  const not_checked = more <= 0 ? others : [...others.slice(0, MOST_NOT_CHECKED), `and ${grouped(more)} more`]
  return { name: 'inputs', ok: true, problems: [], compared, not_checked }
}

async function compare(
  files: readonly ReadFile[],
  folder: string | null,
  { root }: FilesOptions,
): Promise<CheckResult> {
  const others: string[] = []
  for (const file of files) {
    const { source, named } = file
    const path = pathIn({ path: named }, folder)
    const place = path === null ? null : placeOf({ path, folder, named }, root)
    const became = await whatBecame(file, place)
    if (became !== null) others.push(`source ${source}: ${place ?? named ?? 'a file'} ${became}`)
  }
  return result(files.length - others.length, others)
}

/** null: what was read of it stands there. */
async function whatBecame({ bytes, whole, sha256, hashed }: ReadFile, place: string | null): Promise<string | null> {
  if (place === null || sha256 === null) return 'is not compared: its name or its hash is erased'
  if (hashed !== null) return `is not compared: on record is the hash of ${hashed}`
  if (isStoreUrl(place)) return 'is not compared: it is in a store'
  let found: Stats
  try {
    found = await stat(place)
    if (!found.isFile()) return 'is not compared: it is no ordinary file'
    if (found.size < bytes || (whole && found.size > bytes))
      return `was changed since: it has ${counted(found.size, 'byte', 'bytes')}, and ${grouped(bytes)} were read`
    return (await hashOf(place, bytes)) === sha256 ? null : 'was changed since it was read'
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'is gone' : `can't be read (${code ?? message})`
  }
}

async function filesOf(
  reader: LedgerReader,
  log: number,
): Promise<{ readonly folder: string | null; readonly files: readonly ReadFile[] }> {
  const { topology, reruns } = await openingOf(reader, log)
  const { commit } = await closingOf(reader, log)
  const { options, folder } = await planOf(reader, log)
  // What is read again is on record of the run that read it.
  if (reruns !== undefined) return { folder, files: [] }
  const listed = await InputFiles.of(reader, log)
  const values = new ValuesOnRecord(reader, log)
  const files: ReadFile[] = []
  for (const [i, { name, kind, plugin }] of topology.nodes.entries()) {
    if (kind !== 'source') continue
    const entries = listed?.entries.get(name)
    for (const entry of entries ?? []) {
      const { name: named = null, sha256 = null } = (await listed?.valuesOf(entry)) ?? {}
      // Where files themselves are the rows. Of one that couldn't be read nothing was.
      const whole = plugin === 'files' && entry.done && entry.bytes > 0
      files.push({ source: name, named, bytes: entry.bytes, whole, sha256, hashed: hashedOf(options[name], named) })
    }
    const cursor = commit?.entry.cursors.find(({ source }) => source === i + 1)
    const named = pathOption(options[name])
    if (entries !== undefined || commit === null || cursor?.bytes === undefined || named === null || isUrl(named))
      continue
    const sha256 = await values.get(commit.seq, cursor, 'hash')
    files.push({
      source: name,
      named,
      bytes: cursor.bytes,
      whole: false,
      sha256,
      hashed: hashedOf(options[name], named),
    })
  }
  return { folder, files }
}

/**
 * Of a database's file it is of rows (options `table`, `query`); of what is packed, of what was unpacked (the option `compression`): members of
 * archives have the archive's name before their own.
 */
function hashedOf(options: Json | undefined, named: string | null): string | null {
  const { table, query, compression } = isObject(options) ? options : {}
  if (table !== undefined || query !== undefined) return 'the rows that were read'
  const unpacked = 'what was unpacked'
  if (typeof compression === 'string' && compression !== 'auto') return compression === 'none' ? null : unpacked
  return /\.(gz|zst|zstd|zip)(\/|$)/i.test(named ?? '') ? unpacked : null
}

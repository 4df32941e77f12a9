/**
 * `verify --files`, beside outputs (files.ts): which of the files that a run read are still there as it read them. That one has changed since,
 * or is gone, is said, and is no fault: what it held then is in the ledger.
 */
import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { RunEntry } from '../../format/entry.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { isCustodyError } from '../../model/error.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { partOf } from '../../model/part-ids.ts'
import { isObject, type Json } from '../../model/row.ts'
import { isStoreUrl } from '../../model/store-url.ts'
import { decodeRunEntry } from '../decode.ts'
import { JoinedLedger } from '../evidence/joined-ledger.ts'
import { readable } from '../runs/damaged.ts'
import { InputFiles } from '../runs/input-files.ts'
import { planOf } from '../runs/opening-values.ts'
import { type Closing, closingOf, openingOf } from '../runs/run-log.ts'
import { isUrl, pathIn, pathOption } from '../runs/source-path.ts'
import { ValuesOnRecord } from '../runs/values-on-record.ts'
import type { CheckResult } from './check.ts'
import { type FilesOptions, hashOf, MOST_NOT_CHECKED, placeOf } from './files.ts'

/** A file that a source read, as far as it was read. */
interface ReadFile {
  readonly source: string
  /** As the pipeline's file names it, or as the source listed it; null if that is erased. */
  readonly named: string | null
  /** What was read of it, one after the other: by one, or by each split. */
  readonly pieces: readonly Piece[]
  /** Whether that was all of it, so that what has been appended since is a change. */
  readonly whole: boolean
  /** Of what the hash on record is, if it isn't of the file's bytes. */
  readonly hashed: string | null
}

type CommitOnRecord = NonNullable<Closing['commit']>

interface Piece {
  readonly bytes: number
  /** null if it is erased. */
  readonly sha256: string | null
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
      const { folder, files } = await filesOf(new JoinedLedger(reader), log)
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
async function whatBecame({ pieces, whole, hashed }: ReadFile, place: string | null): Promise<string | null> {
  const bytes = pieces.reduce((sum, each) => sum + each.bytes, 0)
  if (place === null || pieces.some(({ sha256 }) => sha256 === null))
    return 'is not compared: its name or its hash is erased'
  if (hashed !== null) return `is not compared: on record is the hash of ${hashed}`
  if (isStoreUrl(place)) return 'is not compared: it is in a store'
  let found: Stats
  try {
    found = await stat(place)
    if (!found.isFile()) return 'is not compared: it is no ordinary file'
    if (found.size < bytes || (whole && found.size > bytes))
      return `was changed since: it has ${counted(found.size, 'byte', 'bytes')}, and ${grouped(bytes)} were read`
    let from = 0
    for (const piece of pieces) {
      if ((await hashOf(place, piece.bytes, from)) !== piece.sha256) return 'was changed since it was read'
      from += piece.bytes
    }
    return null
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
  const { options, folder } = await planOf(reader, log)
  // What is read again is on record of the run that read it.
  if (reruns !== undefined) return { folder, files: [] }
  const listed = await InputFiles.of(reader, log)
  const read = await piecesRead(reader, log)
  const files: ReadFile[] = []
  for (const [i, { name, kind, plugin }] of topology.nodes.entries()) {
    if (kind !== 'source') continue
    const of_list = listed?.files.get(name)
    for (const file of of_list ?? []) {
      const pieces: Piece[] = []
      let named: string | null = null
      for (const entry of file.pieces) {
        const values = await listed?.valuesOf(entry)
        named = values?.name ?? named
        pieces.push({ bytes: entry.bytes, sha256: values?.sha256 ?? null })
      }
      // Where files themselves are the rows. Of one that couldn't be read nothing was.
      const whole = plugin === 'files' && file.done && file.bytes > 0
      files.push({ source: name, named, pieces, whole, hashed: hashedOf(options[name], named) })
    }
    const pieces = read.get(i + 1)
    const named = pathOption(options[name])
    if (of_list !== undefined || pieces === undefined || named === null || isUrl(named)) continue
    files.push({ source: name, named, pieces, whole: false, hashed: hashedOf(options[name], named) })
  }
  return { folder, files }
}

/** By source: as the last commit has it, in a run with splits that of each. */
async function piecesRead(reader: LedgerReader, log: number): Promise<ReadonlyMap<number, readonly Piece[]>> {
  const last = new Map<number, CommitOnRecord>()
  const dealt = new Map<number, { readonly seq: number; readonly cut: Extract<RunEntry, { k: 'cut' }> }>()
  const { splits, topology } = await openingOf(reader, log)
  if (splits === undefined) {
    const { commit } = await closingOf(reader, log)
    if (commit !== null) last.set(0, commit)
  } else
    for await (const { seq, body } of reader.entriesOfRun(log)) {
      const { facts } = readable(log, () => decodeRunEntry(seq, body))
      if (facts.k === 'cut' && facts.dealt !== undefined) dealt.set(facts.source, { seq, cut: facts })
      if (facts.k === 'commit' && partOf(seq) > 0) last.set(partOf(seq), { seq, entry: facts })
    }
  const values = new ValuesOnRecord(reader, log)
  const read = new Map<number, Piece[]>()
  // Splits have read what they were dealt, and the source was read once.
  for (const [source, { seq, cut }] of dealt)
    read.set(source, [{ bytes: cut.dealt?.bytes ?? 0, sha256: (await values.get(seq, cut, 'input'))?.sha256 ?? null }])
  for (const { seq, entry } of last.values())
    for (const { source, bytes, hash } of entry.cursors) {
      if (bytes === undefined || topology.nodes[source - 1] === undefined || dealt.has(source)) continue
      const pieces = read.get(source) ?? []
      // What a split has read nothing of it has no hash of.
      if (bytes > 0 || splits === undefined)
        pieces.push({ bytes, sha256: await values.get(seq, hash === undefined ? {} : { hash }, 'hash') })
      read.set(source, pieces)
    }
  return read
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

/** `verify --files`: the outputs of a sealed run, as the run left them, against the files that are there now. */
import { createHash } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import type { RunEntry } from '../../model/entry.ts'
import { CustodyError } from '../../model/error.ts'
import { DecodeError, decodeRunEntry, isSubjectBody } from '../decode.ts'
import { hex, int, mapOf, object, ShapeError, text } from '../shape.ts'
import { decodePayload } from '../values.ts'
import { Check, type CheckResult, counted, grouped } from './check.ts'

const ARTIFACTS = mapOf(object({ path: text(), rows: int(), bytes: int(), sha256: hex(32) }))

interface Artifact {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

/**
 * Compares each file that the run published with what stands at its path: length and SHA-256. A run that isn't sealed has
 * no final outputs, and so no problems. The check's name is `files`.
 * @throws CustodyError CUSTODY_RUN_UNKNOWN
 */
export async function verifyFiles(reader: LedgerReader, run: string): Promise<CheckResult> {
  const check = new Check('files')
  const found = (await reader.logs()).find(each => each.run === run)
  if (found === undefined) throw new CustodyError('CUSTODY_RUN_UNKNOWN', `${reader.url} has no run ${run}`)
  const published = await lastPublished(reader, found.log)
  if (published === null) return check.result()
  try {
    for (const [sink, artifact] of await artifactsOf(reader, found.log, published, check)) {
      const problem = await fileProblem(artifact)
      if (problem !== null) check.add(`sink ${sink}: ${artifact.path} ${problem}`)
    }
  } catch (error) {
    if (!(error instanceof DecodeError) && !(error instanceof ShapeError)) throw error
    check.add(`what the run published can't be read: ${error.message}`)
  }
  return check.result()
}

/** The last `publish` entry of a sealed run; null if it isn't sealed, or published nothing. */
async function lastPublished(reader: LedgerReader, log: number): Promise<StoredEntry | null> {
  let published: StoredEntry | null = null
  let sealed = false
  for await (const entry of reader.entriesOfRun(log)) {
    if (isSubjectBody(entry.row, entry.body)) continue
    const kind = kindOf(entry)
    if (kind === 'publish') published = entry
    sealed = kind === 'seal'
  }
  return sealed ? published : null
}

/** An entry that can't be read is for `verifyLedger` to tell. */
function kindOf({ seq, body }: StoredEntry): RunEntry['k'] | null {
  try {
    return decodeRunEntry(seq, body).facts.k
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}

async function artifactsOf(
  reader: LedgerReader,
  log: number,
  { seq }: StoredEntry,
  check: Check,
): Promise<ReadonlyMap<string, Artifact>> {
  const payload = await reader.payload(log, seq)
  if (payload === null) {
    check.add('what the run published is erased')
    return new Map()
  }
  const [stored] = decodePayload(payload).values
  if (stored?.kind !== 'full') throw new DecodeError(seq, 'it is stored as a change of another value')
  return ARTIFACTS(stored.value, 'artifacts')
}

async function fileProblem({ path, bytes, sha256 }: Artifact): Promise<string | null> {
  let found: Stats
  try {
    found = await stat(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'is missing' : `can't be read (${code})`
  }
  if (!found.isFile()) return 'is not a file'
  if (found.size < bytes) return `has ${counted(found.size, 'byte', 'bytes')}, and the run left ${grouped(bytes)}`
  let actual: string
  try {
    actual = await hashOf(path, bytes)
  } catch (error) {
    return `can't be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`
  }
  if (actual !== sha256) return `was changed: its SHA-256 is ${actual}, and the run left ${sha256}`
  if (found.size > bytes) return `was added to: ${counted(found.size - bytes, 'byte', 'bytes')} more than the run left`
  return null
}

/** SHA-256 of the first `bytes` bytes, as hex. */
async function hashOf(path: string, bytes: number): Promise<string> {
  const hash = createHash('sha256')
  // `end` is the last byte's offset.
  if (bytes > 0) for await (const chunk of createReadStream(path, { end: bytes - 1 })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

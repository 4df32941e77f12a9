/** `check --source NAME=PATH --output NAME=PATH`: whether files at hand are those that a record discloses. */
import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { CustodyError } from '../model/error.ts'
import type { CheckedRecord } from '../read/check/check-record.ts'
import type { DisclosedFile } from '../read/check/record-claims.ts'
import type { Claim } from '../read/check/word.ts'
import { Check } from '../read/verify/check.ts'
import { counted } from './render/text.ts'

export interface GivenFiles {
  /** Each `NAME=PATH`. */
  readonly source?: readonly string[]
  readonly output?: readonly string[]
}

const KINDS = {
  source: { files: 'sources', did: 'read', unit: 'record' },
  output: { files: 'outputs', did: 'published', unit: 'row' },
} as const
type Kind = keyof typeof KINDS

/** What the source or sink `name` is said to have read or published. */
export interface ComparedFile {
  readonly kind: Kind
  readonly name: string
  /** As it was named. */
  readonly path: string
  /** Absolute. */
  readonly file: string
}

/** @throws CustodyError CUSTODY_ARGUMENT, CUSTODY_FILE_NOT_FOUND */
export function comparedFiles(cwd: string, given: GivenFiles): readonly ComparedFile[] {
  return (['source', 'output'] as const).flatMap(kind =>
    (given[kind] ?? []).map(text => {
      const { name, path } = namedFile(kind, text)
      const compared = { kind, name, path, file: resolve(cwd, path) }
      sizeOf(compared)
      return compared
    }),
  )
}

/**
 * The record with one more check, and what is proven of the files.
 * @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_FILE_UNREADABLE
 */
export async function withFiles(record: CheckedRecord, compared: readonly ComparedFile[]): Promise<CheckedRecord> {
  const check = new Check('files')
  const proven: Claim[] = []
  const by = record.signed_by.join(', ')
  if (!record.ok) check.leave()
  else
    for (const each of compared) {
      const { holds, what } = await claimOf(each, record)
      if (holds) proven.push({ what, by })
      else check.add(what)
    }
  const result = check.result()
  const { ok, checks } = record
  return { ...record, ok: ok && result.ok, proven: [...record.proven, ...proven], checks: [...checks, result] }
}

function namedFile(kind: Kind, text: string): { readonly name: string; readonly path: string } {
  const [, name, path] = /^([^=]+)=(.+)$/s.exec(text) ?? []
  if (name === undefined || path === undefined)
    throw new CustodyError('CUSTODY_ARGUMENT', `--${kind} ${text} isn’t NAME=PATH`, {
      hint: `Name the ${kind === 'source' ? 'source' : 'sink'}, and its file: --${kind} ${kind === 'source' ? 'applications=data/applications.csv' : 'approved=out/approved.csv'}`,
    })
  return { name, path }
}

async function claimOf(
  compared: ComparedFile,
  { files }: CheckedRecord,
): Promise<{ readonly holds: boolean; readonly what: string }> {
  const { kind, name, path } = compared
  const { did, unit } = KINDS[kind]
  const disclosed: readonly Part[] = files[KINDS[kind].files].find(each => each.name === name)?.files ?? []
  if (disclosed.length === 0)
    return {
      holds: false,
      what: `${path}: the record doesn’t disclose what ${name} ${did} (whoever has the ledger can, with --disclose ${kind}:${name})`,
    }
  const found = await partIn(compared, disclosed)
  if (found === null) return { holds: false, what: `${path} isn’t what ${name} ${did}` }
  const { count, bytes, is_all } = found
  const is = is_all ? 'is' : 'begins with'
  const sha256 = await hashOf(compared, 0, bytes)
  return {
    holds: true,
    what: `${path} ${is} what ${name} ${did}: ${counted(count, unit)} in ${counted(bytes, 'byte')}, SHA-256 ${sha256}`,
  }
}

type Part = DisclosedFile & { readonly whole?: boolean }

interface FoundPart {
  readonly count: number
  readonly bytes: number
  /** The file has no more than that. */
  readonly is_all: boolean
}

/** The one that the file is, or begins with; null if none. */
async function partIn(compared: ComparedFile, parts: readonly Part[]): Promise<FoundPart | null> {
  const size = sizeOf(compared)
  const hashes = new Map<string, string>()
  const hashAt = async (from: number, bytes: number) => {
    const known = hashes.get(`${from} ${bytes}`) ?? (await hashOf(compared, from, bytes))
    hashes.set(`${from} ${bytes}`, known)
    return known
  }
  for (const { pieces, count, whole = true } of parts) {
    const bytes = pieces.reduce((sum, each) => sum + each.bytes, 0)
    if (whole ? bytes !== size : bytes > size) continue
    let at = 0
    let fits = true
    for (const piece of pieces) {
      fits &&= (await hashAt(at, piece.bytes)) === piece.sha256
      at += piece.bytes
    }
    if (fits) return { count, bytes, is_all: bytes === size }
  }
  return null
}

function sizeOf({ kind, name, file }: ComparedFile): number {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat?.isFile() === true) return stat.size
  throw new CustodyError('CUSTODY_FILE_NOT_FOUND', `${file} ${stat === undefined ? 'doesn’t exist' : 'is no file'}`, {
    hint: `Check the path in --${kind} ${name}=PATH: it is relative to the folder that you are in.`,
  })
}

/** Of so many bytes from one on. */
async function hashOf({ file }: ComparedFile, from: number, bytes: number): Promise<string> {
  const hash = createHash('sha256')
  try {
    if (bytes > 0)
      for await (const chunk of createReadStream(file, { start: from, end: from + bytes - 1 })) hash.update(chunk)
  } catch (error) {
    // cast: nothing else is thrown there.
    const why = (error as Error).message
    throw new CustodyError('CUSTODY_FILE_UNREADABLE', `${file} can’t be read: ${why}`, {
      hint: 'Check that you may read it.',
      cause: error,
    })
  }
  return hash.digest('hex')
}

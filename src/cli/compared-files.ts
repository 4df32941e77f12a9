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

/** The record with one more check, and what is proven of the files. @throws CustodyError CUSTODY_ARGUMENT, CUSTODY_FILE_NOT_FOUND */
export async function withFiles(cwd: string, record: CheckedRecord, given: GivenFiles): Promise<CheckedRecord> {
  const check = new Check('files')
  const proven: Claim[] = []
  const by = record.signed_by.join(', ')
  if (!record.ok) check.leave()
  for (const kind of ['source', 'output'] as const)
    for (const text of given[kind] ?? []) {
      const { name, path } = namedFile(kind, text)
      const found = record.ok ? await claimOf(kind, name, path, resolve(cwd, path), record) : null
      if (found?.holds === true) proven.push({ what: found.what, by })
      else if (found !== null) check.add(found.what)
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
  kind: Kind,
  name: string,
  path: string,
  file: string,
  { files }: CheckedRecord,
): Promise<{ readonly holds: boolean; readonly what: string }> {
  const { did, unit } = KINDS[kind]
  const disclosed: readonly Part[] = files[KINDS[kind].files].find(each => each.name === name)?.files ?? []
  if (disclosed.length === 0)
    return {
      holds: false,
      what: `${path}: the record doesn’t disclose what ${name} ${did} (whoever has the ledger can, with --disclose ${kind}:${name})`,
    }
  const found = await partIn(file, disclosed)
  if (found === null) return { holds: false, what: `${path} isn’t what ${name} ${did}` }
  const is = found.whole === false ? 'begins with' : 'is'
  const { count, bytes, sha256 } = found
  return {
    holds: true,
    what: `${path} ${is} what ${name} ${did}: ${counted(count, unit)} in ${counted(bytes, 'byte')}, SHA-256 ${sha256}`,
  }
}

type Part = DisclosedFile & { readonly whole?: boolean }

/** The one that the file is, or begins with; null if none. */
async function partIn(file: string, parts: readonly Part[]): Promise<Part | null> {
  const bytes = sizeOf(file)
  const hashes = new Map<number, string>()
  for (const part of parts) {
    if (part.whole === false ? part.bytes > bytes : part.bytes !== bytes) continue
    const sha256 = hashes.get(part.bytes) ?? (await hashOf(file, part.bytes))
    hashes.set(part.bytes, sha256)
    if (sha256 === part.sha256) return part
  }
  return null
}

function sizeOf(file: string): number {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat?.isFile() === true) return stat.size
  throw new CustodyError('CUSTODY_FILE_NOT_FOUND', `${file} ${stat === undefined ? 'doesn’t exist' : 'is no file'}`)
}

/** Of its first bytes. */
async function hashOf(file: string, bytes: number): Promise<string> {
  const hash = createHash('sha256')
  if (bytes > 0) for await (const chunk of createReadStream(file, { end: bytes - 1 })) hash.update(chunk)
  return hash.digest('hex')
}

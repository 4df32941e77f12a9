/** `verify --files`: the outputs of sealed runs, as the runs left them, against the files that are there now. */
import { createHash } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { isCustodyError } from '../../model/error.ts'
import { DecodeError } from '../decode.ts'
import { type PublishedFile, publishedFiles } from '../show/published.ts'
import { Check, type CheckResult, counted, grouped } from './check.ts'

/**
 * By run, the check `files`: each file that it published against what stands at its path, length and SHA-256. Of a file
 * that a later run wrote, too, only what that run left can be told. A run that isn't sealed has no final outputs.
 */
export async function verifyFiles(
  reader: LedgerReader,
  runs: readonly string[],
): Promise<ReadonlyMap<string, CheckResult>> {
  const checks = new Map(runs.map(run => [run, new Check('files')]))
  try {
    const files = await publishedFiles(reader)
    const latest = new Map(files.map(file => [file.path, file]))
    for (const file of latest.values()) {
      const check = checks.get(file.run)
      const problem = check === undefined ? null : await problemOf(file)
      if (problem !== null) check?.add(`sink ${file.sink}: ${file.path} ${problem}`)
    }
  } catch (error) {
    // Whose entry or payload it is, `verifyLedger` tells.
    if (!(error instanceof DecodeError) && !isCustodyError(error)) throw error
    for (const check of checks.values()) check.add(`what was published can't be read: ${error.message}`)
  }
  return new Map([...checks].map(([run, check]) => [run, check.result()]))
}

async function problemOf({ path, bytes, sha256 }: PublishedFile): Promise<string | null> {
  let found: Stats
  let actual: string
  try {
    found = await stat(path)
    if (!found.isFile()) return 'is not a file'
    if (found.size < bytes) return `has ${counted(found.size, 'byte', 'bytes')}, and the run left ${grouped(bytes)}`
    actual = await hashOf(path, bytes)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'is missing' : `can't be read (${code ?? message})`
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

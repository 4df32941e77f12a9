/** Compares output files with what the ledger says was written. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { LedgerReader } from '../ledger/read-port.ts'
import { CustodyError } from '../model/error.ts'
import { type PublishedFile, publishedFiles } from '../read/show/published.ts'
import { count, hashText } from './render/text.ts'

/**
 * By run, what is wrong with its files. A file that a later run replaced or appended to is compared with what that run says:
 * of the earlier ones nothing can be told any more.
 */
export async function checkFiles(
  reader: LedgerReader,
  runs: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const files = await publishedFiles(reader)
  const latest = new Map(files.map(file => [file.path, file]))
  const problems = new Map<string, string[]>(runs.map(run => [run, []]))
  for (const file of files) {
    if (latest.get(file.path) !== file) continue
    const problem = await problemOf(file)
    if (problem !== null) problems.get(file.run)?.push(`${file.path} (sink ${file.sink}): ${problem}`)
  }
  return problems
}

async function problemOf({ path, bytes, sha256 }: PublishedFile): Promise<string | null> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw unreadable(path, error)
  })
  if (found === null) return 'the file is gone'
  if (found.size !== bytes) return `it has ${count(found.size)} bytes; ${count(bytes)} were written`
  const hash = await hashOf(path)
  return hash === sha256 ? null : `its content was changed: it hashes to ${hashText(hash)}, not ${hashText(sha256)}`
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  } catch (error) {
    throw unreadable(path, error as NodeJS.ErrnoException)
  }
  return hash.digest('hex')
}

function unreadable(path: string, cause: NodeJS.ErrnoException): CustodyError {
  return new CustodyError('CUSTODY_FILE_UNREADABLE', `${path} can't be read (${cause.code ?? cause.message})`, {
    cause,
  })
}

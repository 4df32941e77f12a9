/** What a file holds, by its length and its hash. */
import { stat } from 'node:fs/promises'
import type { FileRead } from '../format/files-read.ts'
import { CustodyError } from '../model/error.ts'
import { hashOf } from '../read/verify/files.ts'

/** null if there is none, or what is there can't be read twice. @throws CustodyError CUSTODY_FILE_NOT_FOUND if it can't be read. */
export async function contentOf(path: string): Promise<Omit<FileRead, 'path'> | null> {
  try {
    const found = await stat(path)
    return found.isFile() ? { bytes: found.size, sha256: await hashOf(path, found.size) } : null
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const { code, message }: NodeJS.ErrnoException = error
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new CustodyError('CUSTODY_FILE_NOT_FOUND', `${path} can’t be read (${code ?? message})`, {
      where: { path },
      cause: error,
    })
  }
}

/** Reads the text of a pipeline file, and says in one sentence why it can't. */
import { open } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import type { ErrorCode } from '../model/error.ts'

const FILE_SIZE_MAX_BYTES = 1024 * 1024

export type FileText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string; readonly hint?: string }

/** At most 1 MiB is read, whatever the file's size. A byte order mark is dropped. */
export async function readPipelineText(file: string): Promise<FileText> {
  let bytes: Buffer
  try {
    bytes = await readUpTo(file, FILE_SIZE_MAX_BYTES + 1)
  } catch (error) {
    return refusal(file, (error as NodeJS.ErrnoException).code)
  }
  if (bytes.length > FILE_SIZE_MAX_BYTES) {
    const message = `${file} is larger than 1 MiB`
    const hint = 'did you name a data file? A pipeline file may have up to 1 MiB'
    return { ok: false, code: 'CUSTODY_FILE_TOO_LARGE', message, hint }
  }
  return decode(file, bytes)
}

async function readUpTo(file: string, size_bytes: number): Promise<Buffer> {
  const handle = await open(file, 'r')
  try {
    const buffer = Buffer.alloc(size_bytes)
    let length = 0
    while (length < size_bytes) {
      const { bytesRead } = await handle.read(buffer, length, size_bytes - length, null)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return buffer.subarray(0, length)
  } finally {
    await handle.close()
  }
}

function refusal(file: string, errno: string | undefined): FileText {
  const unreadable = { ok: false, code: 'CUSTODY_FILE_UNREADABLE' } as const
  switch (errno) {
    case 'ENOENT':
    case 'ENOTDIR':
      return notFound(file)
    case 'EISDIR':
      return { ...unreadable, message: `${file} is a directory`, hint: 'name the pipeline file in it' }
    case 'EACCES':
    case 'EPERM':
      return { ...unreadable, message: `${file} may not be read`, hint: 'check its permissions' }
    default:
      return { ...unreadable, message: `${file} can’t be read (${errno ?? 'unknown reason'})` }
  }
}

function notFound(file: string): FileText {
  const code = 'CUSTODY_FILE_NOT_FOUND'
  if (file === '') return { ok: false, code, message: 'the name of the file is empty' }
  const message = `${file} does not exist`
  return isAbsolute(file)
    ? { ok: false, code, message }
    : { ok: false, code, message, hint: 'check the path: it starts from the current folder' }
}

function decode(file: string, bytes: Buffer): FileText {
  const binary = { ok: false, code: 'CUSTODY_FILE_UNREADABLE' } as const
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return { ...binary, message: `${file} is in UTF-16`, hint: 'save it as UTF-8' }
  }
  if (bytes.includes(0)) return { ...binary, message: `${file} is a binary file`, hint: 'name a YAML file' }
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    // The one thing that a fatal decoder throws for.
    return { ...binary, message: `${file} isn’t text in UTF-8`, hint: 'save it as UTF-8' }
  }
}

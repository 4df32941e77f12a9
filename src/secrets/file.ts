/** Secrets in files of their own, as Docker and Kubernetes mount them. */
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Keeper, SecretProblem } from './keeper.ts'
import { storedBytes, unusable } from './stored.ts'

const RELATIVE = 'paths are relative to the folder of the pipeline file'
const MOST_BYTES = 65_536

/** `folder`: where relative paths start. */
export function fileKeeper(folder: string): Keeper<'file'> {
  return {
    placeOf: ({ path }) => resolve(folder, path),
    read: async (reference, signal) => {
      const path = resolve(folder, reference.path)
      try {
        // A pipe or a device may have no end.
        const found = await stat(path)
        if (!found.isFile()) throw notAFile(path)
        if (found.size > MOST_BYTES) throw unusable(reference, `has more than ${MOST_BYTES} bytes`)
        const stored = storedBytes(await readFile(path, { signal }), reference)
        // Editors and `echo` end a line that isn’t meant.
        return stored.kind === 'text' ? { kind: 'text', text: stored.text.replace(/\r?\n$/, '') } : stored
      } catch (error) {
        throw error instanceof SecretProblem ? error : (unreadable(path, error) ?? error)
      }
    },
  }
}

function notAFile(path: string): SecretProblem {
  return new SecretProblem('CUSTODY_SECRET_VALUE', `${path} isn’t a file that a secret could be in`)
}

function unreadable(path: string, error: unknown): SecretProblem | null {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new SecretProblem('CUSTODY_SECRET_NOT_FOUND', `there is no file ${path} with a secret`, RELATIVE)
  if (code === 'EACCES' || code === 'EPERM')
    return new SecretProblem('CUSTODY_SECRET_DENIED', `the file ${path} with a secret can’t be read by this user`)
  return null
}

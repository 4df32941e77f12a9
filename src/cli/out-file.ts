/** The file that --out names: it may not take the place of something that is needed, whether or not --force is given. */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { FilesInUse } from '../engine/nodes/sink/files-in-use.ts'
import { ownFiles } from '../host/files-in-use.ts'
import { isLedgerFile } from '../ledger/open-reader.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { CustodyError } from '../model/error.ts'
import { filesOfRun } from '../read/runs/files-of-run.ts'
import type { Context } from './context.ts'

/** As much of a file as shows what it is. */
const HEAD_BYTES = 100

/**
 * Refuses a path that is Custody's: the ledger at `url` and what SQLite has beside it, any other ledger, keys, the configuration folder.
 * @throws CustodyError CUSTODY_ARGUMENT, CUSTODY_OUTPUT
 */
export function refuseOwnFile({ env, cwd }: Context, path: string, url: string): void {
  const in_use = ownFiles(env, cwd, url)
  refuse(path, in_use.find(path) ?? ownByContent(path))
}

/** Refuses a path that a run read or wrote, or whose pipeline it is. @throws CustodyError CUSTODY_ARGUMENT, CUSTODY_VERIFY_FAILED */
export async function refuseFileOfRun(reader: LedgerReader, log: number, path: string): Promise<void> {
  // What isn't there can't be replaced.
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return
  const in_use = new FilesInUse()
  for (const each of await filesOfRun(reader, log)) in_use.add(each.path, each.what)
  refuse(path, in_use.find(path))
}

function refuse(path: string, what: string | null): void {
  if (what === null) return
  throw new CustodyError('CUSTODY_ARGUMENT', `nothing is written to ${path}: it is a file ${what}`, {
    where: { file: path },
    hint: 'Name another file with --out.',
  })
}

function ownByContent(path: string): string | null {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return null
  const head = headOf(path)
  if (isLedgerFile(head)) return 'which is a ledger'
  return head.toString('latin1').startsWith('PRIVATE+KEY+') ? 'which holds a signing key' : null
}

/** Nothing of a file that can't be read: nor can that be replaced unseen. */
function headOf(path: string): Buffer {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CustodyError('CUSTODY_OUTPUT', `${path} can’t be looked at before it is written: ${why}`, { cause })
  }
  try {
    const bytes = Buffer.alloc(HEAD_BYTES)
    return bytes.subarray(0, readSync(file, bytes, 0, HEAD_BYTES, 0))
  } finally {
    closeSync(file)
  }
}

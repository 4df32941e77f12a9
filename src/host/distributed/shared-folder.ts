/**
 * The folder of a run’s pieces, which its coordinator and all workers must see: whoever finds there what the lease of the coordinator says, does.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { CustodyError } from '../../model/error.ts'

const NAME = 'workers'
/** Instead of a token: the coordinator works by itself. */
const ALONE = 'none'

/** `folder`: absolute, made if it isn't there. `token` null: workers aren't wanted. @throws CustodyError CUSTODY_SINK */
export async function inviteWorkers(folder: string, token: string | null): Promise<void> {
  const path = join(folder, NAME)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const file = await open(`${path}.new`, 'w', 0o600)
    try {
      await file.writeFile(token ?? ALONE)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(`${path}.new`, path)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CustodyError('CUSTODY_SINK', `the folder for pieces of splits can’t be written: ${why}`, {
      where: { path: folder },
      cause,
    })
  }
}

/** Whether workers are wanted. @throws CustodyError CUSTODY_PIECES_UNSEEN if it isn't the folder that the coordinator sees, or can't be written to. */
export async function isInvited(folder: string, token: string): Promise<boolean> {
  const found = await readFile(join(folder, NAME), 'utf8').catch((error: NodeJS.ErrnoException) => error)
  if (found === token) return mustBeWritable(folder)
  if (found === ALONE) return false
  const why =
    typeof found === 'string'
      ? 'what its coordinator put there isn’t in it'
      : found.code === 'ENOENT'
        ? 'its coordinator has put nothing there'
        : found.message
  throw new CustodyError(
    'CUSTODY_PIECES_UNSEEN',
    `${folder}, in which pieces of the run are kept, isn’t seen: ${why}`,
    {
      where: { path: folder },
    },
  )
}

async function mustBeWritable(folder: string): Promise<true> {
  const path = join(folder, `${NAME}-${randomUUID()}`)
  try {
    await (await open(path, 'wx', 0o600)).close()
    await unlink(path)
    return true
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CustodyError(
      'CUSTODY_PIECES_UNSEEN',
      `${folder}, in which pieces of the run are kept, can’t be written to: ${why}`,
      { where: { path: folder }, cause },
    )
  }
}

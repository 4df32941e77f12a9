/**
 * The folder of a run’s pieces, which its coordinator and all workers must see: a coordinator leaves an invitation there, whose name has the token that
 * the lease of the run has.
 *
 * SHARED-FOLDER-1. An invitation is one coordinator’s: what one writes late that has lost the run changes nothing for workers of its successor. All of
 *     them are removed with the folder.
 */
import { randomUUID } from 'node:crypto'
import { open, readFile, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { CustodyError } from '../../model/error.ts'

/** `not_wanted`: the coordinator works by itself. */
type Invitation = 'wanted' | 'not_wanted'

const invitationOf = (folder: string, token: string) => join(folder, `workers-${token}`)

/** `folder`: absolute, and made already. @throws CustodyError CUSTODY_PIECES_UNSEEN if it isn't there or can't be written to. */
export async function inviteWorkers(folder: string, token: string, invitation: Invitation): Promise<void> {
  const path = invitationOf(folder, token)
  await writing(folder, async () => {
    const file = await open(`${path}.new`, 'w', 0o600)
    try {
      await file.writeFile(invitation)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(`${path}.new`, path)
  })
}

/** Whether workers are wanted. @throws CustodyError CUSTODY_PIECES_UNSEEN if it isn't the folder that the coordinator sees, or can't be written to. */
export async function isInvited(folder: string, token: string): Promise<boolean> {
  const found = await readFile(invitationOf(folder, token), 'utf8').catch((error: NodeJS.ErrnoException) => error)
  const wanted: Invitation = 'wanted'
  if (typeof found === 'string') return found === wanted && mustBeWritable(folder)
  const why = found.code === 'ENOENT' ? 'what its coordinator put there isn’t in it' : found.message
  throw new CustodyError(
    'CUSTODY_PIECES_UNSEEN',
    `${folder}, in which pieces of the run are kept, isn’t seen: ${why}`,
    { where: { path: folder } },
  )
}

async function mustBeWritable(folder: string): Promise<true> {
  const path = join(folder, `tried-${randomUUID()}`)
  await writing(folder, async () => {
    await (await open(path, 'wx', 0o600)).close()
    await unlink(path)
  })
  return true
}

async function writing(folder: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CustodyError(
      'CUSTODY_PIECES_UNSEEN',
      `${folder}, in which pieces of the run are kept, can’t be written to: ${why}`,
      { where: { path: folder }, cause },
    )
  }
}

/**
 * Pieces of a run's splits, in a folder beside its ledger, or one that several machines see: as large as the run's outputs, until these are put
 * together. Owner only, since outputs may be.
 *
 * PIECES-1. Only `make` makes the folder: who writes or reads where it isn't there, since the run was sealed meanwhile or this machine doesn't see it,
 *     fails with CUSTODY_PIECES_UNSEEN.
 */
import { mkdir, open, readdir, rm, rmdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { PieceFile, PieceName, Pieces } from '../engine/ports/pieces.ts'
import { besideLedger } from '../ledger/beside.ts'
import { CustodyError } from '../model/error.ts'
import type { Plan } from '../plan/plan.ts'

const OWNER_ONLY_FOLDER = 0o700
const OWNER_ONLY = 0o600
const READ_BYTES = 1024 * 1024

/** Where those of a run are: in the folder that its pipeline names, or beside the ledger with this URL. Absolute. */
export function piecesFolder({ splits, folder }: Pick<Plan, 'splits' | 'folder'>, url: string, run: string): string {
  const { pieces } = splits ?? {}
  return join(pieces === undefined ? besideThe(url) : resolve(folder, pieces), run)
}

const besideThe = (url: string) => `${resolve(besideLedger(url))}-pieces`

/** Those of a run in the ledger with this URL. */
export function piecesOf(plan: Pick<Plan, 'splits' | 'folder'>, url: string, run: string): Pieces {
  const folder = piecesFolder(plan, url, run)
  const pathOf = ({ part, epoch, sink }: PieceName) => join(folder, `${part}-${epoch}-${sink}`)
  const nameIt = atOnce(() => syncFolder(folder))
  return {
    async make() {
      await failing(folder, () => mkdir(folder, { recursive: true, mode: OWNER_ONLY_FOLDER }))
    },
    async create(name) {
      const path = pathOf(name)
      return seeing(folder, () =>
        failing(path, async () => new PieceOnDisk(path, await open(path, 'w+', OWNER_ONLY), nameIt)),
      )
    },
    async *read(name, bytes) {
      const path = pathOf(name)
      if (bytes === 0) return
      const file = await seeing(folder, () => failing(path, () => open(path, 'r')))
      try {
        for (let at = 0; at < bytes; ) {
          const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, bytes - at))
          const from = at
          const { bytesRead } = await failing(path, () => file.read(buffer, 0, buffer.length, from))
          if (bytesRead === 0) return
          at += bytesRead
          yield buffer.subarray(0, bytesRead)
        }
      } finally {
        await file.close()
      }
    },
    async write(name, at, bytes) {
      const path = pathOf(name)
      // Opened each time: there may be more splits than files that may be open.
      const file = await seeing(folder, () => failing(path, () => open(path, at === 0 ? 'w' : 'r+', OWNER_ONLY)))
      await failing(path, async () => {
        try {
          for (let done = 0; done < bytes.length; )
            done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten
        } finally {
          await file.close()
        }
      })
    },
    async sync(names) {
      for (const path of [...names.map(pathOf), ...(names.length > 0 ? [folder] : [])])
        await failing(path, async () => {
          const file = await open(path, 'r')
          try {
            await file.sync()
          } finally {
            await file.close()
          }
        })
    },
    async removeSpools(sources, below_epoch) {
      const names = (await failing(folder, () => readdir(folder))).map(nameIn)
      for (const name of names)
        if (name !== null && sources.has(name.sink) && name.epoch < below_epoch)
          await failing(folder, () => rm(pathOf(name), { force: true }))
    },
    async remove() {
      await Promise.allSettled([rm(folder, { recursive: true, force: true })])
      // Other runs may have theirs in it. One that a pipeline names is the user's.
      if (plan.splits?.pieces === undefined) await Promise.allSettled([rmdir(besideThe(url))])
    },
  }
}

/** null: no piece is called so. */
function nameIn(file: string): PieceName | null {
  const [, part, epoch, sink] = /^(\d+)-(\d+)-(\d+)$/.exec(file) ?? []
  return sink === undefined ? null : { part: Number(part), epoch: Number(epoch), sink: Number(sink) }
}

/** So that the names in it outlast a loss of power, where the system can do that. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => null)
  if (folder === null) return
  await Promise.allSettled([folder.sync()])
  await folder.close()
}

/** Whoever asks while it is under way waits for the next one, all of them for the same. `work` never fails. */
function atOnce(work: () => Promise<void>): () => Promise<void> {
  let under_way = Promise.resolve()
  let next: Promise<void> | null = null
  return () => {
    next ??= under_way.then(() => {
      next = null
      under_way = work()
      return under_way
    })
    return next
  }
}

class PieceOnDisk implements PieceFile {
  readonly #path: string
  readonly #file: Awaited<ReturnType<typeof open>>
  #nameIt: (() => Promise<void>) | null
  #closed = false
  #bytes = 0

  /** `nameIt` makes its name durable, and is called once. */
  constructor(path: string, file: Awaited<ReturnType<typeof open>>, nameIt: () => Promise<void>) {
    this.#path = path
    this.#file = file
    this.#nameIt = nameIt
  }

  append(bytes: Uint8Array): Promise<void> {
    return failing(this.#path, async () => {
      let done = 0
      while (done < bytes.length)
        done += (await this.#file.write(bytes, done, bytes.length - done, this.#bytes + done)).bytesWritten
      this.#bytes += bytes.length
      await Promise.all([this.#file.datasync(), this.#nameIt?.()])
      this.#nameIt = null
    })
  }

  cut(bytes: number): Promise<void> {
    return failing(this.#path, async () => {
      await this.#file.truncate(bytes)
      await this.#file.datasync()
      this.#bytes = bytes
    })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#file.close()
  }
}

async function failing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    // cast: what calls of the system fail with.
    const { code, message } = cause as NodeJS.ErrnoException
    const full = code === 'ENOSPC' || code === 'EDQUOT'
    throw new CustodyError(
      full ? 'CUSTODY_SINK_FULL' : 'CUSTODY_SINK',
      `${path}, in which a split keeps its rows: ${message}`,
      {
        where: { path },
        cause,
      },
    )
  }
}

/** @throws CustodyError CUSTODY_PIECES_UNSEEN instead of what `work` throws, where the folder isn't there. */
async function seeing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (
      await stat(folder).then(
        each => each.isDirectory(),
        () => false,
      )
    )
      throw thrown
    throw new CustodyError('CUSTODY_PIECES_UNSEEN', `${folder}, in which pieces of the run are kept, isn’t seen`, {
      where: { path: folder },
      cause: thrown,
    })
  }
}

/**
 * Many files that were made come into their places, one after another; whoever continues after a crash takes up where that stopped.
 *
 * PLACED-FILES-1. What is put behind what others have there is looked at first: nothing of theirs is overwritten or cut, and what stands
 *     behind it already is the beginning of what is added.
 */
import { dirname } from 'node:path'
import { changedError, hashFile, hashPart, hexOf, readPart, refuseChanged } from './file-parts.ts'
import type { FileFacts, FileSystem, OpenFile } from './file-system.ts'
import { comeIntoPlace } from './into-place.ts'
import { type MadeFile, stagedName } from './made-files.ts'
import { OutputLock } from './output-lock.ts'
import { asOutputError, type OutputPlace } from './sink-error.ts'
import { type Target, targetExists } from './target.ts'

const PIECE_BYTES = 4 * 1024 * 1024

export interface PlacingPorts {
  readonly files: FileSystem
  readonly lock: OutputLock
  readonly target: Target
  readonly suffix: string
}

/**
 * @param known what stands under the hidden names, as far as this process made it
 * @throws CustodyError CUSTODY_OUTPUT_CHANGED, CUSTODY_TARGET_EXISTS, CUSTODY_OUTPUT_HELD, CUSTODY_SINK, CUSTODY_SINK_FULL.
 */
export async function placeFiles(
  made: readonly MadeFile[],
  known: ReadonlyMap<string, FileFacts>,
  ports: PlacingPorts,
): Promise<void> {
  const folders = new Set<string>()
  for (const file of made) {
    try {
      await placeOne(file, known.get(file.path) ?? null, ports)
    } catch (error) {
      throw asOutputError(error, { node: ports.target.node, path: file.path })
    }
    folders.add(dirname(file.path))
  }
  for (const folder of folders) await ports.files.syncFolder(folder)
}

async function placeOne(file: MadeFile, known: FileFacts | null, ports: PlacingPorts): Promise<void> {
  const { files, lock, target, suffix } = ports
  const place = { node: target.node, path: file.path }
  const staged = stagedName(file, suffix)
  const what = whatStaged(file, staged)
  if (files.facts(staged) === null) {
    const there = files.facts(file.path)
    const is_done = there?.bytes === file.bytes && (await hashFile(files, file.path, file.bytes)) === file.sha256
    if (is_done) return
    throw changedError(place, { kind: 'gone' }, what)
  }
  const facts = known ?? (await factsOfOwn(file, staged, place, files))
  const check = () => {
    lock.check()
    refuseChanged(files.facts(staged), facts, place, what)
  }
  const other = new OutputLock(files, target.run, file.path, place)
  if (file.prior !== undefined) return putBehind(file, staged, { files, place, check, other })
  other.refuseIfHeld()
  const coming = {
    ...{ files, place, staged, target: file.path, check },
    takeRights: async (of: FileFacts) => {
      const own = files.open(staged, 'append')
      try {
        own.takeRights(of)
        await own.sync()
      } finally {
        own.close()
      }
    },
    isSame: async (path: string, { bytes }: FileFacts) =>
      bytes === file.bytes && (await hashFile(files, path, bytes)) === file.sha256,
    exists: () => targetExists(target, place),
  }
  await comeIntoPlace(coming, file.replaced ?? null)
}

const whatStaged = ({ path }: MadeFile, staged: string) => `${staged}, in which ${path} stands,`

/** What another process made, if it is as it was left. */
async function factsOfOwn(file: MadeFile, staged: string, place: OutputPlace, files: FileSystem): Promise<FileFacts> {
  const { bytes, sha256 } = file.added ?? file
  const own = files.open(staged, 'read')
  try {
    const facts = own.facts()
    const what = whatStaged(file, staged)
    refuseChanged(facts, { id: facts.id, bytes }, place, what)
    if (hexOf(await hashPart(own, bytes)) !== sha256) throw changedError(place, { kind: 'edited' }, what)
    return facts
  } finally {
    own.close()
  }
}

interface Behind {
  readonly files: FileSystem
  readonly place: OutputPlace
  readonly check: () => void
  readonly other: OutputLock
}

/** (PLACED-FILES-1) */
async function putBehind(file: MadeFile, staged: string, { files, place, check, other }: Behind): Promise<void> {
  const { path, prior = { bytes: 0, sha256: '' } } = file
  if (files.facts(path) === null) throw changedError(place, { kind: 'gone' })
  const [to, from] = [files.open(path, 'append'), files.open(staged, 'read')]
  try {
    const there = to.facts()
    const { id } = there
    other.take(there)
    if (hexOf(await hashPart(to, prior.bytes)) !== prior.sha256) throw changedError(place, { kind: 'edited' })
    let at = await alreadyBehind(to, from, file, place)
    while (at < file.bytes) {
      const piece = await readPart(from, at - prior.bytes, Math.min(PIECE_BYTES, file.bytes - at))
      check()
      other.check()
      refuseChanged(files.facts(path), { id, bytes: at }, place)
      to.write(piece, null)
      at += piece.length
    }
    await to.sync()
    refuseChanged(files.facts(path), { id, bytes: file.bytes }, place)
  } finally {
    to.close()
    from.close()
    other.giveUp(true)
  }
  files.remove(staged)
}

/** How long the file is, if what stands behind what was there is the beginning of what is added. */
async function alreadyBehind(to: OpenFile, from: OpenFile, { prior, bytes }: MadeFile, place: OutputPlace) {
  const before = prior?.bytes ?? 0
  const length = to.facts().bytes
  const cut = length < before
  if (cut || length > bytes)
    throw changedError(place, { kind: cut ? 'cut' : 'added', bytes: length, left: cut ? before : bytes })
  for (let at = before; at < length; at += PIECE_BYTES) {
    const size = Math.min(PIECE_BYTES, length - at)
    const own = await readPart(from, at - before, size)
    if (!own.equals(await readPart(to, at, size)))
      throw changedError(place, { kind: 'added', bytes: length, left: before })
  }
  return length
}

/** What stands on the disk where rows name their files: looked at, and not touched. */
import { dirname } from 'node:path'
import { type ExistingFile, existingFile } from './file-sink.ts'
import type { FileFacts, FileSystem } from './file-system.ts'
import type { Ground } from './named-files.ts'
import { OutputLock } from './output-lock.ts'
import type { Found } from './row-spool.ts'
import { asOutputError, type OutputPlace, outputError } from './sink-error.ts'
import { nearestFolder, realPlace, refuseDanglingLink, type Target, targetExists } from './target.ts'

export class DiskGround implements Ground {
  readonly #files: FileSystem
  readonly #target: Target

  constructor(files: FileSystem, target: Target) {
    this.#files = files
    this.#target = target
  }

  place(path: string): string {
    return this.#asked(path, () => realPlace(path, this.#files))
  }

  find(path: string): Found | null {
    const there = this.#asked(path, place => this.#look(place))
    return there === null ? null : { id: there.id, bytes: there.bytes, changed: there.changed }
  }

  existing(path: string, { bytes }: Found): ExistingFile | null {
    return this.#target.if_exists === 'append' && bytes > 0 ? existingFile(this.#files, path, bytes) : null
  }

  /** What the system answers: errors have the path with them. */
  #asked<T>(path: string, look: (place: OutputPlace) => T): T {
    const place = { node: this.#target.node, path }
    try {
      return look(place)
    } catch (error) {
      throw asOutputError(error, place)
    }
  }

  #look(place: OutputPlace): FileFacts | null {
    const [files, target] = [this.#files, this.#target]
    const { path } = place
    const there = files.facts(path)
    files.mayWrite(there !== null && target.if_exists === 'append' ? path : nearestFolder(dirname(path), place, files))
    if (there === null) refuseDanglingLink(place, files)
    else if (there.kind !== 'file') {
      const what = there.kind === 'folder' ? 'a folder' : 'no file, but a device or a pipe'
      throw outputError('CUSTODY_SINK', place, `${path} is ${what}, and a row’s values name it`, 'Choose another path.')
    }
    if (target.if_exists === 'number') return there
    new OutputLock(files, target.run, path, place).refuseIfHeld()
    if (there !== null && target.if_exists === 'fail') throw targetExists(target, place)
    return there
  }
}

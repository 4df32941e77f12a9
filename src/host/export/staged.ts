/**
 * Where an export is written: under a hidden name beside its place, and renamed when all of it is there and holds. So there is the whole of
 * one, or nothing.
 */
import {
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { CustodyError } from '../../model/error.ts'
import { makeFolders } from '../../model/folder.ts'

/** A file that is being written. */
export interface OpenFile {
  write(bytes: string | Uint8Array): void
  close(): void
  /** So far. */
  readonly bytes: number
}

/** A file or a folder that isn't there yet. */
export class Staged {
  readonly path: string
  /** Where it is until `publish`. */
  readonly temporary: string

  /** `path`: absolute. @throws CustodyError CUSTODY_TARGET_EXISTS, CUSTODY_OUTPUT. */
  constructor(path: string) {
    this.path = path
    this.temporary = join(dirname(path), `.${basename(path)}.${process.pid}.part`)
    writing(path, () => {
      if (!isFree(path))
        throw new CustodyError('CUSTODY_TARGET_EXISTS', `${path} is there already, and an export replaces nothing`, {
          hint: 'Name another place with --out, or move it away.',
        })
      rmSync(this.temporary, { recursive: true, force: true })
      makeFolders(dirname(path))
    })
  }

  /** Of a folder: a file in it, `name` with `/`; null: the file itself. */
  open(name: string | null): OpenFile {
    const path = name === null ? this.temporary : join(this.temporary, ...name.split('/'))
    return writing(this.path, () => {
      makeFolders(dirname(path))
      return openFile(path, this.path)
    })
  }

  /** Takes away what was written below a folder of it. */
  remove(name: string): void {
    writing(this.path, () => rmSync(join(this.temporary, ...name.split('/')), { recursive: true, force: true }))
  }

  publish(): void {
    writing(this.path, () => {
      if (existsSync(this.path)) rmdirSync(this.path)
      renameSync(this.temporary, this.path)
    })
  }

  discard(): void {
    rmSync(this.temporary, { recursive: true, force: true })
  }
}

/** Nothing is there, or an empty folder. */
function isFree(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  return stat === undefined || (stat.isDirectory() && readdirSync(path).length === 0)
}

function openFile(path: string, shown: string): OpenFile {
  const file = openSync(path, 'wx')
  let bytes = 0
  return {
    write(content) {
      const buffer = typeof content === 'string' ? Buffer.from(content) : content
      writing(shown, () => {
        for (let at = 0; at < buffer.length; ) at += writeSync(file, buffer, at)
      })
      bytes += buffer.length
    },
    close: () => closeSync(file),
    get bytes() {
      return bytes
    },
  }
}

function writing<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof CustodyError) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new CustodyError('CUSTODY_OUTPUT', `${path} can’t be written: ${why}`, { cause: error })
  }
}

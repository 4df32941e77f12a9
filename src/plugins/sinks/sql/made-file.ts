/** The file of a database that is made with its first table. */
import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseError, messageOf } from '../../databases/database-error.ts'
import { loadLibrary } from '../../databases/duckdb/library.ts'
import type { DatabasePlace } from '../../databases/place.ts'

type FilePlace = Extract<DatabasePlace, { path: string }>

/** @throws DatabaseError */
export function isFileThere({ path, shown }: FilePlace): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    throw new DatabaseError('denied', `${shown} can’t be looked at: ${messageOf(error)}`, { cause: error })
  }
}

/** A database without tables, unless the file is there. @throws DatabaseError */
export async function makeFile(place: FilePlace): Promise<void> {
  if (isFileThere(place)) return
  const { kind, path, shown } = place
  try {
    mkdirSync(dirname(path), { recursive: true })
    if (kind === 'duckdb') await makeDuckdb(path)
    // An empty file is one.
    else closeSync(openSync(path, 'a'))
  } catch (error) {
    throw new DatabaseError('denied', `${shown} can’t be made: ${messageOf(error)}`, { cause: error })
  }
}

/** Under another name, so that what is there is always whole. */
async function makeDuckdb(path: string): Promise<void> {
  const { DuckDBInstance } = await loadLibrary()
  const made = `${path}.custody-${process.pid}`
  const instance = await DuckDBInstance.create(made)
  instance.closeSync()
  renameSync(made, path)
  rmSync(`${made}.wal`, { force: true })
}

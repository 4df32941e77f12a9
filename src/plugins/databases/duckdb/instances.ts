/** Files of DuckDB that this process has open: it opens each once, whoever asks for it. */
import { realpathSync, statSync } from 'node:fs'
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { DatabaseError } from '../database-error.ts'
import type { Access } from '../place.ts'
import { loadLibrary } from './library.ts'

interface Open {
  readonly access: Access
  readonly instance: Promise<DuckDBInstance>
  users: number
}

const open = new Map<string, Open>()

export interface Lent {
  readonly connection: DuckDBConnection
  /** Whoever is the last to give it back closes the file. */
  giveBack(): void
}

/** Makes no file. @throws DatabaseError, and what the library throws */
export async function lend(path: string, shown: string, access: Access): Promise<Lent> {
  if (!statSync(path).isFile()) throw new DatabaseError('login', `${shown} is no file`)
  const file = realpathSync(path)
  const entry = open.get(file) ?? { access, instance: opened(file, access), users: 0 }
  if (entry.access === 'read' && access === 'write')
    throw new DatabaseError('conflict', `${shown} is open for reading only, by another part of this pipeline`, {
      hint: 'Write read_only: false at the source or the lookup that reads the same file.',
    })
  open.set(file, entry)
  entry.users++
  let is_lent = true
  const giveBack = () => {
    if (!is_lent) return
    is_lent = false
    if (--entry.users > 0) return
    open.delete(file)
    // Where it failed to open, whoever asked for it knows.
    void Promise.allSettled([entry.instance.then(instance => instance.closeSync())])
  }
  try {
    const connection = await (await entry.instance).connect()
    return {
      connection,
      giveBack: () => {
        if (is_lent) connection.closeSync()
        giveBack()
      },
    }
  } catch (error) {
    giveBack()
    throw error
  }
}

async function opened(file: string, access: Access): Promise<DuckDBInstance> {
  const { DuckDBInstance } = await loadLibrary()
  return await DuckDBInstance.create(file, {
    access_mode: access === 'read' ? 'READ_ONLY' : 'READ_WRITE',
    // Nothing is fetched from anywhere.
    autoinstall_known_extensions: 'false',
  })
}

/** Opens a database, by the library that it needs: loaded when the first of its kind is. */

import type { MissingPackages } from '../../sdk/spec.ts'
import { missingPeers } from '../peers.ts'
import type { Database } from './database.ts'
import type { DatabaseKind } from './dialect.ts'
import type { DatabasePlace } from './place.ts'

export const DATABASE_PACKAGES: { readonly [kind in DatabaseKind]: readonly string[] } = {
  postgres: ['pg'],
  mysql: ['mysql2'],
  sqlite: [],
  duckdb: ['@duckdb/node-api'],
}

/** What isn't installed that this kind needs. `path`: the option that asks for it. */
export const missingFor = (kind: DatabaseKind, path: MissingPackages['path']): MissingPackages | null =>
  missingPeers(path, DATABASE_PACKAGES[kind])

/** @throws DatabaseError */
export async function openDatabase(place: DatabasePlace): Promise<Database> {
  switch (place.kind) {
    case 'postgres': {
      const { PostgresConnection } = await import('./postgres/connection.ts')
      return await PostgresConnection.open(place.address, place.folder, place.timeouts)
    }
    case 'mysql': {
      const { MysqlConnection } = await import('./mysql/connection.ts')
      return await MysqlConnection.open(place.address, place.folder, place.timeouts)
    }
    case 'sqlite': {
      const { SqliteConnection } = await import('./sqlite/connection.ts')
      return SqliteConnection.open(place.path, place.shown, place.access)
    }
    case 'duckdb': {
      const { DuckdbConnection } = await import('./duckdb/connection.ts')
      return await DuckdbConnection.open(place.path, place.shown, place.access)
    }
  }
}

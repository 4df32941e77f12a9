/** DuckDB's library, with the database in it: tens of megabytes, loaded when the first file is opened. */
import type * as Duckdb from '@duckdb/node-api'

export type Library = Omit<typeof Duckdb, 'default'>

export const loadLibrary = async (): Promise<Library> => await import('@duckdb/node-api')

/** Where a database is, as options say it, and how it is opened. */
import { resolve } from 'node:path'
import type { Address } from './address.ts'
import type { Timeouts } from './timeouts.ts'

/** `read`: nothing can be written; others may have it open, too. */
export type Access = 'read' | 'write'

/** A database that is served, or one that is a file of this machine. */
export type DatabasePlace =
  | {
      readonly kind: 'postgres' | 'mysql'
      readonly address: Address
      /** Where relative paths of certificates start. */
      readonly folder: string
      readonly timeouts: Timeouts
    }
  | {
      readonly kind: 'sqlite' | 'duckdb'
      /** Absolute. */
      readonly path: string
      /** For people: as the pipeline file has it. */
      readonly shown: string
      readonly access: Access
    }

/** `path`: as the pipeline file has it. `folder`: where relative ones start. */
export const fileOf = (kind: 'sqlite' | 'duckdb', path: string, folder: string, access: Access): DatabasePlace => ({
  kind,
  path: resolve(folder, path),
  shown: path,
  access,
})

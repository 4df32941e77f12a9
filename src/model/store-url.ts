/** Paths that name something in an object store or on an SFTP server, as `s3://bucket/key` does. They are never relative. */
import { resolve } from 'node:path'

const STORE_SCHEMES = ['s3', 'az', 'gs', 'sftp'] as const
export type StoreScheme = (typeof STORE_SCHEMES)[number]

const STORE_URL = /^(s3|az|gs|sftp):\/\//

export function isStoreUrl(path: string): boolean {
  return STORE_URL.test(path)
}

/** A file's path from `folder` on; what is in a store is where its URL says. */
export function absolutePlace(folder: string, path: string): string {
  return isStoreUrl(path) ? path : resolve(folder, path)
}

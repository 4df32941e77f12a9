/**
 * URLs of objects: `s3://bucket/key`, `az://container/blob`, `gs://bucket/object`, `sftp://user@host:port/path`. What stands behind the
 * first part is taken as it is written: nothing in it is an escape.
 */
import { isStoreUrl, type StoreScheme } from '../../model/store-url.ts'

export interface StoreUrl {
  readonly scheme: StoreScheme
  /** Bucket or container; of SFTP `user@host:port`, as it is written. */
  readonly root: string
  /** Key of an object; of SFTP an absolute path. */
  readonly key: string
}

/** Null for what is no path of a store, and for a URL without a root or a key. */
export function parseStoreUrl(path: string): StoreUrl | null {
  const parts = /^([a-z0-9]+):\/\/([^/]+)\/(.+)$/s.exec(path)
  if (parts === null || !isStoreUrl(path)) return null
  const [, scheme = '', root = '', key = ''] = parts
  // cast: isStoreUrl knows no other schemes.
  return { scheme: scheme as StoreScheme, root, key: scheme === 'sftp' ? `/${key}` : key }
}

/** Bucket or host, with what comes before it. */
export function rootUrl({ scheme, root }: Pick<StoreUrl, 'scheme' | 'root'>): string {
  return `${scheme}://${root}`
}

export function urlOf({ scheme, root, key }: StoreUrl): string {
  return `${scheme}://${root}/${scheme === 'sftp' ? key.slice(1) : key}`
}

/** Why the path can't be one of a store; null if it can. */
export function storeUrlProblem(path: string): string | null {
  const url = parseStoreUrl(path)
  if (url === null) return 'behind the scheme stand a bucket (of sftp a host), a slash and the name of an object'
  if (url.scheme === 'sftp' && /^[^@]*:.*@/.test(url.root)) return 'a password in the URL would be on record'
  if (url.scheme === 'sftp' && !/^([^@:]+@)?(\[[0-9a-fA-F:]+\]|[^@:[\]]+)(:\d{1,5})?$/.test(url.root))
    return 'the host isn’t one: sftp://user@host:port/path'
  if (/[{}*?]/.test(url.root)) return 'a bucket, a container or a host can’t depend on a pattern or a row'
  return null
}

/** The explorer's files: read and compressed once, and any other path of the page gives its index.html. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Context } from 'hono'
import { CustodyError } from '../model/error.ts'

interface StaticFile {
  readonly type: string
  readonly etag: string
  readonly hashed: boolean
  readonly plain: Buffer
  /** By their names in `accept-encoding`, the best first; absent for what doesn't shrink. */
  readonly packed: ReadonlyMap<string, Promise<Buffer>>
}

const TYPES: { readonly [ending: string]: string | undefined } = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  ico: 'image/x-icon',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  png: 'image/png',
  svg: 'image/svg+xml',
  wasm: 'application/wasm',
  webp: 'image/webp',
  woff2: 'font/woff2',
}
const SHRINKS: ReadonlySet<string> = new Set(['css', 'html', 'js', 'json', 'svg', 'wasm'])
/** Level 11 takes seconds for a megabyte, and saves some percent more. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }
/** What the build names by a hash of its content never changes. */
const HASHED = /^assets\/.*-[\w-]{8}\.\w+$/
const FOREVER = 'public, max-age=31536000, immutable'

export class StaticFiles {
  private readonly files: ReadonlyMap<string, StaticFile>

  /** Without a build in `folder` there are no files, and the page can't be shown. */
  constructor(folder: string) {
    this.files = new Map(namesIn(folder).map(name => [name, fileOf(name, readFileSync(join(folder, name)))]))
  }

  /** @throws CustodyError CUSTODY_PATH_UNKNOWN, CUSTODY_FILE_NOT_FOUND */
  async answer(context: Context): Promise<Response> {
    const name = context.req.path.slice(1)
    const file = this.files.get(name) ?? this.pageFor(name)
    const headers = new Headers({
      'content-type': file.type,
      etag: file.etag,
      vary: 'accept-encoding',
      'cache-control': file.hashed ? FOREVER : 'no-cache',
    })
    if (context.req.header('if-none-match') === file.etag) return context.body(null, 304, Object.fromEntries(headers))
    const accepted = encodingsIn(context.req.header('accept-encoding') ?? '')
    for (const [encoding, packed] of file.packed)
      if (accepted.has(encoding)) {
        headers.set('content-encoding', encoding)
        return context.body(bytesOf(await packed), 200, Object.fromEntries(headers))
      }
    return context.body(bytesOf(file.plain), 200, Object.fromEntries(headers))
  }

  /** The paths of screens have no ending; what has one is a file that isn't there. */
  private pageFor(name: string): StaticFile {
    const page = this.files.get('index.html')
    if (page === undefined)
      throw new CustodyError('CUSTODY_FILE_NOT_FOUND', 'the explorer isn’t there: it is made when Custody is built', {
        hint: 'Install Custody again, or run `npm run build` in its folder.',
      })
    if (/^(assets|api)\//.test(name) || /\.\w{1,5}$/.test(name))
      throw new CustodyError('CUSTODY_PATH_UNKNOWN', 'there is nothing here')
    return page
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    const found = readdirSync(folder, { recursive: true, withFileTypes: true })
    return found
      .filter(each => each.isFile())
      .map(each => join(each.parentPath, each.name).slice(folder.length).replaceAll('\\', '/').replace(/^\//, ''))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

function fileOf(name: string, plain: Buffer): StaticFile {
  const ending = name.slice(name.lastIndexOf('.') + 1)
  return {
    type: TYPES[ending] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    hashed: HASHED.test(name),
    plain,
    packed: SHRINKS.has(ending) ? packedOf(plain) : new Map(),
  }
}

/** Begun at once, in threads of Node's own, so that the first page doesn't wait for it. */
function packedOf(plain: Buffer): StaticFile['packed'] {
  return new Map([
    ['br', promisify(brotliCompress)(plain, BROTLI)],
    ['gzip', promisify(gzip)(plain)],
  ])
}

/** Those that are accepted; `q=0` says that one isn't. */
function encodingsIn(header: string): ReadonlySet<string> {
  const parts = header.split(',').map(each => each.trim().toLowerCase())
  return new Set(parts.filter(each => !/;\s*q=0(\.0*)?$/.test(each)).map(each => each.split(';')[0] ?? ''))
}

/** As the types of fetch want bytes: of a buffer that isn't shared. */
function bytesOf(buffer: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer)
}

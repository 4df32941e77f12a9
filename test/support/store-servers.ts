/** Emulators of object stores, and an SFTP server, where they are installed (scripts/connector-servers.sh). Each lives as long as it is used. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createConnection } from 'node:net'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../src/plugins/stores/object-store.ts'
import { Stores } from '../../src/plugins/stores/open-store.ts'
import type { StorageOptions } from '../../src/plugins/stores/options.ts'
import { parseStoreUrl, type StoreUrl } from '../../src/plugins/stores/store-url.ts'
import { freePort } from './postgres-server.ts'

const HOME = process.env.CUSTODY_SERVERS ?? join(homedir(), '.cache', 'custody-servers')
const PROGRAMS = {
  s3: join(HOME, 'venv', 'bin', 'moto_server'),
  az: join(HOME, 'azurite', 'node_modules', 'azurite', 'dist', 'src', 'blob', 'main.js'),
  gs: join(HOME, 'bin', 'fake-gcs-server'),
  sftp: '/usr/sbin/sshd',
} as const
const NAMES = { s3: 'moto', az: 'azurite', gs: 'fake-gcs-server', sftp: 'openssh-server' } as const

export type StoreKind = keyof typeof PROGRAMS
export const STORE_KINDS = ['s3', 'az', 'gs', 'sftp'] as const satisfies readonly StoreKind[]

export const hasStore = (kind: StoreKind): boolean => existsSync(PROGRAMS[kind])
/** For names of tests: empty, or that they are skipped. */
export const storeSaid = (kind: StoreKind): string => (hasStore(kind) ? '' : ` (skipped: ${NAMES[kind]})`)

/** Azurite's account, which its documentation names. */
const AZURE_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

export class StoreServer {
  readonly kind: StoreKind
  readonly folder: string
  readonly port: number
  readonly #process: ChildProcess
  readonly #stores: Stores

  private constructor(kind: StoreKind, folder: string, port: number, process: ChildProcess) {
    this.kind = kind
    this.folder = folder
    this.port = port
    this.#process = process
    this.#stores = new Stores(this.plain())
  }

  static async begin(kind: StoreKind): Promise<StoreServer> {
    const folder = mkdtempSync(join(tmpdir(), `custody-${kind}-`))
    const port = await freePort()
    const program = started(kind, folder, port)
    const server = new StoreServer(kind, folder, port, program)
    for (const [name, text] of Object.entries(server.#secrets()))
      writeFileSync(join(folder, name), text, { mode: 0o600 })
    try {
      await answering(port, program)
      await server.#makeRoot()
      return server
    } catch (error) {
      await server.close()
      throw error
    }
  }

  /** The path of a key. `port`: of what stands between. */
  url(key: string, port = this.port): string {
    if (this.kind !== 'sftp') return `${this.kind}://bucket/${key}`
    return `sftp://${userInfo().username}@127.0.0.1:${port}${this.folder}/files/${key}`
  }

  /** The option `storage` of a pipeline; secrets stand in files. */
  storage(port = this.port): { readonly [option: string]: unknown } {
    const secret = (name: string) => ({ secret: `file:${join(this.folder, name)}` })
    switch (this.kind) {
      case 's3':
        return {
          endpoint: `http://127.0.0.1:${port}`,
          region: 'us-east-1',
          access_key_id: 'KEY',
          secret_access_key: secret('s3'),
        }
      case 'az':
        return {
          endpoint: `http://127.0.0.1:${port}/devstoreaccount1`,
          account: 'devstoreaccount1',
          account_key: secret('az'),
        }
      case 'gs':
        return { endpoint: `http://127.0.0.1:${port}`, anonymous: true }
      case 'sftp':
        return { private_key: secret('user'), host_key: fingerprint(this.folder) }
    }
  }

  /** The same with the secrets themselves. */
  plain(port = this.port): StorageOptions {
    const secrets = this.#secrets()
    const entries = Object.entries(this.storage(port)).map(([key, value]) => {
      const named = typeof value === 'object' && value !== null && 'secret' in value ? String(value.secret) : null
      return [
        key,
        named === null ? value : (secrets[named.split('/').at(-1) ?? ''] ?? readFileSync(named.slice(5), 'utf8')),
      ]
    })
    return Object.fromEntries(entries) as StorageOptions
  }

  async put(key: string, content: Buffer | string): Promise<void> {
    const bytes = Buffer.from(content)
    const { store, url } = await this.#at(key)
    const there = await store.look(url.key)
    const object = { key: url.key, bytes: bytes.length, mark: { run: 'test', sha256: 'none' } }
    await store.put(object, bytes, there === null ? { kind: 'free' } : { kind: 'version', version: there.version })
  }

  async get(key: string): Promise<Buffer | null> {
    const { store, url } = await this.#at(key)
    const there = await store.look(url.key)
    if (there === null) return null
    const pieces: Uint8Array[] = []
    for await (const piece of await store.read(url.key, 0, there.version, new AbortController().signal))
      pieces.push(piece)
    return Buffer.concat(pieces)
  }

  /** Of all that is there, uploads without parts among it where the store tells of them; in order. */
  async keys(): Promise<readonly string[]> {
    const { store, url } = await this.#at('x')
    const prefix = url.key.slice(0, -1)
    const keys = this.kind === 's3' ? ((await this.#asS3('uploads')).match(/<UploadId>[^<]+/g) ?? []) : []
    const found: string[] = [...keys]
    for await (const { key } of store.list(prefix, true)) found.push(key.slice(prefix.length))
    return found.sort()
  }

  /** Uploads under way; what the store doesn't tell is none. */
  async underWay(): Promise<readonly string[]> {
    if (this.kind === 'sftp') {
      const names = readdirSync(join(this.folder, 'files'), { recursive: true, encoding: 'utf8' })
      return names.filter(name => name.includes('.custody-'))
    }
    if (this.kind !== 's3') return []
    const ids = [...(await this.#asS3('uploads')).matchAll(/<UploadId>([^<]+)<\/UploadId><Key>([^<]+)/g)]
    const left: string[] = []
    // moto says of all uploads that they began in 2010, so that one of which nobody learned the id isn't found by its time: those have no parts.
    for (const [, id = '', key = ''] of ids)
      if ((await this.#asS3(`uploadId=${id}`, key)).includes('<PartNumber>')) left.push(id)
    return left
  }

  async #asS3(query: string, key = ''): Promise<string> {
    const who = 'Credential=KEY/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0'
    const headers = { authorization: `AWS4-HMAC-SHA256 ${who}` }
    return await (await fetch(`http://127.0.0.1:${this.port}/bucket/${key}?${query}`, { headers })).text()
  }

  async close(): Promise<void> {
    await this.#stores.close()
    const { exitCode, signalCode } = this.#process
    const closed = exitCode === null && signalCode === null ? once(this.#process, 'close') : null
    // Some wait for connections that are kept open; nothing of theirs is needed any more.
    this.#process.kill('SIGKILL')
    await closed
    rmSync(this.folder, { recursive: true, force: true })
  }

  #secrets(): { readonly [name: string]: string } {
    return this.kind === 's3' ? { s3: 'long-enough-for-a-key' } : this.kind === 'az' ? { az: AZURE_KEY } : {}
  }

  async #at(key: string): Promise<{ readonly store: Store; readonly url: StoreUrl }> {
    const url = parseStoreUrl(this.url(key)) as StoreUrl
    return { store: await this.#stores.of(url), url }
  }

  async #makeRoot(): Promise<void> {
    const host = `http://127.0.0.1:${this.port}`
    if (this.kind === 's3') await fetch(`${host}/bucket`, { method: 'PUT' })
    if (this.kind === 'gs')
      await fetch(`${host}/storage/v1/b?project=x`, {
        method: 'POST',
        body: JSON.stringify({ name: 'bucket' }),
        headers: { 'content-type': 'application/json' },
      })
    if (this.kind !== 'az') return
    const { BlobServiceClient, StorageSharedKeyCredential } = await import('@azure/storage-blob')
    const service = new BlobServiceClient(
      `${host}/devstoreaccount1`,
      new StorageSharedKeyCredential('devstoreaccount1', AZURE_KEY),
    )
    await service.createContainer('bucket')
  }
}

function started(kind: StoreKind, folder: string, port: number): ChildProcess {
  const quiet = { stdio: 'ignore', cwd: folder } as const
  switch (kind) {
    case 's3':
      return spawn(PROGRAMS.s3, ['-H', '127.0.0.1', '-p', String(port)], quiet)
    case 'az':
      return spawn(
        process.execPath,
        [PROGRAMS.az, '--skipApiVersionCheck', '--silent', '--blobPort', String(port), '--location', folder],
        quiet,
      )
    case 'gs':
      return spawn(
        PROGRAMS.gs,
        [
          '-scheme',
          'http',
          '-host',
          '127.0.0.1',
          '-port',
          String(port),
          '-backend',
          'memory',
          '-public-host',
          `127.0.0.1:${port}`,
          '-external-url',
          `http://127.0.0.1:${port}`,
        ],
        quiet,
      )
    case 'sftp':
      return startedSshd(folder, port)
  }
}

function startedSshd(folder: string, port: number): ChildProcess {
  for (const name of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)])
  copyFileSync(join(folder, 'user.pub'), join(folder, 'authorized'))
  chmodSync(join(folder, 'authorized'), 0o600)
  for (const each of [join(folder, 'files'), '/run/sshd']) mkdirSync(each, { recursive: true })
  const config = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${folder}/host`,
    `AuthorizedKeysFile ${folder}/authorized`,
  ]
  const more = [
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    'MaxStartups 100',
    'Subsystem sftp internal-sftp',
  ]
  writeFileSync(join(folder, 'sshd_config'), [...config, ...more, ''].join('\n'))
  return spawn(PROGRAMS.sftp, ['-D', '-e', '-f', join(folder, 'sshd_config')], { stdio: 'ignore' })
}

/** As ssh-keygen -l shows it. */
function fingerprint(folder: string): string {
  const [, key = ''] = readFileSync(join(folder, 'host.pub'), 'utf8').split(' ')
  return `SHA256:${createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')}`
}

/** As long as it takes, on a machine that has much to do. @throws Error if the program ends. */
async function answering(port: number, program: ChildProcess): Promise<void> {
  while (program.exitCode === null && program.signalCode === null) {
    const socket = createConnection(port, '127.0.0.1')
    const found = await new Promise(resolve => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (found) return
    await sleep(100)
  }
  throw new Error(`the program that should answer at port ${port} has ended`)
}

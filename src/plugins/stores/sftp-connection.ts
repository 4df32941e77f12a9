/**
 * A connection to an SFTP server, made when it is first asked for, and anew when it broke.
 *
 * SFTP-CONNECTION-1. Nothing is sent to a server whose key isn’t the one that the options or ~/.ssh/known_hosts name.
 * SFTP-CONNECTION-2. The handle of an open file is sent over the connection that it came by, and over no other: there it may be that of
 *     another file.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Client, ConnectConfig, OpenMode, SFTPWrapper, Stats } from 'ssh2'
import { isKnownHost } from './known-hosts.ts'
import { type FailureKind, isConnectionError, StoreFailure } from './object-store.ts'
import type { StorageOptions } from './options.ts'

const READY_MS = 20_000
const ALIVE_MS = 10_000
const KEY_FILES = ['id_ed25519', 'id_ecdsa', 'id_rsa']

interface Connected {
  readonly client: Client
  readonly sftp: SFTPWrapper
  /** Nothing that is sent over it is answered any more; its library would wait for that. */
  isLost: boolean
}

export class SftpConnection {
  readonly #newClient: () => Client
  readonly #config: ConnectConfig
  /** Why the last server wasn’t trusted. */
  #distrust: string | null = null
  #connected: Promise<Connected> | null = null

  private constructor(newClient: () => Client, config: ConnectConfig, host: string, options: StorageOptions) {
    this.#newClient = newClient
    this.#config = { ...config, hostVerifier: (key: Buffer) => this.#trusts(key, host, options) }
  }

  /** `host`: `user@host:port`. Connects to nobody. */
  static async of(host: string, options: StorageOptions): Promise<SftpConnection> {
    const { Client } = (await import('ssh2')).default
    const config = configOf(host, options)
    const name = config.port === 22 ? (config.host ?? '') : `[${config.host}]:${config.port}`
    return new SftpConnection(() => new Client(), config, name, options)
  }

  /** @throws StoreFailure */
  ask<T>(work: (sftp: SFTPWrapper) => Promise<T>): Promise<T> {
    return this.#asked(async connected => work(connected.sftp))
  }

  /** @throws StoreFailure */
  open(path: string, mode: OpenMode): Promise<SftpFile> {
    return this.#asked(
      async connected => new SftpFile(connected, await ended(done => connected.sftp.open(path, mode, done))),
    )
  }

  async #asked<T>(work: (connected: Connected) => Promise<T>): Promise<T> {
    try {
      this.#connected ??= this.#connect()
      return await work(await this.#connected)
    } catch (error) {
      throw failureOf(error)
    }
  }

  async close(): Promise<void> {
    const connected = this.#connected
    this.#connected = null
    const opened = await connected?.catch(() => null)
    opened?.client.end()
  }

  #connect(): Promise<Connected> {
    const client = this.#newClient()
    this.#distrust = null
    const { promise, resolve, reject } = Promise.withResolvers<Connected>()
    let connected: Connected | null = null
    // Another one may have taken its place by the time that its end is heard of.
    const forget = () => {
      if (this.#connected === promise) this.#connected = null
    }
    promise.catch(forget)
    const lose = (error: Error) => {
      if (connected !== null) connected.isLost = true
      forget()
      reject(this.#distrust === null ? error : new StoreFailure('credentials', this.#distrust, error))
      client.destroy()
    }
    client.on('error', lose)
    client.on('close', () => lose(lost()))
    client.on('ready', () =>
      client.sftp((error, sftp) => {
        if (error) return lose(error)
        sftp.on('close', () => lose(lost()))
        connected = { client, sftp, isLost: false }
        resolve(connected)
      }),
    )
    try {
      client.connect(this.#config)
    } catch (error) {
      // A private key that can't be read.
      lose(new StoreFailure('credentials', error instanceof Error ? error.message : String(error)))
    }
    return promise
  }

  #trusts(key: Buffer, host: string, { host_key }: StorageOptions): boolean {
    const fingerprint = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
    if (host_key !== undefined) {
      if (fingerprint === host_key.replace(/=+$/, '')) return true
      this.#distrust = `the server’s key is ${fingerprint}, and host_key says ${host_key}`
      return false
    }
    const file = join(homedir(), '.ssh', 'known_hosts')
    if (existsSync(file) && isKnownHost(readFileSync(file, 'utf8'), host, key)) return true
    this.#distrust = `the server’s key ${fingerprint} doesn’t stand in ~/.ssh/known_hosts for ${host}, and no host_key is set`
    return false
  }
}

/** A file that is open; with its connection it is gone. What it can't do throws a StoreFailure. */
export class SftpFile {
  readonly #connected: Connected
  readonly #handle: Buffer

  constructor(connected: Connected, handle: Buffer) {
    this.#connected = connected
    this.#handle = handle
  }

  stat(): Promise<Stats> {
    return this.#ask((sftp, handle, done) => sftp.fstat(handle, done))
  }

  /** Up to `size` bytes from `from` on, into the buffer at `at`; gives how many. */
  read(buffer: Buffer, at: number, size: number, from: number): Promise<number> {
    return this.#ask((sftp, handle, done) =>
      sftp.read(handle, buffer, at, size, from, (error, count) => done(error, count)),
    )
  }

  write(bytes: Buffer, at: number): Promise<void> {
    return this.#ask((sftp, handle, done) => sftp.write(handle, bytes, 0, bytes.length, at, done))
  }

  /** Makes it durable, where the server knows how: an extension of OpenSSH. */
  async sync(): Promise<void> {
    try {
      await this.#ask<void>((sftp, handle, done) => sftp.ext_openssh_fsync(handle, done))
    } catch (error) {
      if (!isUnknownRequest(error)) throw error
    }
  }

  /** A server may tell here that it couldn't keep what was written. */
  close(): Promise<void> {
    return this.#ask<void>((sftp, handle, done) => sftp.close(handle, done))
  }

  async #ask<T>(begin: (sftp: SFTPWrapper, handle: Buffer, done: Done<T>) => unknown): Promise<T> {
    try {
      if (this.#connected.isLost) throw lost()
      return await ended<T>(done => begin(this.#connected.sftp, this.#handle, done))
    } catch (error) {
      throw failureOf(error)
    }
  }
}

type Done<T> = (error: Error | null | undefined, value: T) => void

/** What is given to its callback. */
export function ended<T>(begin: (done: Done<T>) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    begin((error, value) => (error ? reject(error) : resolve(value)))
  })
}

const UNSUPPORTED = 8

/** The library asks for no extension that the server hasn't named; one that has may still not do it. */
function isUnknownRequest(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null
  if (!(cause instanceof Error)) return false
  return ('code' in cause && cause.code === UNSUPPORTED) || /does not support this extended request/.test(cause.message)
}

function configOf(host: string, options: StorageOptions): ConnectConfig {
  const url = new URL(`ssh://${host}`)
  const { password, private_key, passphrase } = options
  const named = url.username === '' ? userInfo().username : decodeURIComponent(url.username)
  const common: ConnectConfig = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 22 : Number(url.port),
    username: options.user ?? named,
    readyTimeout: READY_MS,
    keepaliveInterval: ALIVE_MS,
  }
  if (private_key !== undefined)
    return { ...common, privateKey: private_key, ...(passphrase === undefined ? {} : { passphrase }) }
  if (password !== undefined) return { ...common, password }
  const { SSH_AUTH_SOCK: agent } = process.env
  if (agent !== undefined && agent !== '') return { ...common, agent }
  const file = KEY_FILES.map(name => join(homedir(), '.ssh', name)).find(path => existsSync(path))
  return file === undefined ? common : { ...common, privateKey: readFileSync(file) }
}

const lost = () => Object.assign(new Error('the connection was lost'), { code: 'ECONNRESET' })

/** Numbers of the protocol (draft-ietf-secsh-filexfer-02, 7). */
const STATUS: { readonly [code: number]: FailureKind } = {
  2: 'absent',
  3: 'denied',
  6: 'unavailable',
  7: 'unavailable',
}

function failureOf(error: unknown): StoreFailure {
  if (error instanceof StoreFailure) return error
  if (!(error instanceof Error)) return new StoreFailure('other', String(error))
  // cast: errors of ssh2 have these; of others they are undefined.
  const { code, level } = error as { readonly code?: number | string; readonly level?: string }
  if (level === 'client-authentication') return new StoreFailure('credentials', error.message, error)
  if (code === 'ENOTFOUND') return new StoreFailure('no_root', error.message, error)
  const known = typeof code === 'number' ? STATUS[code] : undefined
  const broke =
    isConnectionError(error) ||
    level === 'client-timeout' ||
    level === 'client-socket' ||
    /no response from server|not connected|handshake failed|connection lost|ended/i.test(error.message)
  return new StoreFailure(known ?? (broke ? 'unavailable' : 'other'), error.message, error)
}

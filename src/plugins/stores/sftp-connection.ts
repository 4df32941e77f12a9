/**
 * A connection to an SFTP server, made when it is first asked for, and anew when it broke.
 *
 * SFTP-CONNECTION-1. Nothing is sent to a server whose key isn’t the one that the options or ~/.ssh/known_hosts name.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Client, ConnectConfig, SFTPWrapper } from 'ssh2'
import { isKnownHost } from './known-hosts.ts'
import { type FailureKind, isConnectionError, StoreFailure } from './object-store.ts'
import type { StorageOptions } from './options.ts'

const READY_MS = 20_000
const ALIVE_MS = 10_000
const KEY_FILES = ['id_ed25519', 'id_ecdsa', 'id_rsa']

interface Connected {
  readonly client: Client
  readonly sftp: SFTPWrapper
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
  async ask<T>(work: (sftp: SFTPWrapper) => Promise<T>): Promise<T> {
    try {
      const { sftp } = await this.#open()
      return await work(sftp)
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

  #open(): Promise<Connected> {
    this.#connected ??= this.#connect().catch((error: unknown) => {
      this.#connected = null
      throw error
    })
    return this.#connected
  }

  #connect(): Promise<Connected> {
    const client = this.#newClient()
    this.#distrust = null
    return new Promise<Connected>((resolve, reject) => {
      const lose = (error: Error) => {
        this.#connected = null
        reject(this.#distrust === null ? error : new StoreFailure('credentials', this.#distrust, error))
        client.destroy()
      }
      client.on('error', lose)
      client.on('close', () => lose(lost()))
      client.on('ready', () => client.sftp((error, sftp) => (error ? lose(error) : resolve({ client, sftp }))))
      try {
        client.connect(this.#config)
      } catch (error) {
        // A private key that can't be read.
        reject(new StoreFailure('credentials', error instanceof Error ? error.message : String(error)))
      }
    })
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

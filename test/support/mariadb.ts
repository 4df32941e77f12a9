/** A MariaDB server in a folder that goes with it, where one is installed (scripts/connector-servers.sh). */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort, PASSWORD, USER, who } from './postgres-server.ts'

const PROGRAMS = ['/usr/sbin/mariadbd', '/usr/local/sbin/mariadbd', '/usr/libexec/mariadbd']
const INSTALLERS = ['/usr/bin/mariadb-install-db', '/usr/local/bin/mariadb-install-db']

/** null: there is none on this machine. */
export const MARIADB = PROGRAMS.find(existsSync) ?? null
/** For names of tests: empty, or that they are skipped. */
/** Who may do the same without a password. */
export const GUEST = 'guest'
export const MARIADB_SAID = MARIADB === null ? ' (skipped: mariadb-server)' : ''

/** The user of the tests may do anything in any database, and connects over TCP with a password. */
export class MariadbServer {
  readonly folder: string
  readonly port: number
  #process: ChildProcess | null = null
  /** What it said last. */
  #log = ''

  private constructor(folder: string, port: number) {
    this.folder = folder
    this.port = port
  }

  /** A new one, started. @throws Error with what the programs said. */
  static async begin(settings: readonly string[] = []): Promise<MariadbServer> {
    const folder = mkdtempSync(join(tmpdir(), 'custody-mariadb-'))
    const { uid, gid } = who()
    chmodSync(folder, 0o700)
    if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid)
    const server = new MariadbServer(folder, await freePort())
    const installer = INSTALLERS.find(existsSync) ?? 'mariadb-install-db'
    const flags = [
      '--no-defaults',
      `--datadir=${server.#data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ]
    await promisify(execFile)(installer, flags, { ...who(), cwd: folder })
    await server.start(settings)
    for (const [user, password] of Object.entries({ [USER]: PASSWORD, [GUEST]: '' })) {
      const who = `${user}@'127.0.0.1'`
      await server.sql(`CREATE USER ${who} IDENTIFIED BY '${password}'; GRANT ALL ON *.* TO ${who} WITH GRANT OPTION`)
    }
    return server
  }

  get #data(): string {
    return join(this.folder, 'data')
  }

  get #socket(): string {
    return join(this.folder, 'socket')
  }

  async start(settings: readonly string[] = []): Promise<void> {
    const flags = [
      ...['--no-defaults', `--datadir=${this.#data}`, `--socket=${this.#socket}`, `--port=${this.port}`],
      ...[
        '--bind-address=127.0.0.1',
        '--pid-file=pid',
        '--skip-log-bin',
        '--character-set-server=utf8mb4',
        '--innodb-flush-log-at-trx-commit=0',
        ...settings,
      ],
    ]
    // The shell ends the server when its own input ends, as it does when whoever holds it is gone.
    const script = '"$@" & server=$!; (cat >/dev/null; kill -TERM $server) <&3 & wait $server'
    const child = spawn('sh', ['-c', script, 'sh', MARIADB ?? 'mariadbd', ...flags], {
      ...who(),
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    this.#log = ''
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', () => reject(new Error(`the server ended: ${this.#log}`)))
      child.stderr?.on('data', (chunk: Buffer) => {
        this.#log = `${this.#log}${chunk}`.slice(-10_000)
        if (this.#log.includes('ready for connections')) resolve()
      })
    })
  }

  /** As its owner, over the socket. */
  async sql(statements: string, database = 'mysql'): Promise<void> {
    const { createConnection } = await import('mysql2/promise')
    const connection = await createConnection({
      socketPath: this.#socket,
      user: 'root',
      database,
      multipleStatements: true,
    })
    try {
      await connection.query(statements)
    } finally {
      await connection.end()
    }
  }

  /** As an administrator does it. */
  async stop(): Promise<void> {
    const child = this.#process
    if (child === null) return
    this.#process = null
    const closed = once(child, 'close')
    child.stdio[3]?.destroy()
    await closed
  }

  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

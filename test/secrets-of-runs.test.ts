/** Secrets that a pipeline names elsewhere than in the environment: who is asked for them, and when; what stays of them. */

import { createHmac } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openLedgerReader } from '../src/ledger/open-reader.ts'
import { findRun } from '../src/read/runs/list.ts'
import { planOf } from '../src/read/runs/opening-values.ts'
import { runInProcess } from './support/in-process.ts'
import { json, serve } from './support/web-server.ts'
import { WorkFolder } from './support/work-folder.ts'

const KEY = 'canary-key-of-vault'
const FILED = 'canary-key-of-file'
const TOKEN = 'canary-token'

const PIPELINE = `name: pseudonyms
defaults: { on_error: discard, on_invalid: discard }
sources: { rows: { plugin: jsonl, options: { path: rows.jsonl }, to: mask } }
nodes:
  mask:
    transform: compute
    options:
      secrets: { key: { secret: 'vault:kv/$\{STAGE:-dev}/app#key' }, filed: { secret: 'file:secrets/filed' } }
      set: { key: 'hash.hmacSha256(row.id, secrets.key)', filed: 'hash.hmacSha256(row.id, secrets.filed)' }
    to: out
sinks: { out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace } } }
ledger: { url: { secret: 'vault:kv/dev/app#ledger' } }
`
const TO_OUT = `name: plain
defaults: { on_error: discard, on_invalid: discard }
sources: { rows: { plugin: jsonl, options: { path: rows.jsonl }, to: out } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl } } }
`
const TESTS = `cases:
  - { name: one, rows: { rows: [{ id: a }] }, expect: { status: completed } }
  - { name: two, rows: { rows: [{ id: b }] }, set: ['retry.attempts=2'], expect: { status: completed } }
`

async function stage() {
  const folder = mkdtempSync(join(tmpdir(), 'custody-kept-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  mkdirSync(join(folder, 'secrets'))
  write('secrets/filed', `${FILED}\n`)
  write('p.yaml', PIPELINE)
  write('p.test.yaml', TESTS)
  write('rows.jsonl', '{"id":"a"}\n')
  let key = KEY
  const vault = await serve(({ url, headers }, response) => {
    if (headers['x-vault-token'] !== TOKEN) return json(response, { errors: ['permission denied'] }, 403)
    if (url.startsWith('/v1/sys/')) return json(response, { data: { path: 'kv/', options: { version: '2' } } })
    json(response, { data: { data: { key, ledger: 'sqlite:./kept.db' } } })
  })
  const env = { XDG_CONFIG_HOME: join(folder, 'config'), VAULT_ADDR: vault.origin, VAULT_TOKEN: TOKEN }
  const custody = (words: readonly string[], more = {}) => runInProcess(words, folder, { ...env, ...more })
  const rotate = () => {
    key = `${KEY}-2`
  }
  return { folder, vault, custody, write, rotate }
}

const fingerprints = async (folder: string) => {
  const reader = await openLedgerReader(`sqlite:${join(folder, 'kept.db')}`)
  try {
    const { log } = await findRun(reader, 'latest')
    return (await planOf(reader, log)).options.mask
  } finally {
    await reader.close()
  }
}

test('are read when a run starts, once, and kept nowhere; the run can be told from one with another secret', async () => {
  const { folder, vault, custody, rotate } = await stage()
  expect(await custody(['run', 'p.yaml'])).toMatchObject({ exit: 0 })
  expect(vault.asked.map(each => each.url)).toEqual(['/v1/sys/internal/ui/mounts/kv/dev/app', '/v1/kv/data/dev/app'])
  const before = await fingerprints(folder)
  expect(before).toMatchObject({
    secrets: {
      key: { secret: 'vault:kv/dev/app#key', fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/) },
      filed: { secret: 'file:secrets/filed', fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/) },
    },
  })
  const [line] = readFileSync(join(folder, 'out.jsonl'), 'utf8').split('\n')
  // By another way: the key is what Vault has, the other what is in the file, without the end of its line.
  const mac = (key: string) => createHmac('sha256', key).update('a').digest('hex')
  expect(JSON.parse(line ?? '')).toEqual({ id: 'a', key: mac(KEY), filed: mac(FILED) })

  expect(await custody(['rerun', 'latest', '--where', 'true', '--ledger', 'kept.db'])).toMatchObject({ exit: 0 })
  expect(await fingerprints(folder)).toEqual(before)
  rotate()
  expect(await custody(['run', 'p.yaml'])).toMatchObject({ exit: 0 })
  expect(await fingerprints(folder)).not.toEqual(before)

  const kept = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(each => each.isFile())
  const with_secrets = kept.filter(({ parentPath, name }) => {
    const content = readFileSync(join(parentPath, name))
    return [KEY, FILED, TOKEN].some(each => content.includes(each))
  })
  expect(with_secrets.map(each => each.name)).toEqual(['filed'])
})

test('aren’t asked for by whoever only looks, or whose pipeline is wrong; tests ask once for all cases', async () => {
  const { vault, custody, write } = await stage()
  const validated = await custody(['validate', 'p.yaml'])
  expect(validated).toMatchObject({ exit: 0, stderr: expect.stringContaining('no problems') })
  expect(validated.stdout).toContain(`
secrets, read when a run starts
  vault:kv/dev/app#key     HashiCorp Vault  nodes.mask.options.secrets.key
  file:secrets/filed       a file           nodes.mask.options.secrets.filed
  vault:kv/dev/app#ledger  HashiCorp Vault  ledger.url
`)
  write('wrong.yaml', PIPELINE.replace('row.id', 'row.id +'))
  expect(await custody(['run', 'wrong.yaml'])).toMatchObject({ exit: 2 })
  expect(vault.asked).toEqual([])
  const tested = await custody(['test', 'p.yaml'])
  expect(tested.exit, tested.stderr).toBe(0)
  expect(vault.asked).toHaveLength(2)
})

test('that can’t be had stop a run before anything is there, each at its place', async () => {
  const { folder, custody } = await stage()
  rmSync(join(folder, 'secrets'), { recursive: true })
  const run = await custody(['run', 'p.yaml'], { VAULT_TOKEN: 'canary-wrong' })
  expect(run.exit).toBe(2)
  expect(run.stderr).toContain('p.yaml:8:23: error CUSTODY_SECRET_DENIED: HashiCorp Vault doesn’t let this token read')
  expect(run.stderr).toContain('p.yaml:8:76: error CUSTODY_SECRET_NOT_FOUND: there is no file ')
  expect(run.stderr).toContain('p.yaml:12:16: error CUSTODY_SECRET_DENIED: HashiCorp Vault')
  expect(run.stderr).not.toContain('canary')
  expect(readdirSync(folder).sort()).toEqual(['p.test.yaml', 'p.yaml', 'rows.jsonl'])
})

test.each([
  ['postgres://me:hushed-pw@db.example/x', true],
  ['postgres://me:h%40shed@db.example/x', true],
  ['postgres://me@db.example/x?sslcert=a&sslkey=b&sslpassword=hushed', true],
  ['${LATER:-postgres://me:hushed-pw@db.example/x}', true],
  ['${NEVER:-postgres://me:hushed-pw@db.example/x}', true],
  ['postgres://me:${LATER:-hushed-pw}@db.example/x', true],
  ['postgres://me@db.example/x', false],
  ['postgres://me:${LATER}@db.example/x', false],
  ['${LATER:-postgres://me@db.example/x}', false],
])('a password of the ledger that is recorded with the file is warned of: %s', async (url, warned) => {
  const work = new WorkFolder({ 'rows.jsonl': '', 'p.yaml': `${TO_OUT}ledger: { url: "${url}" }\n` })
  onTestFinished(() => work.close())
  const env = { ...work.env, LATER: url.startsWith('${') ? 'sqlite:kept.db' : 'hushed' }
  work.env = env
  const { exit: code, stderr } = await work.custody('validate', 'p.yaml')
  expect([code, stderr.includes('which is recorded with the file')]).toEqual([0, warned])
})

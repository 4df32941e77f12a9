/**
 * Against stubs of the managers' HTTP APIs, written from their published pages, with the libraries that sign in as they are: these take
 * all settings from the process's environment.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { problem, reader, readSecret, value } from '../../test/support/secret-reader.ts'
import { type Answer, json, serve, type WebServer } from '../../test/support/web-server.ts'
import { type Ask, webAsk } from './web.ts'

const NOWHERE = '/nowhere/at/all'

function setting(env: { readonly [name: string]: string }): void {
  for (const [name, each] of Object.entries(env)) vi.stubEnv(name, each)
}

beforeEach(() => {
  for (const name of Object.keys(process.env))
    if (/^(?:AWS|AZURE|IDENTITY|MSI|GOOGLE|GCE|GCLOUD)_/.test(name)) vi.stubEnv(name, undefined)
  setting({ HOME: NOWHERE, CLOUDSDK_CONFIG: NOWHERE, PATH: NOWHERE })
})
afterEach(() => {
  vi.unstubAllEnvs()
})

describe('AWS', () => {
  const SECRET_KEY = 'canary-secret-access-key'
  const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:far-AbCdEf'

  /** Both services answer JSON 1.1 at one path, by `x-amz-target`. */
  const aws: Answer = ({ headers, body }, response) => {
    const { SecretId, Name, WithDecryption } = JSON.parse(body) as { readonly [key: string]: unknown }
    const answer = (value: object, status = 200) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(value))
    }
    const fails = (name: string, status = 400) =>
      answer({ __type: name, message: `${name}: ${JSON.stringify(headers)}` }, status)
    const asked = `${headers['x-amz-target']} ${SecretId ?? Name}`
    switch (asked) {
      case 'secretsmanager.GetSecretValue prod/db':
        return answer({ Name: 'prod/db', SecretString: '{"user":"u","password":"canary-password"}' })
      case `secretsmanager.GetSecretValue ${ARN}`:
        return answer({ Name: 'far', SecretString: 'far away' })
      case 'secretsmanager.GetSecretValue bytes':
        return answer({ Name: 'bytes', SecretBinary: Buffer.from('bytes, too').toString('base64') })
      case 'secretsmanager.GetSecretValue denied':
        return fails('AccessDeniedException')
      case 'secretsmanager.GetSecretValue expired':
        return fails('ExpiredTokenException')
      case 'secretsmanager.GetSecretValue deleted':
        return fails('InvalidRequestException')
      case 'secretsmanager.GetSecretValue odd':
        return fails('ValidationException')
      case 'secretsmanager.GetSecretValue rude':
        return fails('canary: it is canary')
      case 'AmazonSSM.GetParameter /app/db':
        return WithDecryption === true ? answer({ Parameter: { Name, Value: 'a parameter' } }) : fails('KMSException')
      case 'AmazonSSM.GetParameter /none':
        return fails('ParameterNotFound')
      default:
        return fails('ResourceNotFoundException')
    }
  }

  async function stage(): Promise<WebServer> {
    const server = await serve(aws)
    setting({
      AWS_ENDPOINT_URL: server.origin,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKIDCANARY',
      AWS_SECRET_ACCESS_KEY: SECRET_KEY,
      AWS_SESSION_TOKEN: 'canary-session-token',
      AWS_CONFIG_FILE: NOWHERE,
      AWS_SHARED_CREDENTIALS_FILE: NOWHERE,
      AWS_EC2_METADATA_DISABLED: 'true',
    })
    return server
  }

  test('secrets, their fields, and parameters, with requests that are signed for the region', async () => {
    const { asked } = await stage()
    const names = [
      'aws:prod/db#password',
      'aws:prod/db#user',
      'aws:prod/db',
      `aws:${ARN}`,
      'aws:bytes',
      'aws-ssm:/app/db',
    ]
    const found = await reader({ env: {} }).read(names, '/')
    expect([...found.values()]).toEqual(
      [
        'canary-password',
        'u',
        '{"user":"u","password":"canary-password"}',
        'far away',
        'bytes, too',
        'a parameter',
      ].map(value),
    )
    expect(asked).toHaveLength(4)
    const signed = asked.map(({ method, headers }) => [
      method,
      headers['x-amz-security-token'],
      /^AWS4-HMAC-SHA256 Credential=AKIDCANARY\/\d{8}\/([a-z0-9-]+\/\w+)\/aws4_request, SignedHeaders=.*host.*, Signature=[0-9a-f]{64}$/.exec(
        headers.authorization ?? '',
      )?.[1],
    ])
    const by = (scope: string) => ['POST', 'canary-session-token', scope]
    expect(signed.sort()).toEqual(
      [
        by('eu-central-1/secretsmanager'),
        by('eu-west-1/secretsmanager'),
        by('eu-west-1/secretsmanager'),
        by('eu-west-1/ssm'),
      ].sort(),
    )
    expect(JSON.stringify(asked)).not.toContain(SECRET_KEY)
  })

  test('what can’t be had', async () => {
    await stage()
    const names = ['none', 'denied', 'expired', 'deleted', 'odd', 'rude', 'prod/db#pasword', 'bytes#x'].map(
      each => `aws:${each}`,
    )
    const found = [...(await reader({ env: {} }).read([...names, 'aws-ssm:/none'], '/')).values()]
    expect(found).toMatchObject([
      problem('SECRET_NOT_FOUND', 'has no secret none'),
      problem('SECRET_DENIED', '(AccessDeniedException)'),
      problem('SECRET_DENIED', '(ExpiredTokenException)'),
      problem('SECRET_NOT_FOUND', 'about to be deleted'),
      problem('SECRET_UNREACHABLE', '(ValidationException)'),
      problem('SECRET_UNREACHABLE', 'rude'),
      problem('SECRET_NOT_FOUND', 'no field `pasword`'),
      problem('SECRET_VALUE', 'isn’t a JSON object'),
      problem('SECRET_NOT_FOUND', 'AWS Parameter Store has no secret /none'),
    ])
    setting({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' })
    const closed = await readSecret('aws:prod/db', { env: {} })
    expect(closed).toMatchObject(problem('SECRET_UNREACHABLE', '(ECONNREFUSED)'))
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined)
    const unsigned = await readSecret('aws:prod/db', { env: {} })
    expect(unsigned).toMatchObject(problem('SECRET_SETTING', 'no credentials'))
    vi.stubEnv('AWS_REGION', undefined)
    const nowhere = await readSecret('aws-ssm:/app/db', { env: {} })
    expect(nowhere).toMatchObject(problem('SECRET_SETTING', 'no region'))
    expect(JSON.stringify([found, closed, unsigned, nowhere])).not.toMatch(/canary/i)
  })
})

/** Sends what is for a host to a stub. */
const insteadOf = (origins: { readonly [origin: string]: string }): Ask => {
  const ask = webAsk({})
  return (request, signal) => {
    const { origin } = new URL(request.url)
    const stub = origins[origin]
    if (stub === undefined) throw new Error(`nobody asks ${origin}`)
    return ask({ ...request, url: request.url.replace(origin, stub) }, signal)
  }
}

describe('Azure Key Vault', () => {
  const VERSION = '0123456789abcdef0123456789abcdef'

  /** A managed identity of App Service, and a vault. */
  const azure: Answer = ({ url, headers }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://stub')
    if (pathname === '/identity') {
      if (headers['x-identity-header'] !== 'canary-identity') return json(response, { message: 'canary' }, 401)
      const expires_on = String(Math.floor(Date.now() / 1000) + 3600)
      const resource = searchParams.get('resource')
      return json(response, {
        access_token: `canary-token for ${resource}`,
        expires_on,
        resource,
        token_type: 'Bearer',
      })
    }
    if (headers.authorization !== 'Bearer canary-token for https://vault.azure.net')
      return json(response, { error: headers }, 401)
    if (searchParams.get('api-version') !== '7.4') return json(response, { error: { code: 'BadParameter' } }, 400)
    const id = (name: string) => ({ id: `https://v.vault.azure.net/secrets/${name}`, attributes: { enabled: true } })
    switch (pathname) {
      case '/secrets/db':
        return json(response, { value: '{"user":"u"}', ...id('db/2') })
      case `/secrets/db/${VERSION}`:
        return json(response, { value: 'the first', ...id(`db/${VERSION}`) })
      case '/secrets/off':
        return json(response, { error: { code: 'Forbidden', innererror: { code: 'SecretDisabled' } } }, 403)
      default:
        return json(response, { error: { code: 'SecretNotFound', message: 'canary' } }, 404)
    }
  }

  test('secrets and their versions, asked for by a managed identity', async () => {
    const { origin, asked } = await serve(azure)
    setting({ IDENTITY_ENDPOINT: `${origin}/identity`, IDENTITY_HEADER: 'canary-identity' })
    const ports = { env: {}, ask: insteadOf({ 'https://my-vault.vault.azure.net': origin }) }
    const names = ['db#user', 'db', `db/${VERSION}`, 'off', 'none'].map(each => `azure:my-vault/${each}`)
    const found = [...(await reader(ports).read(names, '/')).values()]
    expect(found).toMatchObject([
      value('u'),
      value('{"user":"u"}'),
      value('the first'),
      problem('SECRET_DENIED', 'my-vault.vault.azure.net/off'),
      problem('SECRET_NOT_FOUND', 'has no secret my-vault.vault.azure.net/none'),
    ])
    expect(JSON.stringify(found)).not.toContain('canary')
    expect(asked.filter(({ url }) => url.startsWith('/secrets/'))).toHaveLength(4)
  })
})

describe('Google Secret Manager', () => {
  /** The metadata server of a machine, and the service. */
  const google: Answer = ({ url, headers }, response) => {
    if (url.startsWith('/computeMetadata/')) {
      response.setHeader('metadata-flavor', 'Google')
      if (headers['metadata-flavor'] !== 'Google') return json(response, {}, 403)
      if (url.includes('/service-accounts/default/token'))
        return json(response, { access_token: 'canary-token', expires_in: 3600, token_type: 'Bearer' })
      if (url.includes('/universe')) return json(response, {}, 404)
      return response.end('my-project')
    }
    if (headers.authorization !== 'Bearer canary-token') return json(response, { error: { message: 'canary' } }, 401)
    const data = (text: string) => json(response, { payload: { data: Buffer.from(text).toString('base64') } })
    switch (url) {
      case '/v1/projects/p/secrets/db/versions/latest:access':
        return data('{"user":"ü"}')
      case '/v1/projects/p/locations/europe-west3/secrets/db/versions/7:access':
        return data('near')
      case '/v1/projects/p/secrets/db/versions/1:access':
        return json(response, { error: { code: 400, status: 'FAILED_PRECONDITION', message: 'canary' } }, 400)
      case '/v1/projects/p/secrets/denied/versions/latest:access':
        return json(response, { error: { code: 403, status: 'PERMISSION_DENIED', message: 'canary' } }, 403)
      default:
        return json(response, { error: { code: 404, status: 'NOT_FOUND', message: 'canary' } }, 404)
    }
  }

  test('versions of secrets, asked for by the account of a machine', async () => {
    const { origin, port } = await serve(google)
    setting({ GCE_METADATA_HOST: `127.0.0.1:${port}` })
    const ask = insteadOf({
      'https://secretmanager.googleapis.com': origin,
      'https://secretmanager.europe-west3.rep.googleapis.com': origin,
    })
    const names = [
      'projects/p/secrets/db#user',
      'projects/p/locations/europe-west3/secrets/db/versions/7',
      'projects/p/secrets/db/versions/1',
      'projects/p/secrets/denied',
      'projects/p/secrets/none',
    ].map(each => `gcp:${each}`)
    const found = [...(await reader({ env: {}, ask }).read(names, '/')).values()]
    expect(found).toMatchObject([
      value('ü'),
      value('near'),
      problem('SECRET_NOT_FOUND', 'no version of projects/p/secrets/db/versions/1'),
      problem('SECRET_DENIED', 'projects/p/secrets/denied/versions/latest'),
      problem('SECRET_NOT_FOUND', 'has no secret projects/p/secrets/none/versions/latest'),
    ])
    expect(JSON.stringify(found)).not.toContain('canary')
  })
})

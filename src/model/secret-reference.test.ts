import { describe, expect, test } from 'vitest'
import { isReference, parseSecretReference, SECRET_REFERENCE } from './secret-reference.ts'

describe('names of secrets', () => {
  test.each([
    ['API_KEY', { kind: 'environment', name: 'API_KEY' }],
    ['file:/run/secrets/x', { kind: 'file', path: '/run/secrets/x', field: null }],
    ['file:db.json#password', { kind: 'file', path: 'db.json', field: 'password' }],
    ['vault:secret/app/db#a b', { kind: 'vault', path: 'secret/app/db', field: 'a b' }],
    ['vault:kv/x', { kind: 'vault', path: 'kv/x', field: null }],
    ['aws:prod/db+x@1', { kind: 'aws', id: 'prod/db+x@1', field: null }],
    [
      'aws:arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf#user',
      { kind: 'aws', id: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf', field: 'user' },
    ],
    ['aws-ssm:/app/db:3', { kind: 'aws-ssm', id: '/app/db:3', field: null }],
    [
      'azure:my-vault/db-key',
      { kind: 'azure', host: 'my-vault.vault.azure.net', secret: 'db-key', version: null, field: null },
    ],
    [
      `azure:my-vault.vault.azure.cn/db/${'0'.repeat(32)}#f`,
      { kind: 'azure', host: 'my-vault.vault.azure.cn', secret: 'db', version: '0'.repeat(32), field: 'f' },
    ],
    [
      'gcp:projects/p-1/secrets/db',
      { kind: 'gcp', name: 'projects/p-1/secrets/db/versions/latest', location: null, field: null },
    ],
    [
      'gcp:projects/p-1/locations/europe-west3/secrets/db/versions/7#f',
      {
        kind: 'gcp',
        name: 'projects/p-1/locations/europe-west3/secrets/db/versions/7',
        location: 'europe-west3',
        field: 'f',
      },
    ],
  ])('%s', (text, expected) => {
    expect(parseSecretReference(text)).toEqual(expected)
    expect(SECRET_REFERENCE.test(text)).toBe(true)
  })

  test.each([
    ['', 'named by its environment variable'],
    ['a-b', 'named by its environment variable'],
    ['API KEY', 'named by its environment variable'],
    // No variable of such a name could be used before there were managers, either.
    ['MY:KEY', 'nothing that keeps secrets is called `MY:`'],
    ['VAULT:secret/app#x', 'nothing that keeps secrets is called `VAULT:`'],
    ['file:', 'isn’t how'],
    ['vault:secret', 'isn’t how'],
    ['vault:/secret/app', 'isn’t how'],
    ['vault:secret/app/', 'isn’t how'],
    ['vault:secret/../sys/raw#x', 'isn’t how'],
    ['vault:secret/.#x', 'isn’t how'],
    ['vault:secret/app#', 'isn’t how'],
    ['vault:secret/app#a\nb', 'isn’t how'],
    ['aws:', 'isn’t how'],
    ['aws:a b', 'isn’t how'],
    ['azure:my-vault', 'isn’t how'],
    // Tokens go to Key Vaults only.
    ['azure:my-vault.example.com/db', 'isn’t how'],
    ['azure:my-vault/db/1', 'isn’t how'],
    ['gcp:db', 'isn’t how'],
    ['gcp:projects/p/secrets/db/versions/', 'isn’t how'],
  ])('%j is none', (text, problem) => {
    const parsed = parseSecretReference(text)
    expect(isReference(parsed) ? parsed : parsed.problem).toContain(problem)
    expect(SECRET_REFERENCE.test(text)).toBe(false)
  })

  test('a scheme that was misspelt is guessed', () => {
    expect(parseSecretReference('valt:secret/app#x')).toMatchObject({
      hint: expect.stringContaining('did you mean vault:?'),
    })
  })
})

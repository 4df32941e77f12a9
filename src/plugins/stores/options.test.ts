import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { jsonlSink } from '../sinks/jsonl.ts'
import { jsonlSource } from '../sources/jsonl.ts'
import { isKnownHost } from './known-hosts.ts'
import { checkStorage } from './options.ts'
import { parseStoreUrl, storeUrlProblem, urlOf } from './store-url.ts'

describe('URLs', () => {
  test.each([
    ['s3://bucket/a/b.csv', { scheme: 's3', root: 'bucket', key: 'a/b.csv' }],
    ['az://box/a%20b', { scheme: 'az', root: 'box', key: 'a%20b' }],
    ['gs://bucket//x', { scheme: 'gs', root: 'bucket', key: '/x' }],
    ['sftp://me@host:2222/in/a.csv', { scheme: 'sftp', root: 'me@host:2222', key: '/in/a.csv' }],
  ])('%s is taken apart, and made again', (path, url) => {
    const found = parseStoreUrl(path)
    expect(found).toEqual(url)
    expect(found === null ? null : urlOf(found)).toBe(path)
  })

  test.each([
    ['s3://bucket', /a slash and the name of an object/],
    ['s3:///key', /a bucket/],
    ['sftp://me:word@host/a', /a password in the URL/],
    ['sftp://me@ho st:x/a', /the host isn’t one|a bucket/],
    ['s3://b*/a', /can’t depend on a pattern/],
  ])('%s is none', (path, problem) => expect(storeUrlProblem(path)).toMatch(problem))
})

describe('the option storage', () => {
  const path = 's3://bucket/a'
  const secret = [{ path: ['storage', 'secret_access_key'], name: 'S' }]

  test('is right with keys of which the secret one is a secret', () => {
    const storage = { access_key_id: 'A', secret_access_key: 'x' }
    expect(checkStorage({ path, storage }, secret)).toEqual([])
  })

  test.each([
    [{ access_key_id: 'A', secret_access_key: 'x' }, [], /stands in the file/],
    [{ secret_access_key: 'x' }, secret, /of no use without access_key_id/],
    [{ account: 'a' }, [], /s3 paths know no account/],
    [{ region: 'r' }, [{ path: ['storage', 'region'], name: 'S' }], /can’t be a secret/],
  ])('%j is refused', (storage, secrets, problem) =>
    expect(checkStorage({ path, storage }, secrets)[0]?.message).toMatch(problem),
  )

  test('is of no use for files', () => {
    expect(checkStorage({ path: 'a.csv', storage: { region: 'r' } }, [])[0]?.message).toMatch(/none is one/)
  })

  test('sources and sinks look at it; nothing is appended to an object', () => {
    const problems = jsonlSink.check?.(jsonlSink.options.parse({ path, if_exists: 'append' }), [])
    expect(problems?.map(({ message }) => message)).toEqual(['nothing can be appended to what is in a store'])
    expect(jsonlSource.check?.(jsonlSource.options.parse({ path: 's3://b' }), [])).toHaveLength(1)
  })
})

describe('known hosts', () => {
  const key = Buffer.from('a key')
  const encoded = key.toString('base64')
  const salt = Buffer.from('salt')
  const hashed = `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update('host').digest('base64')}`

  test.each([
    [`host ssh-ed25519 ${encoded}`, true],
    [`other,HOST ssh-ed25519 ${encoded} note`, true],
    [`${hashed} ssh-ed25519 ${encoded}`, true],
    [`# host ssh-ed25519 ${encoded}`, false],
    [`host ssh-ed25519 ${Buffer.from('another').toString('base64')}`, false],
    [`[host]:2222 ssh-ed25519 ${encoded}`, false],
    [`host ssh-ed25519 ${encoded}\n@revoked host ssh-ed25519 ${encoded}`, false],
    [`@cert-authority host ssh-ed25519 ${encoded}`, false],
    ['', false],
  ])('%s', (text, known) => expect(isKnownHost(text, 'host', key)).toBe(known))
})

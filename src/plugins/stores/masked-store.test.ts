import { expect, test } from 'vitest'
import { MemoryStore, sha256Of } from '../../../test/support/memory-store.ts'
import { MaskedStore, storeMasks } from './masked-store.ts'
import { type Store, StoreFailure } from './object-store.ts'
import { Stores } from './open-store.ts'
import { parseStoreUrl, type StoreUrl } from './store-url.ts'

const KEY = 'c2VjcmV0LWFjY291bnQta2V5LW9mLTMyLWJ5dGVzLg=='
const CONNECTION = `DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=${KEY};EndpointSuffix=core.windows.net`
const PEM = '-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEF\\n-----END PRIVATE KEY-----\\n'
const OPTIONS = {
  connection_string: CONNECTION,
  sas_token: '?sv=2024-01-01&sig=abcdEFGHijklMNOPqrst%3D',
  credentials: JSON.stringify({ client_email: 'a@b.example' }).replace('}', `,"private_key":"${PEM}"}`),
  secret_access_key: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
}
const object = { key: 'a', bytes: 1, mark: { run: 'run', sha256: sha256Of(Buffer.from('x')) } }
const part = { number: 1, at: 0, bytes: Buffer.from('x') }
const free = { kind: 'free' } as const

const listed = async (store: Store) => {
  for await (const each of store.list('', true)) throw new Error(each.key)
}
const ASKED: readonly (readonly [string, (store: Store) => Promise<unknown>])[] = [
  ['list', listed],
  ['look', store => store.look('a')],
  ['read', store => store.read('a', 0, '1', new AbortController().signal)],
  ['put', store => store.put(object, part.bytes, free)],
  ['begin', store => store.begin(object, free)],
  ['part', store => store.part(object, 'id', part)],
  ['complete', store => store.complete(object, { id: 'id', tags: [] }, part, free)],
  ['abort', store => store.abort('a', 'id')],
]

/** Whatever it is asked, it repeats something of who asks. */
function repeating(said: string): Store {
  const fail = () => {
    throw new StoreFailure('denied', `refused: ${said}`, new Error(`GET https://shop.example/?${said}`))
  }
  return new Proxy(new MemoryStore(4), { get: (_store, name) => (name === 'unknown' ? undefined : fail) })
}

const failureOf = (asked: Promise<unknown>): Promise<StoreFailure> =>
  asked.then(
    () => {
      throw new Error('it was answered')
    },
    (error: StoreFailure) => error,
  )

test.each([
  ['a key', OPTIONS.secret_access_key],
  ['a key as a URL has it', encodeURIComponent(OPTIONS.secret_access_key)],
  ['a connection string', CONNECTION],
  ['the key in a connection string', KEY],
  ['the signature in a token', 'abcdEFGHijklMNOPqrst%3D'],
  ['the private key in a key file', PEM],
  ['the same with its lines', PEM.replaceAll('\\n', '\n')],
  ['a token of the environment', 'a-session-token-of-the-environment'],
])('%s is in no failure, nor in what caused it', async (_what, secret) => {
  const masks = storeMasks(OPTIONS, { AWS_SESSION_TOKEN: 'a-session-token-of-the-environment' })
  const store = new MaskedStore(repeating(`x=${secret}&y`), masks)
  for (const [, ask] of ASKED) {
    const failure = await failureOf(ask(store))
    expect(failure).toMatchObject({ name: 'StoreFailure', kind: 'denied' })
    expect(failure.message).toContain('[secret ')
    expect(`${failure.message} ${failure.cause}`).not.toContain(secret)
  }
})

test('what has no secret in it stays as it is, with its cause', async () => {
  const store = new MaskedStore(repeating('nothing'), storeMasks(OPTIONS, {}))
  await expect(store.look('a')).rejects.toMatchObject({ message: 'refused: nothing', cause: { name: 'Error' } })
})

test('a connection string that is none is refused, and not repeated', async () => {
  const stores = new Stores({ connection_string: `AccountKey=${KEY}` })
  const failure = await failureOf(stores.of(parseStoreUrl('az://bucket/a') as StoreUrl))
  expect(failure).toMatchObject({ name: 'StoreFailure', kind: 'credentials' })
  expect(`${failure.message} ${failure.cause}`).not.toContain(KEY)
})

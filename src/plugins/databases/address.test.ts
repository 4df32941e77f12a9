import { describe, expect, test } from 'vitest'
import { type AddressProblem, addressFrom } from './address.ts'

const VERIFIED = { ca: null, names_host: true, cert: null, key: null }
const OTHER = { host: 'db.example', database: 'shop', user: 'reader' }

describe('a server', () => {
  test.each([
    ['postgres', 'postgres://reader:p%40ss@db.example/shop', { ...OTHER, port: 5432, password: 'p@ss', tls: VERIFIED }],
    [
      'postgres',
      'postgresql://reader@localhost:99/shop',
      { host: 'localhost', port: 99, password: undefined, tls: null },
    ],
    ['mysql', 'mysql://reader@db.example/shop?sslmode=disable', { ...OTHER, port: 3306, tls: null }],
    [
      'mysql',
      'mariadb://reader@[::1]/shop',
      { host: '::1', port: 3306, tls: null, shown: 'mysql://reader@[::1]:3306/shop' },
    ],
    [
      'postgres',
      'postgres://reader@db.example/shop?sslmode=verify-ca&sslrootcert=own.pem',
      { tls: { ...VERIFIED, ca: 'own.pem', names_host: false } },
    ],
    ['postgres', 'postgres://reader@localhost/shop?sslrootcert=own.pem', { tls: { ...VERIFIED, ca: 'own.pem' } }],
    ['mysql', OTHER, { ...OTHER, port: 3306, tls: VERIFIED }],
    ['mysql', { ...OTHER, tls: 'off' }, { tls: null }],
    [
      'postgres',
      { ...OTHER, tls: { ca: 'own.pem', verify: 'ca' } },
      { tls: { ...VERIFIED, ca: 'own.pem', names_host: false } },
    ],
    ['postgres', { ...OTHER, host: '/run/postgresql' }, { tls: null, shown: 'postgres://reader@/run/postgresql/shop' }],
  ] as const)('of %s is named by %j', (kind, connection, expected) => {
    expect(addressFrom(kind, connection as never)).toMatchObject(expected)
  })

  test('is shown without its password', () => {
    const address = addressFrom('postgres', 'postgres://re%20ader:secret@db.example/shop')
    expect(address).toMatchObject({ user: 're ader', shown: 'postgres://re%20ader@db.example:5432/shop' })
  })
})

test.each([
  ['mysql://reader@db.example/shop', /isn’t a URL as in postgres:/],
  ['postgres://reader@db.example', /names no database/],
  ['postgres://db.example/shop', /names no user/],
  ['postgres://reader:a/b@c@db.example/shop', /isn’t a URL/],
  ['postgres://reader:secret#1@db.example/shop', /isn’t a URL/],
  ['postgres://reader@db.example/shop?sslmode=require', /by which a server isn’t verified/],
  ['postgres://reader@db.example/shop?options=-c', /doesn’t know: options/],
  ['no url', /isn’t a URL/],
])('%s is refused, and nothing of it repeated that could be a password', (url, message) => {
  // cast: it is no address.
  const problem = addressFrom('postgres', url) as AddressProblem
  expect(problem.message).toMatch(message)
  expect(problem.hint).not.toBe('')
  expect(`${problem.message} ${problem.hint}`).not.toMatch(/secret|a\/b/)
})

import type { LookupAddress } from 'node:dns'
import { describe, expect, test } from 'vitest'
import { AddressGuard, isPublic, parseException } from './addresses.ts'

const REFUSED = `
  127.0.0.1 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1
  169.254.0.1 169.254.169.254 100.64.0.1 100.127.255.255 192.0.0.1 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1
  192.88.99.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
  :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe ::ffff:0:10.0.0.1
  64:ff9b::10.0.0.1 64:ff9b::7f00:1 64:ff9b:1::808:808 100::1 2001::1 2001:db8::1 2001:10::1 2002:7f00:1:: 2002:808:808::
  3fff::1 4000::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 febf::1 fec0::1 ff02::1 ff0e::1`
  .trim()
  .split(/\s+/)
const ADMITTED = `
  8.8.8.8 1.1.1.1 172.15.255.255 172.32.0.1 100.63.255.255 100.128.0.1 169.253.0.1 192.167.0.1 11.0.0.1 223.255.255.1
  ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2606:4700:4700::1111 2a00:1450:4001::1`
  .trim()
  .split(/\s+/)

test.each(REFUSED)('%s isn’t public', address => {
  expect(isPublic(address)).toBe(false)
})

test.each(ADMITTED)('%s is public', address => {
  expect(isPublic(address)).toBe(true)
})

describe('URLs with an address in them', () => {
  const guard = new AddressGuard([])
  const judge = (url: string) => () => guard.judgeUrl(new URL(url))

  test.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://0x7f.1/',
    'http://127.1/',
    'http://①②⑦.0.0.1/',
    'http://0/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[0:0:0:0:0:ffff:7f00:1]/',
    'http://[64:ff9b::a00:1]/',
    'http://169.254.169.254/latest/meta-data/',
  ])('%s is refused', url => {
    expect(judge(url)).toThrow('is no public address')
  })

  test('public ones are not, and names are left to the lookup', () => {
    for (const url of ['http://8.8.8.8/', 'http://[2606:4700::1]/', 'http://localhost/'])
      expect(judge(url)).not.toThrow()
  })
})

describe('lookups', () => {
  const lookUp = (
    addresses: readonly string[],
    { allow = [] as readonly string[], host = 'api.example', all = true, family = 0 } = {},
  ) =>
    new Promise<unknown>(resolve => {
      const guard = new AddressGuard(allow, async () => addresses)
      guard.lookup(host, { all, family }, (error, found: string | LookupAddress[]) => resolve(error?.message ?? found))
    })

  test('give all public addresses, or the first', async () => {
    expect(await lookUp(['8.8.8.8', '2606:4700::1'])).toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700::1', family: 6 },
    ])
    expect(await lookUp(['8.8.8.8', '2606:4700::1'], { all: false })).toBe('8.8.8.8')
    expect(await lookUp(['8.8.8.8', '2606:4700::1'], { all: false, family: 6 })).toBe('2606:4700::1')
    expect(await lookUp([])).toBe('api.example has no address')
  })

  test('refuse a name of which one address is private', async () => {
    expect(await lookUp(['8.8.8.8', '10.0.0.1'])).toBe('10.0.0.1 is no public address')
    expect(await lookUp(['8.8.8.8', '10.0.0.1'], { family: 6 })).toBe('10.0.0.1 is no public address')
    expect(await lookUp(['fe80::1%eth0'])).toBe('fe80::1%eth0 is no public address')
    expect(await lookUp(['not an address'])).toBe('not an address is no public address')
  })

  test('admit what is listed: a host, an address, a range, and nothing beside them', async () => {
    expect(await lookUp(['10.0.0.1'], { allow: ['API.example'] })).toHaveLength(1)
    expect(await lookUp(['10.0.0.1'], { allow: ['api.example'], host: 'api.example.' })).toHaveLength(1)
    expect(await lookUp(['10.0.0.1'], { allow: ['example'] })).toMatch(/no public/)
    expect(await lookUp(['10.0.0.1'], { allow: ['10.0.0.1'] })).toHaveLength(1)
    expect(await lookUp(['10.0.0.2'], { allow: ['10.0.0.1'] })).toMatch(/no public/)
    expect(await lookUp(['10.9.9.9', '::ffff:10.1.1.1'], { allow: ['10.0.0.0/8'] })).toHaveLength(2)
    expect(await lookUp(['11.0.0.1', '192.168.0.1'], { allow: ['10.0.0.0/8'] })).toMatch(/192\.168/)
    expect(await lookUp(['fd00::5'], { allow: ['fd00::/8'] })).toHaveLength(1)
    expect(await lookUp(['::1'], { allow: ['0.0.0.0/0'] })).toMatch(/no public/)
  })
})

test.each([
  '',
  '10.0.0.0/33',
  '10.0.0/8',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  'http://host',
  'a b',
  '300.1.1.1',
  '*',
  'host:80',
  '::1/129',
])('%j is no exception', text => {
  expect(parseException(text)).toBeNull()
})

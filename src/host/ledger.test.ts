import { expect, test } from 'vitest'
import { ledgerUrl } from './ledger.ts'

const place = (env = {}) => ({ cwd: '/work', env })
const pipeline = { url: 'sqlite:./p.db', folder: '/data' }

test('the ledger is the one given, that of the environment, of the pipeline, or the usual one', () => {
  const env = { CUSTODY_LEDGER: 'sqlite:env.db' }
  expect(ledgerUrl(place(env), { ledger: 'sqlite:given.db' }, pipeline)).toBe('sqlite:/work/given.db')
  expect(ledgerUrl(place(env), {}, pipeline)).toBe('sqlite:/work/env.db')
  expect(ledgerUrl(place(), {}, pipeline)).toBe('sqlite:/data/p.db')
  expect(ledgerUrl(place(), {})).toBe('sqlite:/work/custody.db')
  expect(ledgerUrl(place(), { ledger: 'plain.db' })).toBe('sqlite:/work/plain.db')
  expect(ledgerUrl(place(), { ledger: 'postgres://host/db' })).toBe('postgres://host/db')
})

import { expect, test } from 'vitest'
import type { LedgerReader, StoredLease } from '../ledger/read-port.ts'
import { thisProcess } from '../model/holder.ts'
import { nameOfRun } from './run-name.ts'

const A = '01890000-0000-7000-8000-00000000000a'
const B = '01890000-0000-7000-8000-0000000000b0'
const C = '01890000-1111-7000-8000-0000000000c0'

const readerOf = (runs: readonly string[], leases: readonly StoredLease[] = []) =>
  ({
    logs: async () => [{ log: 0, run: null }, ...runs.map((run, i) => ({ log: i + 1, run }))],
    leases: async () => leases,
    now_us: async () => 2,
  }) as unknown as LedgerReader

test('a run is named by a beginning of its id that no other has', async () => {
  expect((await nameOfRun(readerOf([A, C]), A)).id).toBe('01890000-0000')
  // All of the same millisecond.
  const twins = readerOf([A, B])
  expect((await nameOfRun(twins, A)).id).toBe(A.slice(0, 35))
  expect((await nameOfRun(twins, B)).id).toBe(B.slice(0, 35))
})

test('it is `latest` only if it is, and nobody else is at work in the ledger', async () => {
  expect((await nameOfRun(readerOf([A, C]), C)).shortest).toBe('latest')
  expect((await nameOfRun(readerOf([A, C]), A)).shortest).toBe('01890000-0000')
  const expires_us = Number.MAX_SAFE_INTEGER
  const lease = { log: 1, epoch: 1, holder: JSON.stringify(thisProcess()), expires_us } as unknown as StoredLease
  expect((await nameOfRun(readerOf([A, C], [lease]), C)).shortest).toBe('01890000-1111')
  // It lives, and may just have woken up.
  expect((await nameOfRun(readerOf([A, C], [{ ...lease, expires_us: 1 }]), C)).shortest).toBe('01890000-1111')
  const elsewhere = { ...lease, holder: JSON.stringify({ ...thisProcess(), host: 'elsewhere' }) }
  expect((await nameOfRun(readerOf([A, C], [elsewhere]), C)).shortest).toBe('01890000-1111')
  expect((await nameOfRun(readerOf([A, C], [{ ...elsewhere, expires_us: 1 }]), C)).shortest).toBe('latest')
})

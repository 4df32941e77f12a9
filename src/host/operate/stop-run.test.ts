/** Which process a run is stopped by, on each system: one that isn't surely the run's own is left alone. */
import { expect, test } from 'vitest'
import { commandByPs, reachedBy, type System } from './stop-run.ts'

const NOW_US = 1_000_000
const HOLDER = { host: 'here', boot: '', pid: 4_000_000, start: '' }

function system(more: Partial<System> = {}): System {
  const command = async () => '/usr/bin/node /usr/lib/custody/bin/custody.js run loans.yaml'
  return { platform: 'darwin', lives: () => true, commandOf: command, ...more }
}
const reached = (more: Partial<System>, { start = '', expires_us = NOW_US + 1, pid = HOLDER.pid } = {}) =>
  reachedBy({ holder: JSON.stringify({ ...HOLDER, start, pid }), expires_us }, NOW_US, system(more))

test('where the start of a process isn’t known it is the run’s own while its lease lasts, and no longer', async () => {
  expect(await reached({})).toMatchObject({ pid: HOLDER.pid })
  expect(await reached({}, { expires_us: NOW_US })).toBeNull()
  expect(await reached({ platform: 'linux' }, { start: '77', expires_us: NOW_US })).not.toBeNull()
})

test('a process that is gone, another program’s, this one, and what no process can be aren’t reached', async () => {
  expect(await reached({ lives: () => false })).toBeNull()
  expect(await reached({ commandOf: async () => '/usr/sbin/sshd -D' })).toBeNull()
  expect(await reached({ commandOf: async () => '' })).toBeNull()
  expect(await reached({}, { pid: process.pid })).toBeNull()
  expect(await reached({}, { pid: 1 })).toBeNull()
  expect(await reachedBy({ holder: 'x', expires_us: NOW_US + 1 }, NOW_US, system())).toBeNull()
})

test('on Windows it is named without a look at its command, since it gets no signal', async () => {
  expect(await reached({ platform: 'win32', commandOf: async () => '' })).toMatchObject({ pid: HOLDER.pid })
})

test('`ps` tells with which command a process was started, and nothing of one that isn’t there', async () => {
  expect(await commandByPs(2 ** 30)).toBe('')
  const own = await commandByPs(process.pid)
  // A system without `ps` tells nothing: then no run is stopped.
  expect(own === '' || own.includes('node')).toBe(true)
})

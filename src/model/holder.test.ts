import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { isAlive, parseHolder, thisProcess } from './holder.ts'

test('this process is alive', () => {
  expect(isAlive(thisProcess())).toBe(true)
})

test('a process that has ended, another with its pid, and one before a restart of the machine are not', () => {
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  expect(isAlive({ ...thisProcess(), pid })).toBe(false)
  expect(isAlive({ ...thisProcess(), start: 'earlier' })).toBe(false)
  expect(isAlive({ ...thisProcess(), boot: 'another' })).toBe(false)
})

test('what can’t be known counts as alive', () => {
  expect(isAlive({ ...thisProcess(), host: 'elsewhere', pid: 2 ** 22 + 1 })).toBe(true)
})

test('a holder is read as it was written; a lease that was given up has none', () => {
  expect(parseHolder(JSON.stringify(thisProcess()))).toEqual(thisProcess())
  expect(parseHolder('')).toBeNull()
})

/** What Node compiles is kept for the next start, in the user's cache folder, if that is theirs alone; else all is as ever. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { runProgram } from '../support/built-cli.ts'

let home: string
let kept: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'custody-home-'))
  kept = join(home, 'cache', 'custody', 'compiled')
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

async function start(cache = join(home, 'cache')) {
  const environment = { HOME: home, XDG_CACHE_HOME: cache }
  const { exit, stdout, stderr } = await runProgram(inject('bin'), 'custody', ['--version'], home, environment)
  expect([exit, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
}
const files = () => readdirSync(kept, { recursive: true }).length

test('is kept, and used by the next', async () => {
  await start()
  const first = files()
  expect(first).toBeGreaterThan(10)
  await start()
  expect(files()).toBe(first)
})

test.skipIf(process.platform === 'win32')('not where others may write, nor where nobody can', async () => {
  mkdirSync(kept, { recursive: true })
  chmodSync(kept, 0o777)
  await start()
  expect(files()).toBe(0)
  rmSync(join(home, 'cache'), { recursive: true })
  writeFileSync(join(home, 'cache'), 'a file')
  await start()
})

test('not in a folder of which the one around isn’t there, nor in one that is named from where one stands', async () => {
  await start(join(home, 'none', 'cache'))
  await start('cache')
  expect(readdirSync(home)).toEqual([])
})

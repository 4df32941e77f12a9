/** An old Node gets no further than `bin/custody.js`: it must report what it is, as any other error is reported. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from './support/source-file.ts'

const pretend = (version: string) =>
  `data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: "${version}" } })`
const OLD = '24.5.9'

function custody(...words: readonly string[]) {
  const argv = ['--import', pretend(OLD), join(ROOT, 'bin', 'custody.js'), ...words]
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' })
  return { status, stdout, stderr }
}

const message = `Custody needs Node 24.6 or newer; this is Node ${OLD}`
const hint = 'Install a current Node, or run: npx -p node@26 -p custody custody'

test('as text on standard error', () => {
  const stderr = `error CUSTODY_NODE_VERSION: ${message}\n  hint: ${hint}\n`
  expect(custody('runs')).toEqual({ status: 2, stdout: '', stderr })
  expect(custody('runs', '--', '--json')).toEqual({ status: 2, stdout: '', stderr })
})

test('with --json as JSON on standard output', () => {
  const { status, stdout, stderr } = custody('runs', '--json')
  expect([status, stderr]).toEqual([2, ''])
  expect(JSON.parse(stdout)).toEqual({ error: { code: 'CUSTODY_NODE_VERSION', message, hint } })
})

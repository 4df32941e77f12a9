/** An old Node gets no further than `bin/custody.js`: it must report what it is, as any other error is reported. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from './support/source-file.ts'

const OLD = '{ ...process.versions, node: "20.1.0" }'
const PRETEND = `data:text/javascript,Object.defineProperty(process, 'versions', { value: ${OLD} })`

function custody(...words: readonly string[]) {
  const argv = ['--import', PRETEND, join(ROOT, 'bin', 'custody.js'), ...words]
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' })
  return { status, stdout, stderr }
}

const message = 'Custody needs Node 24 or newer; this is Node 20.1.0'
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

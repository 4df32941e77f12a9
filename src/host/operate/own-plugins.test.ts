import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { refuseOtherPlugins } from './own-plugins.ts'

let folder: string
let file: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-plugins-'))
  file = join(folder, 'p.yaml')
  writeFileSync(file, 'name: p\nplugins: [./own.mjs, some-package]\n')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['plugins: [some-package]', []],
  ['name: p', ['guards.min_rows=1']],
  [null, []],
])('%j with %j is repeated', (text, sets) => {
  expect(() => refuseOtherPlugins(file, text, sets)).not.toThrow()
})

test.each([
  ['plugins: [../elsewhere.mjs]', []],
  ['plugins: ../elsewhere.mjs', []],
  ['plugins: [some-package]', ['plugins.0=../elsewhere.mjs']],
  [null, ['plugins=[../elsewhere.mjs]']],
])('%j with %j isn’t', (text, sets) => {
  expect(() => refuseOtherPlugins(file, text, sets)).toThrow(expect.objectContaining({ code: 'CUSTODY_FORBIDDEN' }))
})

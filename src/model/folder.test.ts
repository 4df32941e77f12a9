import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeFolders } from './folder.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-folder-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('makes what is missing, and returns the topmost', () => {
  expect(makeFolders(join(folder, 'a', 'b', 'c'), 0o700)).toBe(join(folder, 'a'))
  expect(statSync(join(folder, 'a', 'b', 'c')).mode & 0o777).toBe(0o700)
  expect(makeFolders(join(folder, 'a', 'b', 'd'))).toBe(join(folder, 'a', 'b', 'd'))
  expect(makeFolders(join(folder, 'a'))).toBeUndefined()
})

test('says what the system says', () => {
  writeFileSync(join(folder, 'file'), '')
  expect(() => makeFolders(join(folder, 'file', 'a'))).toThrow('ENOTDIR')
})

test.skipIf(!existsSync('/proc/self'))('comes back where no folder can be made', () => {
  expect(() => makeFolders('/proc/none/such')).toThrow('ENOENT')
})

/** Named pipes: what is written to one is there once, and whoever reads it waits for whoever writes. */
import { execFileSync } from 'node:child_process'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { brief, Folder, readAll } from '../../../test/support/plugin-files.ts'
import { csvSource } from './csv.ts'

function withPipe() {
  const folder = new Folder()
  const path = join(folder.path, 'pipe')
  execFileSync('mkfifo', [path])
  return { path, source: folder.source(csvSource, { path: 'pipe' }) }
}

test('a run says what it waits for, and after a stop what has to be written again', async () => {
  const { source, path } = withPipe()
  expect(await source.awaits?.(null)).toBe(`somebody who writes to the pipe ${path}`)
  expect(await source.awaits?.({ records: 1, position: { offset: 7, line: 2 } })).toMatch(/from the beginning: 7 bytes/)
  const file = new Folder().source(csvSource, { path: 'in.csv' })
  expect(await file.awaits?.(null)).toBeNull()
})

test('looking whether it is there takes nothing from it; the header and the records are read in one go', async () => {
  const { source, path } = withPipe()
  await source.prepare?.()
  const begun = source.begin?.()
  const written = appendFile(path, 'id\n1\n2\n')
  expect((await begun)?.columns).toEqual([{ field: 'id', header: 'id' }])
  expect((await readAll(source)).map(brief)).toEqual([
    [2, { id: '1' }],
    [3, { id: '2' }],
  ])
  await written
})

test('nobody who writes: it can be closed, and whoever waits for it hears of no more', async () => {
  const { source } = withPipe()
  const begun = source.begin?.().catch(() => null)
  await source.close()
  // However far it had come: it ends, rather than wait for ever.
  await begun
})

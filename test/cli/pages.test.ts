/** Pages with plugins of their own are true: their commands are run by the program as it is shipped. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import type { ShellResult } from '../support/doc-shell.ts'
import { tryDocument } from '../support/documents.ts'
import { sampled } from '../support/form.ts'
import { Served } from './serve.ts'

const DOCS = join(import.meta.dirname, '..', '..', 'docs')

let served: Served
beforeAll(() => {
  served = new Served(inject('bin'))
})
afterAll(() => served.close())

test.each(sampled(['testing-pipelines.md', 'replay.md', 'writing-plugins.md'], 3))('%s', async page => {
  const temporary = mkdtempSync(join(tmpdir(), 'custody-page-'))
  onTestFinished(() => rmSync(temporary, { recursive: true, force: true }))
  const [folder, home] = [join(temporary, 'work'), join(temporary, 'home')]
  mkdirSync(folder)
  const env = { PATH: `${inject('bin')}:/usr/bin:/bin`, COLUMNS: '100', XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home }
  const runAll = async (block: string): Promise<ShellResult> => {
    const { exit, stdout } = await served.shell(`set -e\nexec 2>&1\n${block}`, folder, env)
    return { exit, output: stdout }
  }
  expect(await tryDocument(join(DOCS, page), folder, home, { runAll })).toEqual([])
})

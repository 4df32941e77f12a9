/** What the processes are like in which documents are read. Linux says it of any process. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { rawPdf } from '../../../test/support/made-documents.ts'

const READER = JSON.stringify(new URL('document-reader.ts', import.meta.url).href)

/** Reads what keeps its process busy for long. */
const READING = `
  const { DocumentReader } = await import(${READER})
  const { readFileSync } = await import('node:fs')
  const settings = { types: ['pdf'], encoding: 'utf-8', max_pages: 9, max_characters: 9, textless_share: 1 }
  await new DocumentReader().read(new Uint8Array(readFileSync(process.argv[1])), settings)`

async function until<T>(what: () => T | null): Promise<T> {
  for (;;) {
    const found = what()
    if (found !== null) return found
    await sleep(20)
  }
}

const wordsOf = (pid: number, what: 'cmdline' | 'environ') =>
  readFileSync(`/proc/${pid}/${what}`, 'utf8')
    .split('\0')
    .filter(word => word !== '')

test.skipIf(process.platform !== 'linux')(
  'such a process may write and start nothing, has no secrets, and ends with whoever started it, busy or not',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'custody-test-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'slow.pdf'), rawPdf({ draws: 'q '.repeat(3_000_000) }))
    const env = { ...process.env, CUSTODY_KEY: 'a secret' }
    const argv = ['--input-type=module', '-e', READING, join(folder, 'slow.pdf')]
    const parent = spawn(process.execPath, argv, { env, stdio: 'ignore' })
    const pid = parent.pid as number
    const child = await until(
      () => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]) || null,
    )
    // Until it is another program it is a copy of the one that started it.
    const words = await until(() => {
      const said = wordsOf(child, 'cmdline')
      return said.some(word => word.endsWith('document-process.ts')) ? said : null
    })
    expect(wordsOf(child, 'environ').filter(word => !word.startsWith('NODE_CHANNEL_'))).toEqual([])

    const flags = words.slice(
      1,
      words.findIndex(word => word.endsWith('document-process.ts')),
    )
    const tried = (code: string) => spawnSync(process.execPath, [...flags, '-e', code], { encoding: 'utf8' })
    expect(tried('1').status).toBe(0)
    for (const code of [
      `fs.writeFileSync(${JSON.stringify(join(folder, 'x'))}, 'x')`,
      'child_process.execSync("true")',
    ])
      expect(tried(code).stderr).toContain('ERR_ACCESS_DENIED')

    parent.kill('SIGKILL')
    await until(() => (existsSync(`/proc/${child}`) && !isZombie(child) ? null : true))
  },
)

/** It has ended, and nobody has asked how. */
function isZombie(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return true
  }
}

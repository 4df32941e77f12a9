import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { LONG } from '../support/form.ts'
import { Shell } from './transcript.ts'

/** Reads standard input, which the test keeps open: so the run continues until it is stopped. */
const PIPELINE = `
name: endless
sources:
  in: { plugin: csv, options: { path: '-' }, on_invalid: discard, to: out }
sinks:
  out: { plugin: csv, options: { path: out.csv, if_exists: replace }, on_error: discard }
`

let shell: Shell
beforeAll(() => {
  shell = new Shell(inject('bin'))
  writeFileSync(join(shell.folder, 'p.yaml'), PIPELINE)
})
afterAll(() => shell.close())

/** Starts a run, and waits until it has said that it began: from then on it listens to signals. */
async function start(): Promise<{ child: ChildProcessWithoutNullStreams; said: () => string }> {
  const child = spawn('custody', ['run', 'p.yaml'], { cwd: shell.folder, env: shell.env })
  let stderr = ''
  const begun = new Promise<void>(resolve => {
    child.stderr.setEncoding('utf8').on('data', text => {
      stderr += text
      if (stderr.includes('Custody')) resolve()
    })
  })
  child.stdin.on('error', () => undefined)
  child.stdin.write('id\n1\n2\n')
  await begun
  return { child, said: () => stderr }
}

describe('a run that is told to stop', () => {
  for (const signal of LONG ? (['SIGINT', 'SIGTERM', 'SIGHUP'] as const) : (['SIGTERM'] as const))
    test(`by ${signal} finishes the commit in hand, and ends with 130`, async () => {
      const { child, said } = await start()
      child.kill(signal)
      const [exit] = await once(child, 'close')
      expect(exit).toBe(130)
      expect(said()).toContain('finishing the commit in hand')
      expect(said()).toContain('nothing is lost, nothing is doubled')
      expect(await latestStatus()).toBe('cancelled')
      expect((await shell.run('custody verify latest')).at(-1)).toBe('holds.')
    })

  test('twice ends at once with 130', { tags: ['proof'] }, async () => {
    const { child } = await start()
    // Stopped, it gets both at the same time.
    child.kill('SIGSTOP')
    child.kill('SIGINT')
    child.kill('SIGTERM')
    child.kill('SIGCONT')
    const [exit] = await once(child, 'close')
    expect(exit).toBe(130)
  })

  test('by nobody, as its process is gone, shows as interrupted, and its record holds', async () => {
    const { child } = await start()
    let status = await latestStatus()
    while (status !== 'running') status = await latestStatus()
    child.kill('SIGKILL')
    await once(child, 'close')
    expect(await latestStatus()).toBe('interrupted')
    expect((await shell.run('custody verify latest')).at(-1)).toBe('holds.')
  })
})

/** null: there is no run yet. */
async function latestStatus(): Promise<string | null> {
  const [line = ''] = await shell.run('custody runs --json')
  // Numbers that differ from run to run are left out of what a shell gives, so that this is no JSON.
  return /"status":"(\w+)"/.exec(line)?.[1] ?? null
}

/** What `prove` writes and `check` reads, by whichever way it goes: a file, standard output, a pipe. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runInProcess } from './support/in-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-evidence-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const PLAN = `name: marks
defaults: { on_error: discard, on_invalid: discard }
sources:
  people: { plugin: jsonl, options: { path: people.jsonl }, to: kept }
sinks:
  kept: { plugin: jsonl, options: { path: out/kept.jsonl } }
`
/** A terminal would act on these: they reorder a line, and end one. */
const MARKS = '\u202ebackwards\u0085next\u007f'

const custody = (...words: readonly string[]) =>
  runInProcess(words, folder, { XDG_CONFIG_HOME: join(folder, 'config') })

beforeAll(async () => {
  writeFileSync(join(folder, 'plan.yaml'), PLAN)
  writeFileSync(join(folder, 'people.jsonl'), `${JSON.stringify({ name: MARKS })}\n`)
  expect((await custody('run', 'plan.yaml')).exit).toBe(0)
  expect((await custody('prove', 'latest', '--row', '1', '--out', 'row.json')).exit).toBe(0)
  expect((await custody('prove', 'latest', '--out', 'all.record.gz')).exit).toBe(0)
})

test('a proof on standard output is the file, byte for byte, whatever is in its values', async () => {
  const { stdout } = await custody('prove', 'latest', '--row', '1')
  expect(stdout).toContain(MARKS)
  expect(stdout).toBe(readFileSync(join(folder, 'row.json'), 'utf8'))
})

// Windows has no pipes with names in folders.
test.skipIf(process.platform === 'win32').each([
  ['row.json', 0],
  ['all.record.gz', 0],
  ['cut.gz', 2],
])('%s through a pipe is checked as the file is', async (name, exit) => {
  writeFileSync(join(folder, 'cut.gz'), readFileSync(join(folder, 'all.record.gz')).subarray(0, -1))
  const pipe = join(folder, `${name}.pipe`)
  expect(spawnSync('mkfifo', [pipe]).status).toBe(0)
  const [piped, plain] = [await through(pipe, name), await custody('check', name, '--json')]
  expect(plain.exit).toBe(exit)
  expect(piped.exit).toBe(exit)
  expect(piped.stdout.replaceAll(pipe, name)).toBe(plain.stdout.replaceAll(join(folder, name), name))
})

async function through(pipe: string, name: string) {
  const writer = spawn('sh', ['-c', 'cat "$1" > "$2"', 'sh', join(folder, name), pipe], { stdio: 'ignore' })
  const ended = once(writer, 'exit')
  const result = await custody('check', pipe, '--json')
  await ended
  return result
}

/** How long a run took is one number, whichever command shows it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runInProcess } from './support/in-process.ts'

const PIPELINE = `name: took
sources:
  rows: { plugin: jsonl, options: { path: in.jsonl }, schema: { mode: fixed, fields: { n: integer } }, on_invalid: discard, to: out }
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace }, on_error: discard }
guards: { min_rows: 3 }
`

test('`run`, `resume` and `show` say the same, to people and programs alike', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'custody-durations-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'p.yaml'), PIPELINE)
  writeFileSync(join(folder, 'in.jsonl'), '{"n":1}\n{"n":2}\n')
  const custody = (...args: string[]) => runInProcess(args, folder, { XDG_CONFIG_HOME: join(folder, '.config') })
  const took = (text: string) => /(?:stopped after|done in) (\d[^;\n·]*?)(?:;| ·|\n|$)/.exec(text)?.[1]
  const shown = async () => {
    const [text, json] = [await custody('show', 'latest'), await custody('show', 'latest', '--json')]
    const { duration_ms, started_at, ended_at } = JSON.parse(json.stdout)
    expect(Math.abs(duration_ms - (Date.parse(ended_at) - Date.parse(started_at)))).toBeLessThanOrEqual(1)
    return { text: took(text.stdout), duration_ms }
  }

  const stopped = took((await custody('run', 'p.yaml')).stderr)
  expect(stopped).toMatch(/\d/)
  expect((await shown()).text).toBe(stopped)
  const resumed = took((await custody('resume', 'latest', '--set', 'guards.min_rows=0')).stderr)
  expect(resumed).toMatch(/\d/)
  expect((await shown()).text).toBe(resumed)

  const { duration_ms } = JSON.parse((await custody('run', 'p.yaml', '--set', 'guards.min_rows=0', '--json')).stdout)
  expect((await shown()).duration_ms).toBe(duration_ms)
})

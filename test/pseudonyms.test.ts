/** Pseudonyms by a secret: the rows get them, and nothing that is written or shown has the secret. */
import { createHmac } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runInProcess } from './support/in-process.ts'

const KEY = 'a-key-that-nobody-may-see'
const pipeline = (secret: string) => `
name: pseudonyms
defaults: { on_error: problems, on_invalid: discard }
sources:
  in: { plugin: csv, options: { path: in.csv }, to: hide }
nodes:
  hide:
    transform: compute
    options:
      set: { who: 'hash.hmacSha256(row.mail, secrets.key)', mail: "null" }
      secrets: { key: ${secret} }
    to: out
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl } }
  problems: { plugin: jsonl, options: { path: problems.jsonl }, on_error: discard }
`

test('the key is used, and stands nowhere', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'custody-pseudonyms-'))
  try {
    writeFileSync(join(folder, 'p.yaml'), pipeline('{ secret: PSEUDONYM_KEY }'))
    writeFileSync(join(folder, 'open.yaml'), pipeline('in-the-open'))
    writeFileSync(join(folder, 'in.csv'), 'mail\nada@example.org\n\nbo@example.org\n""\n')
    const home = { XDG_CONFIG_HOME: join(folder, 'config'), XDG_CACHE_HOME: join(folder, 'cache') }
    const env = { ...home, PSEUDONYM_KEY: KEY }
    const run = await runInProcess(['run', 'p.yaml'], folder, env)
    expect(run.exit, run.stderr).toBe(0)
    const rows = readFileSync(join(folder, 'out.jsonl'), 'utf8').trimEnd().split('\n')
    const who = (mail: string) => createHmac('sha256', KEY).update(mail).digest('hex')
    expect(rows.slice(0, 2).map(line => JSON.parse(line))).toEqual([
      { mail: null, who: who('ada@example.org') },
      { mail: null, who: who('bo@example.org') },
    ])

    const shown = [run.stdout, run.stderr]
    for (const words of [
      ['verify', '--decisions'],
      ['explain', 'latest', '--row', '1'],
      ['show', 'latest', '--json'],
    ]) {
      const { exit, stdout, stderr } = await runInProcess(words, folder, home)
      expect(exit, stderr).toBe(0)
      shown.push(stdout, stderr)
    }
    expect(shown.join('\n')).not.toContain(KEY)
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, name)
      if (statSync(path).isFile()) expect([name, readFileSync(path).includes(KEY)]).toEqual([name, false])
    }

    const unset = await runInProcess(['run', 'p.yaml'], folder, home)
    expect([unset.exit, unset.stderr]).toEqual([2, expect.stringContaining('PSEUDONYM_KEY')])
    const open = await runInProcess(['validate', 'open.yaml'], folder, env)
    expect([open.exit, open.stderr + open.stdout]).toEqual([2, expect.stringContaining('NAME_OF_THE_VARIABLE')])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

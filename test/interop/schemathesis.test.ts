/**
 * Requests that another program makes up from the server's description of itself: schemathesis (Python). `npm run interop`: it is fetched by pip.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Operator } from '../../src/host/operate/operator.ts'
import { PipelinesFolder } from '../../src/host/operate/pipelines-folder.ts'
import { type Serving, serve } from '../../src/server/serve.ts'
import { API, DemoServer } from '../support/demo-server.ts'

const SCHEMATHESIS = '4.32.5'
const SECONDS = 90
/** Streams have no end; and signing out ends what the others ask with. */
const LEFT_OUT = '/live$|/session$'
/** What JSON Schema can't say is refused none the less: an expression that isn't one, a node that the pipeline hasn't. */
const UNCHECKED = 'positive_data_acceptance'

const folder = mkdtempSync(join(tmpdir(), 'custody-schemathesis-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Why it can't be asked; null if it can. */
function missing(): string | null {
  if (process.env.CUSTODY_INTEROP !== 'yes') return 'only for npm run interop'
  const made = spawnSync('python3', ['-m', 'venv', join(folder, 'venv')], { encoding: 'utf8' })
  if (made.status !== 0) return `no environment of Python: ${made.error?.message ?? made.stderr.trim()}`
  const pip = join(folder, 'venv', 'bin', 'pip')
  const got = spawnSync(pip, ['install', '--quiet', `schemathesis==${SCHEMATHESIS}`], { encoding: 'utf8' })
  return got.status === 0 ? null : `schemathesis can’t be fetched: ${got.stderr.trim().split('\n').at(-1)}`
}
const why_not = missing()

describe.skipIf(why_not !== null)(`schemathesis${why_not === null ? '' : ` (${why_not})`}`, () => {
  let server: DemoServer
  let serving: Serving
  beforeAll(async () => {
    server = await DemoServer.begin()
    const pipelines = join(folder, 'flows')
    mkdirSync(pipelines)
    const program = { executable: process.execPath, script: join(folder, 'none'), env: server.work.env, cwd: folder }
    const operator = new Operator({
      url: server.url,
      program,
      pipelines: new PipelinesFolder(pipelines, server.work.env),
    })
    const settings = { ...server.settings(), operator, host: '127.0.0.1', port: 0 }
    serving = await serve(settings)
  })
  afterAll(async () => {
    await serving?.close()
    await server?.close()
  })

  test('finds no answer that the description hasn’t, and no failure of the server', { timeout: 300_000 }, async () => {
    const words = [
      ...['run', `${serving.url}${API}/openapi.json`, '--no-color', '--continue-on-failure'],
      ...['-H', `Authorization: Bearer ${serving.token}`, '--max-time', String(SECONDS)],
      ...['--exclude-path-regex', LEFT_OUT, '--exclude-checks', UNCHECKED],
    ]
    const child = spawn(join(folder, 'venv', 'bin', 'schemathesis'), words, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    expect(code, said).toBe(0)
    expect(said).toMatch(/[1-9]\d{2,} generated/)
    expect(server.troubles).toEqual([])
  })
})

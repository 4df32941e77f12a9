/** What hosts runs without a command line: start, resume, replay and rerun, their results as values, their news in order. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../src/engine/ports/ports.ts'
import { compilePipeline } from '../src/host/compile.ts'
import { DiagnosticsError } from '../src/host/diagnostics-error.ts'
import type { HostPorts } from '../src/host/ports.ts'
import { replayRun } from '../src/host/replay.ts'
import { type RerunObserver, rerunRows } from '../src/host/rerun.ts'
import { type ResumeObserver, resumeStopped } from '../src/host/resume.ts'
import { type StartRequest, startRun } from '../src/host/start.ts'

const PIPELINE = `
name: claims
defaults: { on_error: discard, on_invalid: discard }
sources:
  claims: { plugin: csv, options: { path: claims.csv }, schema: { mode: fixed, fields: { id: integer } }, to: out }
sinks:
  out: { plugin: csv, options: { path: out.csv, if_exists: replace } }
`

let folder: string
let observer: RerunObserver & ResumeObserver
let heard: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-host-'))
  writeFileSync(join(folder, 'p.yaml'), PIPELINE)
  writeFileSync(join(folder, 'claims.csv'), 'id\n1\nx\n3\n')
  heard = []
  const hear = (what: string) => () => void heard.push(what)
  observer = {
    onChecking: () => undefined,
    onChecked: hear('checked'),
    onWarnings: hear('warnings'),
    onOpen: hear('open'),
    onStart: (_, again) => void heard.push(again === null ? 'start' : again.kind),
    onChosen: ({ rows }) => void heard.push(`chosen ${JSON.stringify([...rows])}`),
    onRestored: ({ rows_read }) => void heard.push(`restored at ${rows_read}`),
    onProgress: () => undefined,
    onNotice: hear('notice'),
    onService: hear('service'),
    onClosing: hear('closing'),
    onTrouble: why => void heard.push(why),
    onLate: what => void heard.push(what),
  }
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const ports = (): HostPorts => ({
  cwd: folder,
  env: { XDG_CONFIG_HOME: join(folder, 'config'), XDG_CACHE_HOME: join(folder, 'cache') },
  custody: '0',
  clock: systemClock(),
  signal: new AbortController().signal,
})
const url = () => `sqlite:${join(folder, 'custody.db')}`
const output = (name = 'out.csv') => readFileSync(join(folder, name), 'utf8')

async function request(): Promise<StartRequest> {
  const plan = await compilePipeline(ports().env, join(folder, 'p.yaml'), [], each => observer.onWarnings(each))
  const limit = Number.POSITIVE_INFINITY
  return { plan, url: url(), before_url: url(), limit, dry_run: false, kept: true, strict: false, outputs_folder: null }
}

const resumed = (name: string, sets: readonly string[] = []) =>
  resumeStopped({ url: url(), name, sets, from_ledger_only: false, abandon: false, strict: false }, ports(), observer)

test('a run starts, and is replayed and rerun from the ledger that it left', async () => {
  const { run, result } = await startRun(await request(), null, ports(), observer)
  expect([result.summary.status, result.error]).toEqual(['completed_with_failures', null])
  expect(heard).toEqual(['open', 'start', 'closing'])
  expect(output()).toBe('id\n1\n3\n')
  expect(await resumed(run)).toEqual({ kind: 'sealed', run })

  heard = []
  const replay = { ...(await request()), from: run, live: false, outputs_folder: join(folder, 'again') }
  expect(await replayRun(replay, ports(), observer)).toMatchObject({ drift: null, result: { error: null } })
  expect(heard).toEqual(['checked', 'open', 'replay', 'closing'])
  expect(output('again/out.csv')).toBe(output())

  heard = []
  const chosen = { where: 'row.id == 3', include_written: true, fresh: false }
  const how = { url: url(), name: run, pipeline: null, sets: [], outputs: 'numbered', strict: false } as const
  expect(await rerunRows({ ...how, chosen }, ports(), observer)).toMatchObject({ kind: 'run', result: { error: null } })
  expect(heard).toEqual(['checked', 'chosen [["claims",[3]]]', 'open', 'rerun', 'closing'])
  expect(output('out.csv.rerun-1')).toBe('id\n3\n')

  heard = []
  const none = { ...chosen, where: 'row.id == 4' }
  expect(await rerunRows({ ...how, chosen: none }, ports(), observer)).toMatchObject({ kind: 'nothing' })
  expect(heard).toEqual(['checked', 'chosen []'])
})

test('a run that stopped is resumed', async () => {
  const { run, result } = await startRun({ ...(await request()), strict: true }, null, ports(), observer)
  expect(result).toMatchObject({ summary: { status: 'failed' }, error: { code: 'CUSTODY_STRICT' } })
  heard = []
  expect(await resumed(run)).toMatchObject({ kind: 'run', run, result: { error: null, stopped_by: null } })
  expect(heard).toEqual(['checked', 'open', 'restored at 3', 'closing'])
  expect(output()).toBe('id\n1\n3\n')
})

test('what can’t begin is an error with a code, and opens nothing', async () => {
  await expect(resumed('latest', ['name=other'])).rejects.toMatchObject({ code: 'CUSTODY_BAD_SET' })
  await expect(resumed('latest')).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_NOT_FOUND' })
  writeFileSync(join(folder, 'p.yaml'), `${PIPELINE}colour: red\n`)
  await expect(request()).rejects.toThrow(DiagnosticsError)
  expect(heard).toEqual([])
})

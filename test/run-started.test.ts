/** `run.started_at` is one time for all rows of a run: also when it is resumed or replayed, and when its decisions are verified. */
// @module-tag proof
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../src/engine/ports/ports.ts'
import { formatTimestamp, Timestamp } from '../src/expression/values.ts'
import { compilePipeline } from '../src/host/compile.ts'
import { replayRun } from '../src/host/replay.ts'
import { resumeStopped } from '../src/host/resume.ts'
import { startRun } from '../src/host/start.ts'
import { openLedgerReader } from '../src/ledger/open.ts'
import { openingOf } from '../src/read/runs/run-log.ts'
import { runInProcess } from './support/in-process.ts'

/** More than are under way at once: a run that is stopped after its first commit has some to read still. */
const ROWS = 5_000
const PIPELINE = `
name: stamps
defaults: { on_error: discard, on_invalid: discard }
sources:
  in: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer } }, to: stamp }
nodes:
  stamp: { transform: compute, options: { set: { at: run.started_at } }, to: late }
  late: { gate: run.started_at > timestamp("2020-01-01T00:00:00Z"), routes: { true: out, false: discard } }
sinks:
  out: { plugin: csv, options: { path: out.csv, if_exists: replace } }
`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-started-'))
  writeFileSync(join(folder, 'p.yaml'), PIPELINE)
  writeFileSync(join(folder, 'in.csv'), `id\n${Array.from({ length: ROWS }, (_, i) => `${i}\n`).join('')}`)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const env = () => ({ XDG_CONFIG_HOME: join(folder, 'config'), XDG_CACHE_HOME: join(folder, 'cache') })
const url = () => `sqlite:${join(folder, 'custody.db')}`
const nothing = () => undefined
const observer = {
  ...{ onChecking: nothing, onChecked: nothing, onWarnings: nothing, onOpen: nothing, onStart: nothing },
  ...{ onRestored: nothing, onNotice: nothing, onService: nothing, onClosing: nothing, onTrouble: nothing },
  ...{ onLate: nothing, onProgress: nothing },
}
const ports = (signal = new AbortController().signal) => ({
  cwd: folder,
  env: env(),
  custody: '0',
  clock: systemClock(),
  signal,
})
async function request() {
  const plan = await compilePipeline(env(), join(folder, 'p.yaml'), [], nothing)
  return {
    plan,
    url: url(),
    before_url: url(),
    limit: Number.POSITIVE_INFINITY,
    dry_run: false,
    kept: true,
    strict: false,
    outputs_folder: null,
  }
}

/** The stamps that an output has, and how many rows. */
function stampsIn(path: string): { readonly stamps: readonly (string | undefined)[]; readonly rows: number } {
  const [, ...lines] = readFileSync(join(folder, path), 'utf8').trimEnd().split('\n')
  return { stamps: [...new Set(lines.map(line => line.split(',')[1]))], rows: lines.length }
}

async function startOf(run: string): Promise<string> {
  const reader = await openLedgerReader(url())
  try {
    const log = await reader.logOf(run)
    const { t } = await openingOf(reader, log ?? 0)
    return formatTimestamp(new Timestamp(BigInt(t) * 1000n))
  } finally {
    await reader.close()
  }
}

test('it is what the run’s first entry says, for rows after a resume and in replays of replays as well', async () => {
  const stop = new AbortController()
  const stopping = { ...observer, onProgress: () => stop.abort() }
  const { run, result } = await startRun(await request(), null, ports(stop.signal), stopping)
  expect(result.stopped_by).toBe('user')
  const how = { url: url(), name: run, sets: [], from_ledger_only: false, abandon: false, strict: false }
  expect(await resumeStopped(how, ports(), observer)).toMatchObject({ result: { error: null, stopped_by: null } })
  const start = await startOf(run)
  expect(stampsIn('out.csv')).toEqual({ stamps: [start], rows: ROWS })

  const replay = async (from: string, to: string) =>
    replayRun({ ...(await request()), from, live: false, outputs_folder: join(folder, to) }, ports(), observer)
  const again = await replay(run, 'again')
  expect(stampsIn('again/out.csv')).toEqual({ stamps: [start], rows: ROWS })
  const third = await replay(again.run, 'third')
  expect(stampsIn('third/out.csv')).toEqual({ stamps: [start], rows: ROWS })
  expect(await startOf(third.run)).not.toBe(start)

  const verified = await runInProcess(['verify', '--decisions', '--ledger', url()], folder, env())
  expect(verified.exit, verified.stdout).toBe(0)
})

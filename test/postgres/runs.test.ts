/**
 * Whatever happens to the server, to its processes or to the network at any byte of a whole run: the run continues, or stops with an error that
 * says why, and resuming it leaves what an undisturbed one leaves. Nothing is lost, written or sent twice. For `npm run postgres`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Undisturbed } from '../crash/endure.ts'
import { type CrashPipeline, pipelineNamed } from '../crash/pipelines.ts'
import type { LedgerIn } from '../crash/place.ts'
import { Random } from '../simulation/random.ts'
import { ALL_OF_POSTGRES, ask } from '../support/postgres.ts'
import { PostgresServer } from '../support/postgres-server.ts'
import { ownKeyFile, troubled, undisturbed } from './driven.ts'
import { Hook, w1With } from './hooks.ts'
import { type Direction, Network, type Trouble } from './network.ts'
import { STRIKES } from './strikes.ts'

const SEED = Number(process.env.CUSTODY_SEED ?? 1)
const FAULTS = 40
/** Each takes the time of a lease. */
const SILENCES = 8
/** Those of a crash that need no program of their own. */
const OTHERS = ['outputs', 'named', 'batches', 'sorts', 'joined'] as const
const KINDS = ['cut', 'end_backends', 'kill_backend', 'restart', 'cut', 'crash'] as const
const DIRECTIONS: readonly Direction[] = ['to_server', 'to_client']

let server: PostgresServer | null = null
let why = ''
try {
  if (ALL_OF_POSTGRES) server = await PostgresServer.begin(['max_connections=100'])
} catch (error) {
  why = ` (no server: ${String(error)})`
}
const cluster = () => server as PostgresServer

let folder: string
let key_file: string
let hook: Hook
const state = process.env.XDG_STATE_HOME

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'custody-runs-'))
  // What sorts need lies beside the ledger.
  process.env.XDG_STATE_HOME = folder
  key_file = ownKeyFile(folder)
  hook = await Hook.open()
})
afterAll(async () => {
  if (state === undefined) delete process.env.XDG_STATE_HOME
  else process.env.XDG_STATE_HOME = state
  await hook.close()
  await server?.remove()
  rmSync(folder, { recursive: true })
})

interface Whole {
  readonly whole: Undisturbed
  /** What goes over the network meanwhile. */
  readonly bytes: Network['passed']
}

const wholes = new Map<string, Promise<Whole>>()
/** What a pipeline leaves with a ledger in SQLite; and in PostgreSQL, which is the same. */
function wholeOf(pipeline: CrashPipeline): Promise<Whole> {
  const begun = wholes.get(pipeline.name) ?? measured(pipeline)
  wholes.set(pipeline.name, begun)
  return begun
}

async function measured(pipeline: CrashPipeline): Promise<Whole> {
  const whole = await undisturbed(pipeline)
  const network = await Network.to(cluster().port)
  const there = await undisturbed(pipeline, ledgerAt(`whole_${pipeline.name}`, network, false))
  await network.close()
  expect([there.outputs, there.outcome]).toEqual([whole.outputs, whole.outcome])
  return { whole, bytes: network.passed }
}

function ledgerAt(schema: string, network: Network, encrypted: boolean): LedgerIn {
  const url = `${cluster().url()}?schema=${schema}`
  return () => ({ url, way: network.url(url), ...(encrypted ? { key_file } : {}) })
}

/** One run, with one thing that happens at a byte of it. */
async function struck(name: string, pipeline: CrashPipeline, what: Trouble, random: Random) {
  const { whole, bytes } = await wholeOf(pipeline)
  const network = await Network.to(cluster().port)
  const direction = random.pick(DIRECTIONS)
  network.after(direction, random.below(bytes[direction]), what)
  const ledgerIn = ledgerAt(name, network, random.chance(0.5))
  try {
    const came = await troubled(pipeline, whole, { network, threaded: random.chance(0.5), ledgerIn })
    return { ...came, met: network.met }
  } finally {
    await network.settled()
    await network.close()
    await ask(cluster().url(), `DROP SCHEMA IF EXISTS ${name} CASCADE`)
  }
}

describe.skipIf(server === null)(`whole runs into PostgreSQL${why}`, () => {
  describe('one of which is struck at any byte', () => {
    let [met, stopped] = [0, 0]

    test.each(Array.from({ length: FAULTS }, (_, i) => [i + 1, KINDS[i % KINDS.length] ?? 'cut'] as const))(
      'fault %i: %s',
      async (fault, kind) => {
        const random = new Random(SEED * 1_000 + fault)
        const w1 = w1With(hook)
        const pipeline = fault % 3 > 0 ? w1 : pipelineNamed(random.pick(OTHERS))
        await wholeOf(pipeline)
        hook.forget()
        const what: Trouble = kind === 'cut' ? kind : () => STRIKES[kind](cluster(), random)
        const came = await struck(`fault_${fault}`, pipeline, what, random)
        expect([...came.problems, ...(pipeline.name === w1.name ? hook.problems() : [])], pipeline.name).toEqual([])
        met += came.met
        stopped += came.stops.length
      },
    )

    test('which most of them outlive', () => {
      // Not every run has as many bytes as the one that was measured, but most of them have most.
      expect(met).toBeGreaterThanOrEqual(FAULTS / 2)
      // A run stops by what isn't asked again: what hasn't begun yet, and what is read in a snapshot.
      expect(stopped).toBeLessThanOrEqual(FAULTS / 2)
    })
  })

  test(`${SILENCES} networks that become silent at any byte`, async () => {
    const pipeline = pipelineNamed('outputs')
    await wholeOf(pipeline)
    const all = Array.from({ length: SILENCES }, async (_, i) => {
      const what = i % 2 === 0 ? 'silent' : 'all_silent'
      return struck(`silence_${i}`, pipeline, what, new Random(SEED * 2_000 + i))
    })
    const came = await Promise.all(all)
    expect(came.flatMap(({ problems }) => problems)).toEqual([])
    expect(came.filter(({ met }) => met > 0).length).toBeGreaterThan(SILENCES / 2)
  })
})

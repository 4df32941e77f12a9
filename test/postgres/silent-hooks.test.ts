/**
 * Rows that are sent to a service, where the way to it, to the ledger or to both becomes silent at any byte, and what was on its way arrives late.
 * A service that looks at keys has each row once, with one body, and the run comes to what an undisturbed one comes to. One that doesn't is sent
 * nothing twice: what it may have taken is in doubt, and nothing else is. For `npm run postgres`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compare } from '../crash/endure.ts'
import { Place } from '../crash/place.ts'
import { Random } from '../simulation/random.ts'
import { ALL_OF_POSTGRES, ask } from '../support/postgres.ts'
import { PostgresServer } from '../support/postgres-server.ts'
import { driven, undisturbed } from './driven.ts'
import { dueIds, Hook, w1With } from './hooks.ts'
import { Network } from './network.ts'

const SEED = Number(process.env.CUSTODY_SEED ?? 1)
/** Of each kind; each takes the time of a lease, or of a service that is given up, and all go on at once. */
const SILENCES = 2
const WAYS = ['service', 'ledger', 'both'] as const
type Silent = (typeof WAYS)[number]

/** A service that isn't there is given up soon; no row is by what it met itself. */
const LIMITS = `
retry: { attempts: 10, backoff: 100ms }
limits:
  services:
    hook: { breaker: { failures: 2, give_up_after: 3s } }
`
const MANNERS = {
  once: 'service: hook, idempotent: false, timeout: 2s',
  keyed: 'service: hook, idempotent: true, timeout: 2s',
} as const
type Manner = keyof typeof MANNERS

let server: PostgresServer
let folder: string
const state = process.env.XDG_STATE_HOME
beforeAll(async () => {
  if (!ALL_OF_POSTGRES) return
  server = await PostgresServer.begin(['max_connections=100'])
  folder = mkdtempSync(join(tmpdir(), 'custody-silent-'))
  process.env.XDG_STATE_HOME = folder
})
afterAll(async () => {
  if (!ALL_OF_POSTGRES) return
  if (state === undefined) delete process.env.XDG_STATE_HOME
  else process.env.XDG_STATE_HOME = state
  await server.remove()
  rmSync(folder, { recursive: true })
})

/** A service and a ledger, and a way to each. */
async function ways(schema: string, manner: Manner) {
  const hook = await Hook.open()
  const to_service = await Network.to(hook.port)
  const to_ledger = await Network.to(server.port)
  const url = `${server.url()}?schema=${schema}`
  return {
    ...{ hook, to_service, to_ledger },
    pipeline: w1With({ url: to_service.url(hook.url) }, { options: MANNERS[manner], limits: LIMITS }),
    ledgerIn: () => ({ url, way: to_ledger.url(url) }),
    async close() {
      await to_service.close()
      await to_ledger.close()
      await hook.close()
    },
  }
}

/** What nobody disturbs, and how much goes either way meanwhile. */
async function calm(manner: Manner) {
  const there = await ways(`calm_${manner}`, manner)
  const whole = await undisturbed(there.pipeline, there.ledgerIn)
  expect(there.hook.problems()).toEqual([])
  await there.close()
  return { whole, service: there.to_service.passed, ledger: there.to_ledger.passed }
}

async function silent(
  nth: number,
  way: Silent,
  manner: Manner,
  { whole, ...passed }: Awaited<ReturnType<typeof calm>>,
) {
  const random = new Random(SEED * 4_000 + nth)
  const there = await ways(`silent_${nth}`, manner)
  for (const [name, network] of [
    ['service', there.to_service],
    ['ledger', there.to_ledger],
  ] as const) {
    if (way !== name && way !== 'both') continue
    const direction = random.pick(['to_server', 'to_client'] as const)
    network.after(direction, random.below(passed[name][direction]), random.pick(['silent', 'all_silent']))
  }
  const place = new Place(there.pipeline, there.ledgerIn)
  try {
    const networks = [there.to_service, there.to_ledger]
    const { problems, stops } = await driven(place, networks, random.chance(0.5), ['CUSTODY_SERVICE_DOWN'])
    const met = there.to_service.met + there.to_ledger.met
    const doubted = await endedAtHook(place, 'in_doubt')
    const found =
      manner === 'keyed'
        ? [...(await compare(place, whole)), ...there.hook.problems()]
        : [...(await place.problems(true)), ...problemsOfOnce(there.hook, await endedAtHook(place, 'gate'), doubted)]
    return { met, stops, doubted, problems: [...problems, ...found].map(each => `${nth}, ${way}: ${each}`) }
  } finally {
    place.close()
    await there.close()
  }
}

/** Ids of the rows that ended there by this cause. */
async function endedAtHook({ url }: Place, cause: string): Promise<readonly number[]> {
  const schema = new URL(url).searchParams.get('schema')
  const outcomes = `SELECT row_id::int AS id FROM ${schema}.token_outcomes WHERE cause = '${cause}' AND (sink = 'hook' OR cause = 'in_doubt')`
  return (await ask(url, outcomes)).map(({ id }) => Number(id))
}

/** Each row that is due was taken, or is in doubt; what ended as taken is there, and what is there is nowhere else. */
function problemsOfOnce({ ids, repeated }: Hook, taken: readonly number[], doubted: readonly number[]): string[] {
  const problems: string[] = []
  if (repeated > 0) problems.push(`${repeated} rows were sent again`)
  const ended = [...taken, ...doubted].sort((a, b) => a - b)
  if (JSON.stringify(ended) !== JSON.stringify(dueIds())) problems.push(`these rows have ended: ${ended}`)
  const lost = taken.filter(id => !ids.includes(id))
  if (lost.length > 0) problems.push(`the service hasn't these rows: ${lost}`)
  const unknown = ids.filter(id => !ended.includes(id))
  if (unknown.length > 0) problems.push(`the service has rows of which that isn't known: ${unknown}`)
  return problems
}

test.runIf(ALL_OF_POSTGRES).each(['keyed', 'once'] as const)('a service that takes what comes: %s', async manner => {
  const undisturbed = await calm(manner)
  const cases = Array.from({ length: SILENCES }, () => WAYS).flat()
  const offset = manner === 'keyed' ? 0 : cases.length
  const came = await Promise.all(cases.map((way, i) => silent(offset + i, way, manner, undisturbed)))
  expect(came.flatMap(({ problems }) => problems)).toEqual([])
  expect(came.filter(({ met }) => met > 0).length).toBeGreaterThan(cases.length / 2)
  expect(came.flatMap(({ stops }) => stops).length).toBeGreaterThan(0)
  const doubted = came.flatMap(each => each.doubted)
  if (manner === 'keyed') expect(doubted).toEqual([])
  else expect(doubted.length).toBeGreaterThan(0)
})

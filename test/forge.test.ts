/**
 * Forgeries by somebody who has the signing key and rebuilds all that follows from an entry: trees, seal, log 0, heads.
 * No signature can show these; that the story doesn't hold together does.
 */
// @module-tag proof
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { commitment } from '../src/format/hash.ts'
import { canonicalize } from '../src/model/canonical.ts'
import type { Json } from '../src/model/row.ts'
import { type Body, Forger } from './support/forger.ts'
import { LONG } from './support/form.ts'
import { numbersIn, withNumber } from './support/records.ts'
import { RICH, runModel } from './support/simulated-ledger.ts'

let forger: Forger
beforeAll(async () => {
  forger = await Forger.of(url => runModel(url, RICH, 1), LONG ? 1 : 4)
})
afterAll(() => forger.close())

/**
 * Numbers that nobody can contradict: when something happened and how long it took, on which line a record began, how many
 * bytes of a source were read, and a sink wrote in the end, what a rebuilt seal says by itself, and ways of the topology that no row went.
 */
const CLAIMS = [
  /^t$/,
  /^v\.\d+\.[78]$/,
  /^x\.\d+\.(9|10)$/,
  /^s\.2$/,
  /^(artifacts|receipts|cursors)\.\d+\.bytes$/,
  /^subjects\.(rows|batches)\.size$/,
  /^topology\.edges\.\d+\.[02]$/,
]

test('no number in any entry can be changed without a contradiction, but for claims', async () => {
  const entries = forger.all('SELECT seq FROM entries WHERE log = 1 ORDER BY seq').map(each => Number(each.seq))
  const unnoticed: string[] = []
  let tried = 0
  let at = 0
  for (const seq of entries) {
    const body = forger.body(1, seq)
    for (const path of numbersIn(body)) {
      const name = path.join('.')
      // A part of all is enough for each run of the tests; a prime, so that it meets every kind of place.
      if (CLAIMS.some(each => each.test(name)) || at++ % STRIDE !== 0) continue
      const change = at % 2 === 0 ? 1 : -1
      const result = await forger.after(() => {
        forger.put(1, seq, withNumber(body, path, change))
        follow(seq, withNumber(body, path, change))
        forger.rebuild(forger.signer)
      })
      tried++
      if (result.ok) unnoticed.push(`entry ${seq}, ${name} ${change > 0 ? '+' : '−'} 1: ${JSON.stringify(body)}`)
    }
  }
  expect(unnoticed).toEqual([])
  expect(tried).toBeGreaterThan(LONG ? 25 : 8)
})

test('an order that fields cannot have is found', async () => {
  // Resumed once: so it mentions rows that were under way.
  const forger = await Forger.of(url => runModel(url, RICH, 1, { after_us: 30_000, next: 'resume' }))
  onTestFinished(() => forger.close())
  const entry = forger
    .all("SELECT seq FROM entries WHERE log = 1 AND row IS NOT NULL AND json_extract(body, '$.f') IS NOT NULL")
    .map(each => Number(each.seq))[0]!
  const body = forger.body(1, entry)
  const at = Number(body.f) - Number(body.w)
  const [{ salts, body: payload } = {}] = forger.all(
    'SELECT salts, body FROM payloads WHERE log = 1 AND seq = ?',
    entry,
  )
  const salt = (salts as Uint8Array).subarray(at * 16, at * 16 + 16)
  const values = JSON.parse(`${payload}`) as Json[][]
  const [[tokens = [], ...order] = []] = (values[at] as Json[])[0] as [number[], ...Json[]][]
  const [token] = tokens
  const problemsOf = (orders: Json) =>
    forger.problems(() => {
      forger.run(
        'UPDATE payloads SET body = ? WHERE log = 1 AND seq = ?',
        canonicalize(values.with(at, [orders])),
        entry,
      )
      const commitments = (body.c as string[]).with(at, commitment(salt, canonicalize(orders)))
      forger.put(1, entry, { ...body, c: commitments })
      forger.rebuild(forger.signer)
    })
  const where = `tokens: entry ${entry} (row ${body.r}): `
  // As it was.
  expect(await problemsOf([[tokens, ...order]])).toEqual([])
  expect(await problemsOf([[tokens, [0, 1, 0]]])).toEqual([`${where}token ${token}: its fields can't stand so`])
  expect(await problemsOf([[tokens, [0, 0, 1]]])).toContain(`${where}an order of token ${token} isn't one`)
  expect(await problemsOf([[[9999], ...order]])).toEqual([
    `${where}token 9,999: how its fields stand is recorded twice, or where it isn't due`,
  ])
})

test('a number of a value that isn’t that of its place is found', async () => {
  const bodies = forger
    .all('SELECT seq, body FROM entries WHERE log = 1 AND row IS NULL AND batch IS NULL ORDER BY seq')
    .map(({ seq, body }) => ({ seq: Number(seq), body: JSON.parse(`${body}`) as Body }))
  const commits = bodies.filter(({ body }) => body.k === 'commit')
  const problemsOf = ({ seq, body }: { seq: number; body: Body }, change: object) =>
    forger.problems(() => {
      forger.put(1, seq, { ...body, ...change })
      forger.rebuild(forger.signer)
    })
  const opening = bodies[0]!
  const { plan, folder, nodes } = opening.body.values as { plan: number; folder: number; nodes: { intent?: number }[] }
  const openingWith = (values: object) =>
    problemsOf(opening, { values: { ...(opening.body.values as object), ...values } })
  // Of no value, of two, of another kind, and of a node that has no such thing.
  expect(await openingWith({ folder: 999 })).toContain(
    'entries: entry 0: `folder` is value 999, which is none of its own',
  )
  expect(await openingWith({ folder: plan })).toEqual([
    `entries: entry 0: \`folder\` is value ${plan}, which is something else as well`,
    `entries: entry 0: it doesn't say what its value ${folder} is`,
  ])
  expect((await openingWith({ folder: plan, plan: folder })).map(each => each.slice(0, 40))).toEqual([
    'entries: entry 0: `plan` is value 2, and',
    'entries: entry 0: `folder` is value 1, a',
  ])
  const sink = nodes.findIndex(({ intent }) => intent !== undefined)
  const { intent, ...others } = nodes[sink]!
  const moved = nodes.with(sink, others).with(0, { ...nodes[0], intent: intent! })
  expect((await openingWith({ nodes: moved })).length).toBe(2)

  // A commit names what the one before it named in the same place, or what is its own.
  const last = commits.at(-1)!
  const cursors = last.body.cursors as { position: number }[]
  const cursorsWith = (cursor: object) => problemsOf(last, { cursors: cursors.with(0, { ...cursors[0]!, ...cursor }) })
  for (const position of [plan, 9_999])
    expect(await cursorsWith({ position })).toContainEqual(
      expect.stringMatching(
        /`position` of \w+ is value [\d,]+, which is neither its own nor what the commit before had/,
      ),
    )
})

const STRIDE = Number(process.env.CUSTODY_STRIDE ?? (LONG ? 29 : 199))

/** Endings in the table follow what the entry now says, as far as the table can have it. */
function follow(seq: number, body: Body): void {
  for (const [token, fate, node, sink, group] of (body.e ?? []) as number[][]) {
    const known = forger.all('SELECT 1 FROM endings WHERE log = 1 AND token = ? AND seq = ?', token!, seq).length > 0
    if (!known) continue
    forger.run(
      'UPDATE endings SET fate = ?, node = ?, sink = ?, grp = ? WHERE log = 1 AND token = ? AND seq = ?',
      ...[fate!, node!, sink === 0 ? null : sink!, group === 0 ? null : group!, token!, seq],
    )
  }
}

/** Batches by key, from the pipeline file to the record: what is written and explained, and what `verify` says if it was changed. */
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commitment } from '../src/format/hash.ts'
import { encodeSigningKeys } from '../src/format/signing-key.ts'
import { canonicalize } from '../src/model/canonical.ts'
import type { Json } from '../src/model/row.ts'
import { verifyLedger } from '../src/read/verify/verify.ts'
import { Forger, problemTexts } from './support/forger.ts'
import { runInProcess } from './support/in-process.ts'

const PIPELINE = `name: by-region
defaults: { on_error: problems, on_invalid: problems }
sources:
  in: { plugin: jsonl, options: { path: in.jsonl }, to: stats }
nodes:
  stats: { aggregate: report, per: [region, kind], trigger: { count: 2 }, options: { line: '{id}' }, to: out }
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl } }
  problems: { plugin: jsonl, options: { path: problems.jsonl }, on_error: discard }
`
const ROWS = [
  { id: 1, region: 'north' },
  { id: 2, region: 'south', kind: { a: 1, b: 2 } },
  { id: 3, region: null },
  { id: 4 },
  { id: 5, region: 'north', kind: null },
  { id: 6, region: 'south', kind: { b: 2, a: 1 } },
  { id: 7, region: '1' },
  { id: 8, region: 1 },
]

let forger: Forger
let folder: string
const custody = (...args: string[]) =>
  // The key of `testPorts`, which the forger has.
  runInProcess([...args, '--ledger', `sqlite:${join(folder, 'custody.db')}`], folder, {
    XDG_CONFIG_HOME: join(folder, 'config'),
    CUSTODY_KEY: encodeSigningKeys('test', new Uint8Array(32).fill(9)),
  })

beforeAll(async () => {
  forger = await Forger.of(async url => {
    folder = dirname(url.slice('sqlite:'.length))
    writeFileSync(join(folder, 'pipeline.yaml'), PIPELINE)
    writeFileSync(join(folder, 'in.jsonl'), ROWS.map(row => `${JSON.stringify(row)}\n`).join(''))
    const { exit, stderr } = await custody('run', 'pipeline.yaml')
    expect(exit, stderr).toBe(0)
  })
})
afterAll(() => forger.close())

const look = (decisions = true) => verifyLedger(forger.reader, { keys: forger.keys, decisions })

test('a batch has the rows of one key, null and missing alike; what is open at the end follows in the order of first rows', () => {
  const batches = forger.all('SELECT key, "trigger", size FROM batches ORDER BY batch_id')
  expect(batches.map(({ key, trigger, size }) => [key, trigger, size])).toEqual([
    ['{"kind":null,"region":"north"}', 'count', 2],
    ['{"kind":{"a":1,"b":2},"region":"south"}', 'count', 2],
    ['{"kind":null,"region":null}', 'count', 2],
    ['{"kind":null,"region":"1"}', 'end_of_input', 1],
    ['{"kind":null,"region":1}', 'end_of_input', 1],
  ])
  const closed = forger.all(
    `SELECT b.key, group_concat(m.token_id) AS tokens FROM batches b JOIN batch_members m USING (run_id, batch_id)
      GROUP BY batch_id ORDER BY min(m.token_id)`,
  )
  expect(closed).toHaveLength(5)
})

test('explain says which key the batch is of', async () => {
  const { stdout } = await custody('explain', 'latest', '--row', '5')
  expect(stdout).toMatch(
    /Batch 1 of by-region, .*2 tokens at stats for kind null · region "north" \(1, 6\), closed by count/,
  )
  expect(stdout).toMatch(/1 {2}stats {2}report {2}went into a batch for region "north" · kind null /)
  const json = JSON.parse((await custody('explain', 'latest', '--row', '6', '--json')).stdout) as {
    readonly onward: readonly { readonly batch: { readonly key: Json } }[]
    readonly tokens: readonly { readonly visits: readonly { readonly key?: Json }[] }[]
  }
  const south = { region: 'south', kind: { a: 1, b: 2 } }
  expect(json.onward[0]?.batch.key).toEqual(south)
  expect(json.tokens[0]?.visits.map(({ key }) => key)).toEqual([undefined, south])
})

test('verify holds; with --decisions each row is held against the key of its batch', async () => {
  const result = await look()
  expect(problemTexts(result)).toEqual([])
  const decisions = result.runs[0]?.checks.find(({ name }) => name === 'decisions')
  expect(decisions).toMatchObject({ ok: true, compared: ROWS.length, not_checked: [] })
})

/** Signs another key of batch 1, with all that follows from it. */
function forgeKey(key: Json): void {
  const [{ seq = 0 } = {}] = forger.all('SELECT seq FROM entries WHERE log = 1 AND batch = 1 ORDER BY seq LIMIT 1')
  const [{ salts, body = '' } = {}] = forger.all('SELECT salts, body FROM payloads WHERE log = 1 AND seq = ?', seq)
  const [, ...values] = JSON.parse(`${body}`) as Json[]
  const entry = forger.body(1, Number(seq))
  const first = commitment((salts as Uint8Array).subarray(0, 16), canonicalize(key))
  forger.run('UPDATE payloads SET body = ? WHERE log = 1 AND seq = ?', canonicalize([[key], ...values]), seq)
  forger.put(1, Number(seq), { ...entry, c: [first, ...(entry.c as Json[]).slice(1)] })
  forger.rebuild(forger.signer)
}

test.each<[Json, readonly string[], readonly string[]]>([
  [{ kind: null, region: 'west' }, [], ['token 1 is held in batch 1', 'token 6 is held in batch 1']],
  [{ region: 'north' }, ['has other fields'], ['token 1 is held', 'token 6 is held']],
  [['north'], ['has other fields'], ['token 1 is held', 'token 6 is held']],
  [null, ['has other fields'], ['token 1 is held', 'token 6 is held']],
])('another key, %j, is found, whoever signed it', async (key, always, with_decisions) => {
  const problems = async (decisions: boolean) =>
    problemTexts(
      await forger.within(
        () => forgeKey(key),
        () => look(decisions),
      ),
    )
  const plain = await problems(false)
  expect(plain).toHaveLength(always.length)
  for (const [i, each] of always.entries()) expect(plain[i]).toContain(each)
  const all = await problems(true)
  for (const each of [...always, ...with_decisions]) expect(all.join('\n')).toContain(each)
})

test('a member that was never held is found, whoever signed it', async () => {
  const forge = () => {
    const [{ seq = 0 } = {}] = forger.all('SELECT seq FROM entries WHERE log = 1 AND row = 1 ORDER BY seq LIMIT 1')
    const entry = forger.body(1, Number(seq))
    const { h: _, ...rest } = entry
    const visits = (entry.v as Json[][]).filter(each => each[3] !== 2)
    forger.put(1, Number(seq), { ...rest, v: visits })
    forger.rebuild(forger.signer)
  }
  const problems = problemTexts(await forger.within(forge, () => look()))
  expect(problems.join('\n')).toContain('has token 1 as a member, and never held it')
})

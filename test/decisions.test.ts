/** `verify --decisions`: what was decided is what the recorded expressions give, and a lie that was properly signed is found. */
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commitment } from '../src/format/hash.ts'
import { encodeSigningKeys } from '../src/format/signing-key.ts'
import { canonicalize } from '../src/model/canonical.ts'
import type { Json } from '../src/model/row.ts'
import { CheckedReader } from '../src/read/evidence/checked-reader.ts'
import { explainRow } from '../src/read/explain/explain.ts'
import { showRun } from '../src/read/show/show.ts'
import { type VerifyResult, verifyLedger } from '../src/read/verify/verify.ts'
import { Forger } from './support/forger.ts'
import { runInProcess } from './support/in-process.ts'

const PIPELINE = `name: desk
defaults: { on_error: problems, on_invalid: problems }
sources:
  in:
    plugin: jsonl
    options: { path: in.jsonl }
    schema: { mode: flexible, fields: { n: integer, amount: number?, region: string } }
    to: half
nodes:
  # Of integers, a division is one of integers: 5 / 2 == 2.
  half: { gate: row.n / 2 == 2, routes: { true: size, false: size } }
  size:
    cases:
      - { when: row.amount < 10, to: where }
      - { when: row.amount < 100, to: where, label: mid }
      - { else: where }
  where: { gate: row.region, routes: { north: out, else: out } }
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl } }
  problems: { plugin: jsonl, options: { path: problems.jsonl }, on_error: discard }
`
const ROWS = [
  { n: 5, amount: 5, region: 'north' },
  { n: 4, amount: 50, region: 'south' },
  { n: 3, amount: 500, region: 'north' },
  { n: 2, region: 'west' },
]

let forger: Forger
beforeAll(async () => {
  forger = await Forger.of(async url => {
    const folder = dirname(url.slice('sqlite:'.length))
    writeFileSync(join(folder, 'pipeline.yaml'), PIPELINE)
    writeFileSync(join(folder, 'in.jsonl'), ROWS.map(row => `${JSON.stringify(row)}\n`).join(''))
    // The key of `testPorts`, which the forger has.
    const env = {
      XDG_CONFIG_HOME: join(folder, 'config'),
      CUSTODY_KEY: encodeSigningKeys('test', new Uint8Array(32).fill(9)),
    }
    const { exit, stderr } = await runInProcess(['run', 'pipeline.yaml', '--ledger', url], folder, env)
    expect(exit, stderr).toBe(0)
  })
})
afterAll(() => forger.close())

const look = () => verifyLedger(forger.reader, { keys: forger.keys, decisions: true })
const decisions = ({ runs }: VerifyResult) => runs[0]?.checks.find(({ name }) => name === 'decisions')

test('decisions hold, errors among them, and integers are divided as they were', async () => {
  const result = await look()
  expect(decisions(result)).toEqual({ name: 'decisions', ok: true, problems: [], compared: 11, not_checked: [] })
  expect(result.ok).toBe(true)
  const plain = await verifyLedger(forger.reader, { keys: forger.keys })
  expect(decisions(plain)).toBeUndefined()
})

/** Edges by node and label, as the topology numbers them. */
function edge(node: string, label: string): number {
  const { nodes, edges } = forger.body(1, 0).topology as unknown as {
    readonly nodes: readonly { readonly name: string }[]
    readonly edges: readonly (readonly [number, string, number])[]
  }
  return edges.findIndex(([from, each]) => nodes[from - 1]?.name === node && each === label) + 1
}

test.each([
  ['half', 'true', 'false', 'left half by "false", and its expression gives "true"'],
  ['size', '1', 'mid', 'left size by "mid", and its expression gives "1"'],
  ['size', '1', 'else', 'left size by "else", and its expression gives "1"'],
  ['where', 'north', 'else', 'left where by "else", and its expression gives "north"'],
])('a way out of %s that isn’t the right one is found, whoever signed it', async (node, is, becomes, problem) => {
  const [from, to] = [edge(node, is), edge(node, becomes)]
  expect(Math.min(from, to)).toBeGreaterThan(0)
  const forge = () => {
    const body = forger.body(1, 1)
    const visits = (body.v as Json[][]).map(visit => (visit[6] === from ? visit.with(6, to) : visit))
    forger.put(1, 1, { ...body, v: visits })
    const counted = (totals: { readonly edges: number[][] }) => ({ ...totals, edges: moved(totals.edges, from, to) })
    for (const { seq } of forger.all(`SELECT seq FROM entries WHERE log = 1 AND body LIKE '%"totals"%'`)) {
      const entry = forger.body(1, Number(seq))
      forger.put(1, Number(seq), {
        ...entry,
        totals: counted(entry.totals as unknown as { edges: number[][] }) as unknown as Json,
      })
    }
    forger.rebuild(forger.signer)
  }
  const result = await forger.within(forge, look)
  expect(decisions(result)?.problems).toEqual([`entry 1 (row 1): token 1 ${problem}`])
})

/** Counts of edges after one token took another. */
function moved(edges: readonly number[][], from: number, to: number): number[][] {
  const counts = new Map(edges.map(([each, count]) => [each, count] as [number, number]))
  counts.set(from, (counts.get(from) ?? 0) - 1)
  counts.set(to, (counts.get(to) ?? 0) + 1)
  return [...counts].filter(([, count]) => count > 0).sort(([a], [b]) => a - b)
}

test('where the plan’s text is gone nothing is concluded', async () => {
  const result = await forger.within(() => forger.run('DELETE FROM payloads WHERE log = 1 AND seq = 0'), look)
  expect(decisions(result)).toMatchObject({
    ok: true,
    compared: 0,
    not_checked: [expect.stringMatching(/^11 decisions/)],
  })
})

test('a plan of another form, properly signed, ends no reader in anything but an error with a code', async () => {
  const [{ salts, body } = {}] = forger.all('SELECT salts, body FROM payloads WHERE log = 1 AND seq = 0')
  const opening = forger.body(1, 0)
  const values = JSON.parse(`${body}`) as Json[][]
  const { nodes } = opening.values as { readonly nodes: readonly { readonly [key: string]: number }[] }
  for (const [key, value] of [
    ['expressions', 7],
    ['expressions', [{ for: 'gate' }]],
    ['intent', 'x'],
  ] as const) {
    const at = nodes.map(node => node[key]).find(number => number !== undefined)! - 1
    const salt = (salts as Uint8Array).subarray(at * 16, at * 16 + 16)
    const forge = () => {
      forger.run('UPDATE payloads SET body = ? WHERE log = 1 AND seq = 0', canonicalize(values.with(at, [value])))
      const commitments = (opening.c as string[]).with(at, commitment(salt, canonicalize(value)))
      forger.put(1, 0, { ...opening, c: commitments })
      forger.rebuild(forger.signer)
    }
    const refused = {
      code: 'CUSTODY_VERIFY_FAILED',
      message: expect.stringMatching(/entry 0: `(expressions|intent)/),
    }
    await forger.within(forge, async () => {
      const checked = new CheckedReader(forger.reader, { remembered: null })
      await expect(explainRow(checked, 1, 1)).rejects.toMatchObject(refused)
      await expect(showRun(checked, 'latest', () => false)).rejects.toMatchObject(refused)
    })
  }
})

test('an opening that is gone ends no verification: nothing is evaluated, and the rest is looked at', async () => {
  const { runs } = await forger.within(
    () => forger.run('DELETE FROM entries WHERE log = 1 AND seq = 0'),
    () => verifyLedger(forger.reader, { keys: forger.keys, decisions: true }),
  )
  const checks = new Map(runs[0]?.checks.map(each => [each.name, each]))
  expect(checks.get('decisions')?.problems).toEqual([expect.stringContaining('no gate can be evaluated')])
  expect(checks.get('entries')?.ok).toBe(false)
})

/**
 * Runs whose splits are worked on by workers on several machines, which are killed, suspended and stopped: they leave what a run without splits
 * leaves. One of these in `npm test`, all in `npm run postgres`.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { trustedKeys } from '../../src/ledger/keys/known-ledgers.ts'
import { verifyLedger } from '../../src/read/verify/verify.ts'
import { heldBy, onMachine, reading, untilLeases } from '../support/hosts-at-work.ts'
import { newDatabase, postgres } from '../support/postgres.ts'
import { ROOT } from '../support/source-file.ts'
import { type Program, SIGNING } from './place.ts'

const server = await postgres()

/** Rows wait in the middle of each split until there is a file `go`, so that something can be done to whoever works on them. */
const WAITING = `
import { existsSync } from 'node:fs'
import { defineTransform, oneRow } from 'custody/sdk'
import { z } from 'zod'
const until = async () => { while (!existsSync('go')) await new Promise(resolve => setTimeout(resolve, 20)) }
export default defineTransform({
  name: 'waiting', summary: 'Takes its time', options: z.strictObject({}), determinism: 'deterministic', errors: {},
  examples: [{ title: 'One', options: {} }], cardinality: 'one', guarantees: (_, input) => input,
  create: () => ({ process: async row => {
    if (row.id % 100 === 50) await until()
    return oneRow(row)
  } }),
})
`
const PIPELINE = `
name: hosts
plugins: [./waiting.mjs]
defaults: { on_error: problems, on_invalid: problems }
sources:
  orders:
    plugin: csv
    options: { path: in.csv }
    schema: { mode: fixed, fields: { id: integer, amount: number } }
    to: wait
nodes:
  wait: { transform: waiting, to: size }
  size: { gate: row.amount >= 2000, routes: { true: big, false: small } }
sinks:
  small: { plugin: csv, options: { path: out/small.csv, if_exists: replace } }
  big: { plugin: jsonl, options: { path: out/big.jsonl, if_exists: replace } }
  problems: { plugin: csv, options: { path: out/problems.csv, columns: [raw], if_exists: replace }, on_error: discard }
`
const SPLITS = 6
const ROWS = 3_000
const IN_SPLITS = `splits: { count: ${SPLITS}, pieces: pieces }\n${PIPELINE}`
const INPUT = `id,amount\n${Array.from({ length: ROWS }, (_, i) => `${i + 1},${i % 97 === 5 ? 'much' : (i * 37) % 5000}\n`).join('')}`

describe.skipIf(server.url === null)(`workers on several machines${server.said}`, () => {
  let database: Awaited<ReturnType<typeof newDatabase>>
  let ledgers = 0
  let folder: string
  let at: { readonly folder: string; readonly url: string }
  let programs: Program[]
  /** What a run without splits leaves. */
  let whole: ReturnType<typeof outputs>
  /** Of what a run in splits comes to that one thread works on. */
  let digest: string

  beforeAll(async () => {
    database = await newDatabase(server.url ?? '')
    lay()
    writeFileSync(join(folder, 'p.yaml'), PIPELINE)
    go()
    const run = begin('solo', ['run', 'p.yaml'], { CUSTODY_LEDGER: `sqlite:${join(folder, 'custody.db')}` })
    const { code, stderr } = await run.exit
    expect(code, stderr).toBe(0)
    whole = outputs()
    rmSync(join(folder, 'out'), { recursive: true })
    writeFileSync(join(folder, 'p.yaml'), IN_SPLITS)
    const words = ['run', 'p.yaml', '--workers', '1', '--json']
    const { stdout } = await begin('solo', words, { CUSTODY_LEDGER: `sqlite:${join(folder, 'custody.db')}` }).exit
    digest = JSON.parse(stdout).result_digest
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
    rmSync(folder, { recursive: true })
  })
  afterAll(() => database?.remove())

  function lay(): void {
    folder = mkdtempSync(join(tmpdir(), 'custody-workers-'))
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    for (const [name, text] of Object.entries({ 'p.yaml': IN_SPLITS, 'in.csv': INPUT, 'waiting.mjs': WAITING }))
      writeFileSync(join(folder, name), text)
    at = { folder, url: `${database.url}?schema=hosts_${++ledgers}` }
    programs = []
  }
  beforeEach(lay)
  afterEach(async () => {
    for (const { process } of programs) process.kill('SIGKILL')
    await Promise.all(programs.map(({ exit }) => exit))
    rmSync(folder, { recursive: true, force: true })
  })

  /** Rows that wait do so no longer. */
  const go = () => writeFileSync(join(folder, 'go'), '')

  function begin(host: string, words: readonly string[], env: { readonly [name: string]: string } = {}): Program {
    const program = onMachine(at, host, words, env)
    programs.push(program)
    return program
  }
  const coordinate = () => begin('coordinator', ['run', 'p.yaml', '--distributed', '--json'])
  const worker = (host: string, ...words: readonly string[]) => begin(host, ['worker', ...words])

  function outputs(): { readonly [name: string]: string } {
    const out = join(folder, 'out')
    return Object.fromEntries(readdirSync(out).map(name => [name, readFileSync(join(out, name), 'utf8')]))
  }

  /** What is wrong with the ledger. */
  const problems = () =>
    reading(at, async reader => {
      const { runs } = await verifyLedger(reader, { keys: trustedKeys(null, SIGNING) })
      return runs.flatMap(({ checks }) => checks.flatMap(each => each.problems))
    })

  async function isAsUndisturbed(coordinator: Program): Promise<void> {
    const { code, stdout, stderr } = await coordinator.exit
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout).result_digest).toBe(digest)
    expect(outputs()).toEqual(whole)
    expect(await problems()).toEqual([])
    expect(readdirSync(join(folder, 'pieces'))).toEqual([])
  }

  /** Waits until a machine has a lease. */
  const works = (host: string) =>
    untilLeases(at, leases => (heldBy(leases, { host }).length > 0 ? heldBy(leases, { host }) : null))

  test('one is killed, another is suspended past its lease and wakes up: the run comes to the same', async () => {
    const coordinator = coordinate()
    await works('coordinator')
    const [alpha, beta] = [worker('alpha'), worker('beta')]
    await works('alpha')
    await works('beta')
    alpha.process.kill('SIGKILL')
    beta.process.kill('SIGSTOP')
    worker('gamma', '--threads', `${SPLITS}`)
    await untilLeases(at, leases => heldBy(leases, { host: 'gamma' }).length === SPLITS || null)
    beta.process.kill('SIGCONT')
    go()
    await isAsUndisturbed(coordinator)
    beta.process.kill('SIGINT')
    const { code, stderr } = await beta.exit
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/split \d is left, for this:\nerror CUSTODY_(RUN_LOST|LEDGER_IN_DOUBT)/)
  })
})

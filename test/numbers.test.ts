/**
 * No number is changed by anything between the file that it comes from and the file that it goes to: not by rows that are held, not by
 * a stop and a resume, not by a replay; and `verify` agrees.
 */
// @module-tag proof
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { systemClock } from '../src/engine/ports/ports.ts'
import { compilePipeline } from '../src/host/compile.ts'
import { replayRun } from '../src/host/replay.ts'
import { resumeStopped } from '../src/host/resume.ts'
import { startRun } from '../src/host/start.ts'
import { LONG } from './support/form.ts'
import { runInProcess } from './support/in-process.ts'

const PIPELINE = `
name: numbers
defaults: { on_error: problems, on_invalid: problems }
sources:
  in:
    plugin: jsonl
    options: { path: in.jsonl }
    schema: { mode: flexible, fields: { id: integer, n: number, d: decimal, s: decimal(3), b: big_integer } }
    to: sign
nodes:
  sign: { gate: row.d > 0.1 || row.n > 0, routes: { true: held, false: held } }
  held: { aggregate: dedupe, output: passthrough, options: { key: [id] }, to: out }
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: problems.jsonl, if_exists: replace }, on_error: discard }
`

/** What stands in a file, and what a row has of it. */
interface Written {
  readonly text: string
  readonly value: unknown
}

const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => (value === 0 ? 0 : value))
const huge = fc.tuple(fc.bigInt(2n ** 53n, 2n ** 70n), fc.boolean()).map(([n, minus]) => Number(minus ? -n : n))
const number: fc.Arbitrary<Written> = fc
  .tuple(fc.oneof(double, huge, fc.integer(), fc.constantFrom(2 ** 53, 1e308, 5e-324, 1e21, 1e22)), fc.nat(2))
  .map(([value, form]) => {
    const exact = Number.isInteger(value) && form === 1 ? `${BigInt(value)}` : JSON.stringify(value)
    return { text: form === 2 ? value.toExponential() : exact, value }
  })

const power = (places: number) => 10n ** BigInt(places)
const decimalText = (digits: bigint, places: number) => {
  const padded = `${digits < 0n ? -digits : digits}`.padStart(places + 1, '0')
  const fraction = places === 0 ? '' : `.${padded.slice(-places)}`
  return `${digits < 0n ? '-' : ''}${padded.slice(0, padded.length - places)}${fraction}`
}
const digits = fc.oneof(fc.bigInt(-(10n ** 6n), 10n ** 6n), fc.bigInt(-(10n ** 40n), 10n ** 40n))
const quoted = ({ text, value }: Written, quotes: boolean): Written => ({ text: quotes ? `"${text}"` : text, value })
const decimal = fc.tuple(digits, fc.nat(30), fc.boolean()).map(([all, places, quotes]) => {
  const text = decimalText(all, places)
  return quoted({ text, value: text }, quotes)
})
const scaled = fc.tuple(digits, fc.nat(3), fc.boolean()).map(([all, places, quotes]) => {
  const value = decimalText(all * power(3 - places), 3)
  return quoted({ text: decimalText(all, places), value }, quotes)
})
const big = fc.tuple(digits, fc.boolean()).map(([all, quotes]) => quoted({ text: `${all}`, value: `${all}` }, quotes))
const rows = fc.array(fc.record({ n: number, x: number, d: decimal, s: scaled, b: big }), {
  minLength: 1200,
  maxLength: 1200,
})

const nothing = () => undefined
const observer = {
  ...{ onChecking: nothing, onChecked: nothing, onWarnings: nothing, onOpen: nothing, onStart: nothing },
  ...{ onRestored: nothing, onNotice: nothing, onService: nothing, onClosing: nothing, onTrouble: nothing },
  ...{ onLate: nothing, onProgress: nothing },
}

test('numbers leave a run as they came, through holds, a stop, a resume and a replay', async () => {
  const property = fc.asyncProperty(rows, async all => {
    const folder = mkdtempSync(join(tmpdir(), 'custody-numbers-'))
    try {
      const lines = all.map(
        (row, id) =>
          `{"id":${id}${Object.entries(row)
            .map(([name, { text }]) => `,"${name}":${text}`)
            .join('')}}`,
      )
      writeFileSync(join(folder, 'in.jsonl'), `${lines.join('\n')}\n`)
      const expected = all.map((row, id) => ({
        id,
        ...Object.fromEntries(Object.entries(row).map(([name, { value }]) => [name, value])),
      }))
      await compare(folder, expected)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
  await fc.assert(property, { numRuns: LONG ? 20 : 1, endOnFailure: true })
}, 120_000)

async function compare(folder: string, expected: readonly object[]): Promise<void> {
  writeFileSync(join(folder, 'p.yaml'), PIPELINE)
  const env = { XDG_CONFIG_HOME: join(folder, 'config'), XDG_CACHE_HOME: join(folder, 'cache') }
  const url = `sqlite:${join(folder, 'custody.db')}`
  const plan = await compilePipeline(env, join(folder, 'p.yaml'), [], nothing)
  const limits = { limit: Number.POSITIVE_INFINITY, dry_run: false, kept: true, strict: false, outputs_folder: null }
  const request = { plan, url, before_url: url, ...limits }
  const ports = (signal = new AbortController().signal) => ({
    cwd: folder,
    env,
    custody: '0',
    clock: systemClock(),
    signal,
  })
  const written = (path: string): readonly unknown[] =>
    readFileSync(join(folder, path), 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))

  const stop = new AbortController()
  const { run, result } = await startRun(request, null, ports(stop.signal), {
    ...observer,
    onProgress: () => stop.abort(),
  })
  expect(result.stopped_by).toBe('user')
  const how = { url, name: run, sets: [], from_ledger_only: false, abandon: false, strict: false }
  expect(await resumeStopped(how, ports(), observer)).toMatchObject({ result: { error: null, stopped_by: null } })
  expect(readFileSync(join(folder, 'problems.jsonl'), 'utf8')).toBe('')
  expect(written('out.jsonl')).toEqual(expected)

  const repeated = { ...request, from: run, live: false, outputs_folder: join(folder, 'again') }
  await replayRun(repeated, ports(), observer)
  expect(readFileSync(join(folder, 'again', 'out.jsonl'), 'utf8')).toBe(readFileSync(join(folder, 'out.jsonl'), 'utf8'))

  const verified = await runInProcess(['verify', '--decisions', '--ledger', url], folder, env)
  expect(verified.exit, verified.stdout).toBe(0)
}

/** Random pipelines for machines that work on their splits: most have no races, and some ask services. */
import type { Random } from '../simulation/random.ts'
import { ANSWER_USD, MOST_USD } from './far-side.ts'
import type { HostsPipeline } from './waiting-pipeline.ts'

/** Spreads the rows over some time, and changes nothing. */
const PACED = `
import { defineTransform, oneRow } from 'custody/sdk'
import { z } from 'zod'
export default defineTransform({
  name: 'paced', summary: 'Takes its time', options: z.strictObject({}), determinism: 'deterministic', errors: {},
  examples: [{ title: 'One', options: {} }], cardinality: 'one', guarantees: (_, input) => input,
  create: () => ({ process: async row => {
    if (row.id % 25 === 0) await new Promise(resolve => setTimeout(resolve, 200))
    return oneRow(row)
  } }),
})
`
const REGIONS = ['north', 'south', 'east', 'Süd', '']

interface Cell {
  readonly id: number
  readonly region: string
  readonly amount: number | string
}

/** What a pipeline may ask of a service, in all of its splits. */
export interface AskedLimits {
  readonly concurrency: number
  readonly per_minute: number | null
}

export interface RandomPipeline extends HostsPipeline {
  readonly records: number
  /** By service: what its nodes may ask; null: they ask none. */
  readonly asks: { readonly [service: string]: AskedLimits } | null
  /** What a run may spend at first; null: as much as it likes. */
  readonly spend_usd: number | null
  /** Whether its results may depend on what comes first. */
  readonly races: boolean
}

interface Kind {
  readonly asks: boolean
  readonly races: boolean
}

/**
 * Rows from CSV or JSONL, in one file or in several, by a chain of steps, of which each is there or isn't, to CSV, JSONL and JSON. What splits leave
 * may depend on how many there are, not on who works on them; but where it races. `url`: of the service that is asked.
 */
export function randomHostsPipeline(random: Random, url: string): RandomPipeline {
  const asks = random.chance(0.6)
  const kind = { asks, races: asks && random.chance(0.3) }
  const by = random.chance(0.3) ? ', by: region' : ''
  const input = inputOf(random, asks)
  const steps = stepsOf(random, kind, by !== '', url)
  const chain = steps.map((text, i) => {
    const next = i + 1 < steps.length ? `step${i + 1}` : 'size'
    return `  step${i}: ${text}`.replaceAll('NEXT', next).replaceAll('HERE', `step${i}`)
  })
  const sums = chain.some(text => text.includes('to: sums'))
  const format = random.pick(['jsonl', 'json'])
  const big =
    asks && random.chance(0.15)
      ? deskAt(url)
      : `{ plugin: ${format}, options: { path: out/big.${format}, if_exists: replace } }`
  const limits = limitsOf(random, chain.join('') + big)
  const priced = chain.some(text => text.includes('transform: llm'))
  return {
    ...{ in_splits: true, records: input.records, asks: asks ? limits : null, races: kind.races },
    spend_usd: priced && random.chance(0.3) ? random.between(MOST_USD * 5, ANSWER_USD * input.records) : null,
    yaml: `splits: { count: ${random.between(2, 9)}, pieces: pieces${by} }
name: random
plugins: [./paced.mjs]
defaults: { on_error: problems, on_invalid: problems }
sources:
  orders:
    plugin: ${input.format}
    options: { path: '${input.path}' }
    schema: { mode: fixed, fields: { id: integer, region: string, amount: number } }
    to: pace
nodes:
  pace: { transform: paced, to: step0 }
${chain.join('\n')}
  size: { gate: row.amount >= ${random.below(3000)}, routes: { true: big, false: few } }
  few: { transform: field_mapper, options: { select: [id, region, amount] }, to: small }
sinks:
  small: { plugin: csv, options: { path: out/small.csv, columns: [id, region, amount], if_exists: replace } }
  big: ${big}
${sums ? '  sums: { plugin: jsonl, options: { path: out/sums.jsonl, if_exists: replace } }\n' : ''}  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: replace }, on_error: discard }
${asks ? `retry: { attempts: 5, backoff: 20ms, max_backoff: 100ms }\nlimits: ${JSON.stringify({ services: withoutNulls(limits) })}\n` : ''}`,
    files: { 'paced.mjs': PACED, ...input.files },
  }
}

function stepsOf(random: Random, { asks, races }: Kind, is_dealt: boolean, url: string): readonly string[] {
  const asked = () => (random.chance(0.5) ? modelAt(url) : registerAt(url))
  return [
    ...(random.chance(0.5) ? ['{ transform: compute, options: { set: { twice: row.amount * 2 } }, to: NEXT }'] : []),
    ...(random.chance(0.5)
      ? [`{ transform: filter, options: { keep: row.amount > ${random.below(900)} }, to: NEXT }`]
      : []),
    // A row whose region is empty fails.
    ...(random.chance(0.4)
      ? ['{ transform: keyword_filter, options: { fields: [region], patterns: ["^$"] }, to: NEXT }']
      : []),
    ...(asks && (!races || random.chance(0.3)) ? [asked()] : []),
    ...(races ? [bothWays(random.pick(FIRST), asked(), asked())] : []),
    ...(!races && random.chance(0.5)
      ? [bothWays('require_all', ...(asks && random.chance(0.5) ? ([asked(), asked()] as const) : COUNTED))]
      : []),
    ...(random.chance(0.6) ? [sumsOf(random, is_dealt, races)] : []),
    '{ gate: row.region, routes: { east: discard, else: NEXT } }',
  ]
}

// ── what asks ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Of whoever runs it: the service knows by it who asks. */
const SECRET = '{ secret: ASKED_BY }'

const modelAt = (url: string) =>
  `{ transform: llm, to: NEXT, options: { provider: compatible, service: model, base_url: '${url}/v1', api_key: ${SECRET}, model: one,
      prompt: 'ask HERE {{ id }}', field: HERE, max_output_tokens: ${MOST_USD}, price: { input_usd_per_million: 0, output_usd_per_million: 1000000 } } }`

const registerAt = (url: string) =>
  `{ transform: http, to: NEXT, options: { service: register, method: POST, url: '${url}/register', auth: { bearer: ${SECRET} }, allow: [127.0.0.1],
      headers: { Idempotency-Key: 'HERE-{{ row.id }}' }, body: { question: 'ask HERE {{ row.id }}' }, extract: { HERE: /value } } }`

const deskAt = (url: string) =>
  `{ plugin: http, options: { service: desk, url: '${url}/desk', auth: { bearer: ${SECRET} }, allow: [127.0.0.1], idempotent: true,
      body: { question: 'ask big {{ row.id }}', amount: '{{ row.amount }}' } } }`

/** Where there is a limit a minute, a run takes minutes. */
function limitsOf(random: Random, text: string): { readonly [service: string]: AskedLimits } {
  const names = ['model', 'register', 'desk'].filter(name => text.includes(`service: ${name}`))
  const is_paced = random.chance(0.1)
  return Object.fromEntries(
    names.map(name => [
      name,
      { concurrency: random.between(1, 5), per_minute: is_paced ? random.between(60, 100) : null },
    ]),
  )
}

const withoutNulls = (limits: { readonly [service: string]: AskedLimits }) =>
  Object.fromEntries(
    Object.entries(limits).map(([name, { concurrency, per_minute }]) => [
      name,
      per_minute === null ? { concurrency } : { concurrency, per_minute },
    ]),
  )

// ── what doesn't ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Rows that ask take their time by themselves. */
function inputOf(random: Random, asks: boolean) {
  const format = random.pick(['csv', 'jsonl'] as const)
  const textOf = format === 'csv' ? csvOf : jsonlOf
  const cells = Array.from({ length: asks ? random.between(30, 110) : random.between(200, 1500) }, (_, i) =>
    cell(random, i + 1),
  )
  const count = random.chance(0.3) ? random.between(2, 5) : 1
  const each = Math.ceil(cells.length / count)
  const files = Array.from({ length: count }, (_, i): [string, string] => {
    return [`in-${i}.${format}`, textOf(cells.slice(i * each, (i + 1) * each))]
  })
  return {
    format,
    records: cells.length,
    path: count === 1 ? `in-0.${format}` : `in-*.${format}`,
    files: Object.fromEntries(files),
  }
}

function cell(random: Random, id: number): Cell {
  const amount = random.chance(0.02) ? 'much' : random.below(4000)
  return { id, region: random.pick(REGIONS), amount }
}

const csvOf = (cells: readonly Cell[]) =>
  `id,region,amount\n${cells.map(({ id, region, amount }) => `${id},"${region}",${amount}\n`).join('')}`
const jsonlOf = (cells: readonly Cell[]) => cells.map(each => `${JSON.stringify(each)}\n`).join('')

const COUNTED = [
  '{ transform: compute, options: { set: { first: row.id + 1 } }, to: NEXT }',
  '{ transform: compute, options: { set: { second: row.id + 2 } }, to: NEXT }',
] as const
/** Policies by which it matters which branch comes first. */
const FIRST = ['first', 'quorum, quorum: 1', 'best_effort, timeout: 60ms'] as const

/** A row goes two ways, and its copies become one again. */
function bothWays(policy: string, one: string, two: string): string {
  const branch = (name: string, step: string) =>
    `  HERE_${name}: ${step.replaceAll('HERE', `HERE_${name}`).replaceAll('NEXT', 'HERE_both')}`
  return `{ fork: { one: HERE_one, two: HERE_two } }
${branch('one', one)}
${branch('two', two)}
  HERE_both: { coalesce: [one, two], policy: ${policy}, merge: union, on_conflict: first_wins, to: NEXT }`
}

/** Batches are those of a split, or of a region where records are dealt by it. */
function sumsOf(random: Random, is_dealt: boolean, races: boolean): string {
  const scope = is_dealt && !races && random.chance(0.5) ? 'key, per: [region]' : 'split'
  const batches = `aggregate: batch_stats, scope: ${scope}, trigger: { count: ${random.between(2, 60)}${races ? ', max_age: 100ms' : ''} }`
  return `{ fork: { on: HERE_on, sums: HERE_sums } }
  HERE_on: { transform: passthrough, to: NEXT }
  HERE_sums: { ${batches}, options: { value: amount, group_by: region }, to: sums }`
}

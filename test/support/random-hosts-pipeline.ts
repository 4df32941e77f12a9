/** Random pipelines without races, for machines that work on their splits. */
import type { Random } from '../simulation/random.ts'
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

/**
 * Rows from CSV or JSONL, in one file or in several, by a chain of steps, of which each is there or isn't, to CSV, JSONL and JSON. What splits leave
 * may depend on how many there are, not on who works on them.
 */
export function randomHostsPipeline(random: Random): HostsPipeline {
  const by = random.chance(0.3) ? ', by: region' : ''
  const input = inputOf(random)
  const sums = random.chance(0.6)
  const steps = [
    ...(random.chance(0.5) ? ['{ transform: compute, options: { set: { twice: row.amount * 2 } }, to: NEXT }'] : []),
    ...(random.chance(0.5)
      ? [`{ transform: filter, options: { keep: row.amount > ${random.below(900)} }, to: NEXT }`]
      : []),
    // A row whose region is empty fails.
    ...(random.chance(0.4)
      ? ['{ transform: keyword_filter, options: { fields: [region], patterns: ["^$"] }, to: NEXT }']
      : []),
    ...(random.chance(0.5) ? [BOTH_WAYS] : []),
    ...(sums ? [sumsOf(random, by !== '')] : []),
    '{ gate: row.region, routes: { east: discard, else: NEXT } }',
  ]
  const chain = steps.map((text, i) => {
    const next = i + 1 < steps.length ? `step${i + 1}` : 'size'
    return `  step${i}: ${text}`.replaceAll('NEXT', next).replaceAll('HERE', `step${i}`)
  })
  const big = random.pick(['jsonl', 'json'])
  return {
    in_splits: true,
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
  big: { plugin: ${big}, options: { path: out/big.${big}, if_exists: replace } }
${sums ? '  sums: { plugin: jsonl, options: { path: out/sums.jsonl, if_exists: replace } }\n' : ''}  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: replace }, on_error: discard }
`,
    files: { 'paced.mjs': PACED, ...input.files },
  }
}

function inputOf(random: Random) {
  const format = random.pick(['csv', 'jsonl'] as const)
  const textOf = format === 'csv' ? csvOf : jsonlOf
  const cells = Array.from({ length: random.between(200, 1500) }, (_, i) => cell(random, i + 1))
  const count = random.chance(0.3) ? random.between(2, 5) : 1
  const each = Math.ceil(cells.length / count)
  const files = Array.from({ length: count }, (_, i): [string, string] => {
    return [`in-${i}.${format}`, textOf(cells.slice(i * each, (i + 1) * each))]
  })
  return { format, path: count === 1 ? `in-0.${format}` : `in-*.${format}`, files: Object.fromEntries(files) }
}

function cell(random: Random, id: number): Cell {
  const amount = random.chance(0.02) ? 'much' : random.below(4000)
  return { id, region: random.pick(REGIONS), amount }
}

const csvOf = (cells: readonly Cell[]) =>
  `id,region,amount\n${cells.map(({ id, region, amount }) => `${id},"${region}",${amount}\n`).join('')}`
const jsonlOf = (cells: readonly Cell[]) => cells.map(each => `${JSON.stringify(each)}\n`).join('')

/** A row goes two ways, and its copies become one again. */
const BOTH_WAYS = `{ fork: { one: HERE_one, two: HERE_two } }
  HERE_one: { transform: compute, options: { set: { first: row.id + 1 } }, to: HERE_both }
  HERE_two: { transform: compute, options: { set: { second: row.id + 2 } }, to: HERE_both }
  HERE_both: { coalesce: [one, two], policy: require_all, merge: union, on_conflict: first_wins, to: NEXT }`

/** Batches are those of a split, or of a region where records are dealt by it. */
function sumsOf(random: Random, is_dealt: boolean): string {
  const scope = is_dealt && random.chance(0.5) ? 'key, per: [region]' : 'split'
  const batches = `aggregate: batch_stats, scope: ${scope}, trigger: { count: ${random.between(2, 60)} }`
  return `{ fork: { on: HERE_on, sums: HERE_sums } }
  HERE_on: { transform: passthrough, to: NEXT }
  HERE_sums: { ${batches}, options: { value: amount, group_by: region }, to: sums }`
}

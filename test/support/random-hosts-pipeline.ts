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
    if (row.id % 25 === 0) await new Promise(resolve => setTimeout(resolve, 60))
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

/** Rows from CSV or JSONL, by a chain of steps, of which each is there or isn't, to CSV and JSONL. */
export function randomHostsPipeline(random: Random): HostsPipeline {
  const format = random.pick(['csv', 'jsonl'] as const)
  const cells = Array.from({ length: random.between(200, 1500) }, (_, i) => cell(random, i + 1))
  const splits = `count: ${random.between(2, 9)}, pieces: pieces${random.chance(0.3) ? ', by: region' : ''}`
  const steps = [
    ...(random.chance(0.5) ? [`{ transform: compute, options: { set: { twice: row.amount * 2 } }, to: NEXT }`] : []),
    ...(random.chance(0.5)
      ? [`{ transform: filter, options: { keep: row.amount > ${random.below(900)} }, to: NEXT }`]
      : []),
    ...(random.chance(0.5) ? [BOTH_WAYS] : []),
    ...(random.chance(0.6) ? [SUMS(random)] : []),
  ]
  const size = random.below(3000)
  return {
    in_splits: true,
    yaml: `splits: { ${splits} }
name: random
plugins: [./paced.mjs]
defaults: { on_error: problems, on_invalid: problems }
sources:
  orders:
    plugin: ${format}
    options: { path: in.${format} }
    schema: { mode: fixed, fields: { id: integer, region: string, amount: number } }
    to: pace
nodes:
  pace: { transform: paced, to: ${steps.length > 0 ? 'step0' : 'size'} }
${steps.map((text, i) => `  step${i}: ${text}`.replaceAll('NEXT', i + 1 < steps.length ? `step${i + 1}` : 'size').replaceAll('HERE', `step${i}`)).join('\n')}
  size: { gate: row.amount >= ${size}, routes: { true: big, false: small } }
sinks:
  small: { plugin: csv, options: { path: out/small.csv, columns: [id, region, amount], new_columns: drop, if_exists: replace } }
  big: { plugin: jsonl, options: { path: out/big.jsonl, if_exists: replace } }
  sums: { plugin: jsonl, options: { path: out/sums.jsonl, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: replace }, on_error: discard }
`,
    files: { 'paced.mjs': PACED, [`in.${format}`]: format === 'csv' ? csvOf(cells) : jsonlOf(cells) },
  }
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

const SUMS = (random: Random) => `{ fork: { on: HERE_on, sums: HERE_sums } }
  HERE_on: { transform: compute, options: { set: { on: 'true' } }, to: NEXT }
  HERE_sums: { aggregate: batch_stats, scope: split, trigger: { count: ${random.between(2, 60)} }, options: { value: amount, group_by: region }, to: sums }`

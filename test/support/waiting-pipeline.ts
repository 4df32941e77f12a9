/** A pipeline whose rows wait until they are told to go, so that something can be done to whoever works on them. */

/** One whose splits several machines work on. */
export interface HostsPipeline {
  /** Begins with its splits, on a line of their own. */
  readonly yaml: string
  /** Whether what it leaves depends on its splits, so that it is compared with a run that has the same ones. */
  readonly in_splits?: true
  /** By path. */
  readonly files: { readonly [path: string]: string }
}

/**
 * Rows wait in the middle of each split until there is a file `go`. Where there is a file `fail`, row 1,250 takes it away, and throws.
 */
const WAITING = `
import { existsSync, rmSync } from 'node:fs'
import { defineTransform, oneRow } from 'custody/sdk'
import { z } from 'zod'
const until = async path => { while (!existsSync(path)) await new Promise(resolve => setTimeout(resolve, 20)) }
export default defineTransform({
  name: 'waiting', summary: 'Takes its time', options: z.strictObject({}), determinism: 'deterministic', errors: {},
  examples: [{ title: 'One', options: {} }], cardinality: 'one', guarantees: (_, input) => input,
  create: () => ({ process: async row => {
    if (row.id % 100 === 50) await until('go')
    if (row.id === 1250 && existsSync('fail')) { rmSync('fail'); throw new Error('once is enough') }
    return oneRow(row)
  } }),
})
`

export const SPLITS = 6
const ROWS = 3_000

export const WAITING_PIPELINE: HostsPipeline = {
  yaml: `splits: { count: ${SPLITS}, pieces: pieces }
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
`,
  files: {
    'waiting.mjs': WAITING,
    'in.csv': `id,amount\n${Array.from({ length: ROWS }, (_, i) => `${i + 1},${i % 97 === 5 ? 'much' : (i * 37) % 5000}\n`).join('')}`,
  },
}

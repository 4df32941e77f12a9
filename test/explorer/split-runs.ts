/** Runs with splits, for who looks at them: pipelines whose input has lines of one length, so that each split has as many rows. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Place } from './explorer.ts'

/** Rows behind that of this number wait until there is a file beside the plugin that says so. */
const WAITING_PLUGIN = `
import { existsSync } from 'node:fs'
import { z } from 'zod'
import { defineTransform } from 'custody/sdk'
const go = new URL('go', import.meta.url)
export default defineTransform({
  name: 'waiting', summary: 'Waits', options: z.strictObject({ behind: z.number() }), determinism: 'deterministic', errors: {},
  examples: [{ title: 'One', options: { behind: 1 } }], cardinality: 'one',
  create: options => ({
    async process(row) {
      while (row.id > options.behind && !existsSync(go)) await new Promise(resolve => setTimeout(resolve, 50))
      return { kind: 'row', row }
    },
  }),
})
`

/** Files of a pipeline `NAME.yaml` with so many splits, of so many rows each; `behind`: after how many rows it waits. */
export function splitPipeline(name: string, splits: number, rows: number, behind: number | null = null) {
  const numbers = Array.from({ length: splits * rows }, (_, i) => i + 1)
  const nodes =
    behind === null ? '' : `nodes: { take: { transform: waiting, options: { behind: ${behind} }, to: out } }`
  const yaml = `
name: ${name}
splits: { count: ${splits} }
${behind === null ? '' : 'plugins: [./waiting.mjs]'}
defaults: { on_error: discard, on_invalid: discard }
sources:
  in:
    plugin: csv
    options: { path: ${name}.csv }
    schema: { mode: fixed, fields: { id: integer, amount: integer } }
    to: ${behind === null ? 'out' : 'take'}
${nodes}
sinks: { out: { plugin: csv, options: { path: out/${name}.csv, if_exists: replace, columns: [id, amount] } } }
`
  // As wide as the longest, so that cuts are where rows of a split end.
  const lines = numbers.map(id => `${id},${'0'.repeat(7 - `${id}`.length)}${id % 7}\n`)
  return {
    [`${name}.yaml`]: yaml,
    [`${name}.csv`]: `id,amount\n${lines.join('')}`,
    'waiting.mjs': WAITING_PLUGIN,
  }
}

/** What waits, waits no longer. */
export const goOn = ({ folder }: Place): void => writeFileSync(join(folder, 'go'), '')

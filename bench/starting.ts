/** How long the built program takes for nearly nothing, beside Node that does nothing. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Start, timeNode, timeProgram } from './start.ts'
import { median } from './statistics.ts'

/** Medians, in milliseconds, of whole processes that alternate. */
export interface StartResult {
  readonly node_ms: number
  readonly version_ms: number
  readonly validate_ms: number
  readonly one_row_run_ms: number
}

const TIMES = 10

const PIPELINE = `
name: one-row
defaults: { on_error: discard, on_invalid: discard }
sources:
  rows: { plugin: csv, options: { path: one.csv }, schema: { mode: fixed, fields: { id: integer } }, to: double }
nodes:
  double: { transform: compute, options: { set: { twice: row.id * 2 } }, to: out }
sinks:
  out: { plugin: csv, options: { path: out.csv, if_exists: replace } }
`

export async function timeStarts(folder: string, start: Start): Promise<StartResult> {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'pipeline.yaml')
  writeFileSync(file, PIPELINE)
  writeFileSync(join(folder, 'one.csv'), 'id\n1\n')
  const ledger = `sqlite:${join(folder, 'custody.db')}`
  const times = { node: [] as number[], version: [] as number[], validate: [] as number[], run: [] as number[] }
  for (let i = 0; i <= TIMES; i++) {
    const [node, version] = [await timeNode(), await timeProgram(['--version'], start)]
    const validate = await timeProgram(['validate', file], start)
    const run = await timeProgram(['run', file, '--ledger', ledger], start)
    // The first fills the caches.
    if (i === 0) continue
    times.node.push(node)
    times.version.push(version)
    times.validate.push(validate)
    times.run.push(run)
  }
  return {
    node_ms: median(times.node),
    version_ms: median(times.version),
    validate_ms: median(times.validate),
    one_row_run_ms: median(times.run),
  }
}

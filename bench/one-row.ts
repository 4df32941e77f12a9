/** How long the built program takes to tell the story of one row of a long run, and to prove it, beside Node that does nothing. */
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Start, timeNode, timeProgram } from './start.ts'
import { median } from './statistics.ts'

/** Medians, in milliseconds, of whole processes that alternate. */
export interface OneRowResult {
  readonly node_ms: number
  readonly explain_ms: number
  readonly prove_ms: number
  readonly proof_bytes: number
}

const TIMES = 5

/** `folder` has the ledger; `rows`: of its run. */
export async function timeOneRow(folder: string, rows: number, start: Start): Promise<OneRowResult> {
  const ledger = ['--ledger', `sqlite:${join(folder, 'custody.db')}`]
  const proof = join(folder, 'proof.json')
  const times = { node: [] as number[], explain: [] as number[], prove: [] as number[] }
  let proof_bytes = 0
  for (let i = 0; i <= TIMES; i++) {
    const row = String(Math.ceil((rows * (i + 1)) / (TIMES + 2)))
    const node = await timeNode()
    const explain = await timeProgram(['explain', 'latest', '--row', row, ...ledger], start)
    const prove = await timeProgram(['prove', 'latest', '--row', row, '--out', proof, ...ledger], start)
    proof_bytes = Math.max(proof_bytes, statSync(proof).size)
    rmSync(proof)
    // The first fills the caches, and what is remembered of the ledger.
    if (i === 0) continue
    times.node.push(node)
    times.explain.push(explain)
    times.prove.push(prove)
  }
  const [node_ms, explain_ms, prove_ms] = [median(times.node), median(times.explain), median(times.prove)]
  return { node_ms, explain_ms, prove_ms, proof_bytes }
}

/** Calls over HTTP: rows a second against what the peer's latency and the limit of concurrency allow. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { startChaosPeer } from '../src/chaos/peer.ts'
import { measure, type Start } from './start.ts'
import type { CallsTask } from './task.ts'
import { head } from './workloads.ts'

export interface CallsResult {
  readonly rows: number
  readonly concurrency: number
  /** Requests that the peer had, those that met a fault included. */
  readonly requests: number
  readonly rows_per_second: number
  /** As many rows a second as if that many requests had always been under way, each for the time the peer took. */
  readonly ideal_rows_per_second: number
  readonly peak_in_flight: number
  readonly cpu_us_per_row: number
  readonly peak_rss_bytes: number
  /** Mean RSS in the last quarter of the run / in its second quarter: 1 is flat. */
  readonly rss_growth: number
}

const FAULTS = { server_error: 0.03, reset: 0.01, malformed: 0.01 }

/** The peer is in this process, the run in one of its own. `latency_ms`: from half to one and a half times that. */
export async function measureCalls(
  task: Pick<CallsTask, 'rows' | 'concurrency' | 'folder'> & { readonly latency_ms: number },
  start: Start,
): Promise<CallsResult> {
  const { rows, concurrency, latency_ms } = task
  const peer = await startChaosPeer({
    latency: { min_ms: latency_ms / 2, max_ms: 1.5 * latency_ms },
    faults: FAULTS,
    answer: 'yes',
    keep: 4 * rows,
  })
  try {
    const run = await measure({ kind: 'calls', rows, concurrency, folder: task.folder, api_url: peer.api_url }, start)
    await peer.idle()
    const taken_ms = peer.requests.reduce((sum, { arrived_ms, ended_ms }) => sum + ((ended_ms ?? 0) - arrived_ms), 0)
    const quarter = (nth: number) => run.marks.filter(({ rows: at }) => Math.ceil((4 * at) / rows) === nth)
    const rss = (nth: number) => quarter(nth).reduce((sum, each) => sum + each.rss_bytes, 0) / quarter(nth).length
    return {
      rows,
      concurrency,
      requests: peer.totals.requests,
      rows_per_second: run.rows_per_second,
      ideal_rows_per_second: rows / (taken_ms / 1000 / concurrency),
      peak_in_flight: peer.totals.peak_in_flight,
      cpu_us_per_row: run.cpu_us_per_row,
      peak_rss_bytes: run.peak_rss_bytes,
      rss_growth: rss(4) / rss(2),
    }
  } finally {
    await peer.close()
    rmSync(join(task.folder), { recursive: true, force: true })
  }
}

export function askingYaml({ concurrency, api_url }: CallsTask): string {
  return `${head('asking', 'ask')}
nodes:
  ask:
    transform: llm
    options:
      provider: compatible
      model: chaos
      base_url: ${api_url}
      prompt: 'Is {{ id }} in {{ region }} urgent? {{ note }}'
    retry: { attempts: 6, backoff: 100ms }
    to: answers
sinks:
  answers: { plugin: csv, options: { path: out/answers.csv } }
limits: { services: { compatible: { concurrency: ${concurrency} } } }
`
}

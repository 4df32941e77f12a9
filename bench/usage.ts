/**
 * Loaded before a program (`node --import`): as its process ends, it writes to the file in `$BENCH_USAGE` what all of it took, as JSON.
 * Threads of the program load this as well, and write nothing.
 */
import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

/** Of a whole process, its start included. */
export interface Usage {
  readonly seconds: number
  /** Of all its threads. */
  readonly cpu_seconds: number
  readonly peak_rss_bytes: number
}

const file = process.env.BENCH_USAGE
if (isMainThread && file !== undefined)
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
    const usage: Usage = {
      seconds: performance.now() / 1000,
      cpu_seconds: (userCPUTime + systemCPUTime) / 1e6,
      peak_rss_bytes: maxRSS * 1024,
    }
    writeFileSync(file, JSON.stringify(usage))
  })

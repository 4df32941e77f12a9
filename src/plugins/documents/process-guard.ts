/** A thread that ends its process when that takes too much memory, or when nobody waits for it any more: a thread that is busy can't see either. */
import { workerData } from 'node:worker_threads'

export interface Guarded {
  /** Of all that it has in memory. */
  readonly most_bytes: number
  /** Who started it. */
  readonly parent: number
}

/** What is taken meanwhile is little. */
const LOOK_MS = 50

const { most_bytes, parent }: Guarded = workerData
setInterval(() => {
  if (process.memoryUsage.rss() > most_bytes || process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
}, LOOK_MS)

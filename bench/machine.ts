/** The machine on which it was measured: numbers mean little without it. */
import { closeSync, fdatasyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { median } from './statistics.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memory_bytes: number
  readonly os: string
  readonly node: string
  readonly sqlite: string
  /** Processes that ran or waited in the minute before: more than a few tenths mean that the numbers are too low. */
  readonly load: number
  /** File system of the folder in which everything was written. */
  readonly filesystem: string
  /** Median of appending 4 KiB and fdatasync there. */
  readonly fsync_ms: number
}

/** Types of statfs(2) that are common, or that make a measurement worthless. */
const FILESYSTEMS: { readonly [type: number]: string } = {
  61267: 'ext2/3/4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  2035054128: 'overlay',
  16914836: 'tmpfs (in memory: nothing is really fsynced)',
}

export function machine(folder: string): Machine {
  const type = statfsSync(folder).type
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memory_bytes: totalmem(),
    os: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    sqlite: process.versions.sqlite ?? 'unknown',
    load: loadavg()[0] ?? 0,
    filesystem: FILESYSTEMS[type] ?? `type 0x${type.toString(16)}`,
    fsync_ms: fsyncTime(join(folder, 'probe')),
  }
}

function fsyncTime(path: string): number {
  const block = Buffer.alloc(4096, 1)
  const file = openSync(path, 'w')
  try {
    const times = Array.from({ length: 50 }, () => {
      const began = performance.now()
      writeSync(file, block)
      fdatasyncSync(file)
      return performance.now() - began
    })
    return median(times)
  } finally {
    closeSync(file)
    rmSync(path)
  }
}

/** Who holds a run, or a file: a process, described so that others can see whether it still lives. */
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { parseJson } from './json.ts'

export interface Holder {
  /** The machine's name, and the space that its pids are numbered in where there are several. */
  readonly host: string
  /** Differs after each start of the machine; empty where that isn't known. */
  readonly boot: string
  readonly pid: number
  /** When the process started, in the system's own way of counting; empty where that isn't known. */
  readonly start: string
  /** Of a process that coordinates a run for workers on other machines: what they find in the folder of its pieces. */
  readonly workers?: string
}

export function thisProcess(): Holder {
  return { host: thisHost(), boot: thisBoot(), pid: process.pid, start: startOf(process.pid) }
}

/** False if the holder is certainly gone; true if it lives, or if that can't be known from here. */
export function isAlive(holder: Holder): boolean {
  if (holder.host !== thisHost()) return true
  if (holder.boot !== thisBoot()) return false
  if (!exists(holder.pid)) return false
  return holder.start === startOf(holder.pid)
}

/** True if the holder certainly lives: it is a process of this machine. */
export function livesHere(holder: Holder): boolean {
  return holder.host === thisHost() && isAlive(holder)
}

/** The holder as leases keep it; null if the text isn't one (a lease that was given up). */
export function parseHolder(text: string): Holder | null {
  if (text === '') return null
  const { host, boot, pid, start, workers } = parseJson(text) as Partial<Holder>
  if (host === undefined || boot === undefined || pid === undefined || start === undefined) return null
  return { host, boot, pid, start, ...(workers === undefined ? {} : { workers }) }
}

function thisHost(): string {
  return `${hostname()} ${systemText(() => readlinkSync('/proc/self/ns/pid'))}`.trim()
}

function thisBoot(): string {
  return systemText(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
}

/** Field 22 of /proc/PID/stat: clock ticks since the machine's start. The name in field 2 may contain spaces and `)`. */
function startOf(pid: number): string {
  const stat = systemText(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Systems other than Linux reveal less; then a holder counts as alive as long as its pid does. */
function systemText(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}

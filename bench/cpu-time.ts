/** CPU time of processes, as Linux has it in /proc: of one that ended only whoever has started it knows. */
import { readdirSync, readFileSync } from 'node:fs'

/** Of the clock of /proc: it is so on all machines that Node runs on. */
const TICKS_PER_SECOND = 100

interface Process {
  readonly parent: number
  readonly seconds: number
  /** Of those that it has started, and that have ended. */
  readonly of_ended: number
}

/** Ids of the processes that one has started, and those that these have. */
export function descendantsOf(pid: number): readonly number[] {
  const all = new Map(processes())
  const found: number[] = []
  const add = (of: number) => {
    for (const [each, { parent }] of all)
      if (parent === of) {
        found.push(each)
        add(each)
      }
  }
  add(pid)
  return found
}

/** Seconds of CPU time of all threads of these processes together. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (processAt(pid)?.seconds ?? 0), 0)
}

/** Of a process and all that it has started, those that have ended among them. */
export function familySeconds(pid: number): number {
  return cpuSeconds([pid, ...descendantsOf(pid)]) + (processAt(pid)?.of_ended ?? 0)
}

function* processes(): Iterable<readonly [pid: number, process: Process]> {
  for (const name of readdirSync('/proc')) {
    const found = /^\d+$/.test(name) ? processAt(Number(name)) : null
    if (found !== null) yield [Number(name), found]
  }
}

/** null if it has ended. */
function processAt(pid: number): Process | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Its name stands in brackets, and may have any characters.
    const [, parent, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const seconds = (at: number) => (Number(rest[at]) + Number(rest[at + 1])) / TICKS_PER_SECOND
    return { parent: Number(parent), seconds: seconds(9), of_ended: seconds(11) }
  } catch {
    return null
  }
}

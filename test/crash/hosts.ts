/** Processes on machines of several names: each in a name space of its own, where the system allows that. */
import { spawnSync } from 'node:child_process'

const SPACE = ['unshare', '--uts', 'sh', '-c', 'hostname "$0" && exec "$@"'] as const

/** What to start instead of `words`, so that they find themselves on `host`. It is the same process. */
export const onHost = (host: string, words: readonly string[]): readonly string[] => [...SPACE, host, ...words]

/** Whether that can be done here. */
export function hasHosts(): boolean {
  if (process.platform !== 'linux') return false
  const [program, ...words] = [...SPACE, 'alpha', 'hostname'] as const
  return spawnSync(program, words, { encoding: 'utf8' }).stdout?.trim() === 'alpha'
}

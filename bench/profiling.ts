/** Takes a CPU profile of a part of this process, so that its start and the compiling of TypeScript aren't in it. */
import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'

const INTERVAL_US = 250

/** Begins; the function that it returns ends it, and writes the profile to `path`. */
export async function profiling(path: string): Promise<() => Promise<void>> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US })
  await session.post('Profiler.start')
  return async () => {
    const { profile } = await session.post('Profiler.stop')
    session.disconnect()
    writeFileSync(path, JSON.stringify(profile))
  }
}

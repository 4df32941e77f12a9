/** Which functions of the repository are called meanwhile, as V8 counts them. */
import { Session } from 'node:inspector/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT } from './source-file.ts'

/** Names of the functions that were called, by file from the root; private methods with their `#`. */
export type Called = ReadonlyMap<string, ReadonlySet<string>>

export async function whileCounting<T>(
  run: () => Promise<T>,
): Promise<{ readonly result: T; readonly called: Called }> {
  const session = new Session()
  session.connect()
  try {
    await session.post('Profiler.enable')
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
    // What was called so far doesn't count.
    await session.post('Profiler.takePreciseCoverage')
    const result = await run()
    const { result: scripts } = await session.post('Profiler.takePreciseCoverage')
    const called = new Map<string, Set<string>>()
    for (const { url, functions } of scripts) {
      const names = functions.filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0).map(each => each.functionName)
      const file = relative(ROOT, url.startsWith('file:') ? fileURLToPath(url) : url)
      called.set(file, new Set([...(called.get(file) ?? []), ...names]))
    }
    return { result, called }
  } finally {
    await session.post('Profiler.stopPreciseCoverage')
    session.disconnect()
  }
}

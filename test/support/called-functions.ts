/** Which functions of the repository are called meanwhile, as V8 counts them. */
import { Session } from 'node:inspector/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT } from './source-file.ts'

/** Names of the functions that were called, by file from the root; private methods with their `#`. */
export type Called = ReadonlyMap<string, ReadonlySet<string>>

/** Counts from `start` to `stop`: to begin is what costs, since all code is compiled anew then. */
export class CalledFunctions {
  readonly #session = new Session()

  async start(): Promise<void> {
    this.#session.connect()
    await this.#session.post('Profiler.enable')
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  }

  async during<T>(run: () => Promise<T>): Promise<{ readonly result: T; readonly called: Called }> {
    // What was called so far doesn't count.
    await this.#session.post('Profiler.takePreciseCoverage')
    const result = await run()
    const { result: scripts } = await this.#session.post('Profiler.takePreciseCoverage')
    const called = new Map<string, Set<string>>()
    for (const { url, functions } of scripts) {
      const names = functions.filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0).map(each => each.functionName)
      const file = relative(ROOT, url.startsWith('file:') ? fileURLToPath(url) : url)
      called.set(file, new Set([...(called.get(file) ?? []), ...names]))
    }
    return { result, called }
  }

  async stop(): Promise<void> {
    await this.#session.post('Profiler.stopPreciseCoverage')
    this.#session.disconnect()
  }
}

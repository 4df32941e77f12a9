/**
 * Runs the cases again whenever a file that they depend on has changed. Each time it is another process: modules of plugins that were
 * imported stay what they were.
 */
import { spawn } from 'node:child_process'
import { unwatchFile, watchFile } from 'node:fs'
import { resolve } from 'node:path'
import { loadTests } from '../config/tests/load.ts'
import { checkPipeline } from '../host/compile.ts'
import { pipelineOf, testFileOf } from '../host/testing/test-pipeline.ts'
import type { Context } from './context.ts'
import { counted } from './render/text.ts'
import type { TestOptions } from './run-tests.ts'

/** How often files are looked at. Unlike events, that works on every file system, and however editors save. */
const LOOK_EVERY_MS = 250

/** Returns the exit code once somebody has interrupted it. */
export async function watchTests(context: Context, named: string, options: TestOptions): Promise<130> {
  const stop = new AbortController()
  const off = context.host.onSignal(() => stop.abort())
  try {
    while (!stop.signal.aborted) {
      const files = await filesOf(context, named)
      const changed = changeOf(files, stop.signal)
      await runOnce(context, named, options)
      if (stop.signal.aborted) break
      context.terminal.report(`watching ${counted(files.length, 'file')}; Ctrl-C ends it`)
      await changed
    }
    return 130
  } finally {
    off()
  }
}

/** The test file, its pipeline, and what these name: absolute paths, whether they are there or not. */
async function filesOf({ env, cwd }: Context, named: string): Promise<readonly string[]> {
  const file = testFileOf(named)
  const { tests } = await loadTests(resolve(cwd, file))
  const pipeline = resolve(cwd, pipelineOf(file, tests?.content.pipeline))
  const checked = await checkPipeline(env, pipeline, [])
  const given = tests?.content.cases.flatMap(each => [...each.files.values()].map(path => resolve(tests.folder, path)))
  return [...new Set([resolve(cwd, file), pipeline, ...(given ?? []), ...checked.files])]
}

/** Resolves when one of the files is another than it is now, or the signal is given. */
function changeOf(files: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise(done => {
    const end = () => {
      for (const file of files) unwatchFile(file, end)
      signal.removeEventListener('abort', end)
      done()
    }
    for (const file of files) watchFile(file, { interval: LOOK_EVERY_MS }, end)
    signal.addEventListener('abort', end)
  })
}

function runOnce({ host, cwd, env }: Context, named: string, { junit }: TestOptions): Promise<void> {
  const words = ['test', named, ...(junit === undefined ? [] : ['--junit', junit])]
  const child = spawn(process.execPath, [...process.execArgv, host.script, ...words], { cwd, env, stdio: 'inherit' })
  return new Promise((done, failed) => {
    child.on('error', failed)
    child.on('close', () => done())
  })
}

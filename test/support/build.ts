/**
 * The program as it is shipped, bundled from the sources as they are now into a folder of its own, so that tests neither need nor disturb
 * `dist/`: bin/custody.js, and the package's other files, beside it as they are in an installation. Beside that, programs of
 * tests (`built('crash/child')`), bundled with the sources that they use: most tests of processes begin many.
 */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { bundle } from '../../scripts/bundle.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder for the PATH, with `custody` and `node` in it. */
    readonly bin: string
    /** Where all of it lies. */
    readonly built: string
  }
}

const ROOT = join(import.meta.dirname, '..', '..')
/** Below test/, without `.ts`. */
const PROGRAMS = ['crash/child', 'crash/custody', 'crash/erase-child']

export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'custody-build-'))
  const tests = join(folder, 'tests')
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true })
  for (const each of [folder, tests]) cpSync(join(ROOT, 'package.json'), join(each, 'package.json'))
  const programs = Object.fromEntries(PROGRAMS.map(path => [path, join(ROOT, 'test', `${path}.ts`)]))
  const build = async () => {
    await bundle(join(folder, 'dist'))
    await bundle(join(tests, 'dist'), programs)
  }
  await build()
  project.onTestsRerun(build)
  project.provide('built', folder)
  project.provide('bin', commands(folder))
  return () => rmSync(folder, { recursive: true, force: true })
}

/** What the shell of a transcript can start. */
function commands(folder: string): string {
  const path = join(folder, 'commands')
  mkdirSync(path)
  symlinkSync(process.execPath, join(path, 'node'))
  symlinkSync(join(folder, 'bin', 'custody.js'), join(path, 'custody'))
  chmodSync(join(folder, 'bin', 'custody.js'), 0o755)
  return path
}

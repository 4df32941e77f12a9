/**
 * Compiles the program into a folder of its own, so that these tests neither need nor disturb `dist/`: bin/custody.js, and the
 * package's other files, beside it as they are in an installation.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder for the PATH, with `custody` and `node` in it. */
    readonly bin: string
  }
}

const ROOT = join(import.meta.dirname, '..', '..')

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'custody-build-'))
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
  const config = join(ROOT, 'tsconfig.build.json')
  const built = spawnSync(process.execPath, [tsc, '-p', config, '--outDir', join(folder, 'dist')], { encoding: 'utf8' })
  if (built.status !== 0) throw new Error(`the program doesn't compile:\n${built.stdout}${built.stderr}`)
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
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

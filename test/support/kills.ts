/** Runs that are killed at random moments and resumed, as processes of their own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bundle } from '../../scripts/bundle.js'
import { encodeSigningKeys } from '../../src/format/signing-key.ts'
import { ROOT } from './source-file.ts'

/** Whether connectors are tried at length, as `npm run connectors` does. */
export const CONNECTORS = process.env.CUSTODY_CONNECTORS !== undefined
/** How often each is killed. */
export const KILLS = Number(process.env.CUSTODY_KILLS ?? 20)

const SIGNING = { CUSTODY_KEY: encodeSigningKeys('test', new Uint8Array(32).fill(7)) }

let bundled: Promise<string> | null = null
/** The command line, bundled once for all that one process of tests starts: from its sources each start would take seconds. */
function program(): Promise<string> {
  bundled ??= (async () => {
    removeLeft()
    const folder = mkdtempSync(join(tmpdir(), `${BUNDLE}${process.pid}-`))
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
    await bundle(join(folder, 'dist'), { 'crash/custody': join(ROOT, 'test/crash/custody.ts') })
    return join(folder, 'dist/crash/custody.js')
  })()
  return bundled
}

const BUNDLE = 'custody-bundle-'

/** Of processes that are gone: those of tests are ended, and have no time to clear up. */
function removeLeft(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(BUNDLE) ? Number.parseInt(name.slice(BUNDLE.length), 10) : Number.NaN
    if (!Number.isNaN(pid) && !isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

export interface Ended {
  readonly code: number | null
  readonly killed: boolean
  readonly stdout: string
  readonly stderr: string
}

/** `after_ms`: when it is killed; null: never. */
export async function custodyProcess(
  folder: string,
  words: readonly string[],
  after_ms: number | null,
  env: { readonly [name: string]: string } = {},
): Promise<Ended> {
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const child = spawn(process.execPath, [await program(), ...words], {
    cwd: folder,
    env: { PATH, NODE_COMPILE_CACHE, HOME: folder, ...SIGNING, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  const closed = once(child, 'close')
  if (after_ms !== null) await Promise.race([closed, sleep(after_ms)])
  if (after_ms !== null && child.exitCode === null) child.kill('SIGKILL')
  const [code, signal] = (await closed) as [number | null, NodeJS.Signals | null]
  return { code, killed: signal === 'SIGKILL', stdout, stderr }
}

/**
 * Lets a run of `p.yaml` come to its end; then begins others, and kills them, and what resumes them, `kills` times at random moments of the
 * time that one takes, until the last one has ended. `judge` is called after each run that came to its end, the first one
 * included. @throws Error with what a process said that failed by itself
 */
export async function killAtRandom(
  folder: string,
  kills: number,
  judge: () => void | Promise<void>,
): Promise<{ readonly runs: number; readonly killed: number }> {
  let killed = 0
  let runs = 0
  let most_ms = Number.POSITIVE_INFINITY
  await program()
  while (killed < kills) {
    const [began, before] = [performance.now(), killed]
    let words = ['run', 'p.yaml']
    for (;;) {
      const after_ms = runs > 0 && killed < kills ? most_ms * (0.1 + 0.9 * Math.random()) : null
      const ended = await custodyProcess(folder, words, after_ms)
      if (!ended.killed && ended.code !== 0 && !NOT_BEGUN.test(ended.stderr))
        throw new Error(`after ${killed} kills, ${words[0]}: ${ended.stderr}`)
      if (!ended.killed && ended.code === 0) break
      if (ended.killed) killed++
      // One that was killed before it had begun is begun again.
      words = NOT_BEGUN.test(ended.stderr) ? ['run', 'p.yaml'] : ['resume', 'latest']
    }
    // One may take longer than others on a machine that has other things to do.
    if (killed === before) most_ms = Math.min(most_ms, performance.now() - began)
    runs++
    await judge()
  }
  return { runs, killed }
}

const NOT_BEGUN = /CUSTODY_(?:LEDGER_NOT_FOUND|RUN_NOT_FOUND)|it is no ledger yet/

/** Runs that are killed at random moments and resumed, as processes of their own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeSigningKeys } from '../../src/format/signing-key.ts'
import { ROOT } from './source-file.ts'

/** Whether connectors are tried at length, as `npm run connectors` does. */
export const CONNECTORS = process.env.CUSTODY_CONNECTORS !== undefined
/** How often each is killed. */
export const KILLS = Number(process.env.CUSTODY_KILLS ?? 20)

const SIGNING = { CUSTODY_KEY: encodeSigningKeys('test', new Uint8Array(32).fill(7)) }

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
  const child = spawn(process.execPath, [join(ROOT, 'test/crash/custody.ts'), ...words], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...SIGNING, ...env },
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
 * Begins runs of `p.yaml` and kills them, and what resumes them, `kills` times at random moments within `most_ms`, until the last one has ended.
 * `judge` is called after each run that came to its end. @throws Error with what a process said that failed by itself.
 */
export async function killAtRandom(
  folder: string,
  { kills, from_ms, most_ms }: { readonly kills: number; readonly from_ms: number; readonly most_ms: number },
  judge: () => void | Promise<void>,
): Promise<{ readonly runs: number; readonly killed: number }> {
  let killed = 0
  let runs = 0
  while (killed < kills) {
    runs++
    let words = ['run', 'p.yaml']
    for (;;) {
      const after_ms = killed < kills ? from_ms + Math.random() * (most_ms - from_ms) : null
      const ended = await custodyProcess(folder, words, after_ms)
      if (!ended.killed && ended.code !== 0 && !NOT_BEGUN.test(ended.stderr))
        throw new Error(`after ${killed} kills, ${words[0]}: ${ended.stderr}`)
      if (!ended.killed && ended.code === 0) break
      if (ended.killed) killed++
      // One that was killed before it had begun is begun again.
      words = NOT_BEGUN.test(ended.stderr) ? ['run', 'p.yaml'] : ['resume', 'latest']
    }
    await judge()
  }
  return { runs, killed }
}

const NOT_BEGUN = /CUSTODY_(?:LEDGER_NOT_FOUND|RUN_NOT_FOUND)/

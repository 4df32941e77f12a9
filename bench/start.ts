/** Starts the processes that measure. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type {
  CallsTask,
  LookSample,
  LookTask,
  ReadSample,
  ReadTask,
  ResumeSample,
  ResumeTask,
  RunSample,
  RunTask,
  Task,
} from './task.ts'

const CHILD = join(import.meta.dirname, 'child.ts')
/** The built program. */
export const PROGRAM = join(import.meta.dirname, '..', 'bin', 'custody.js')
/** Else each process would keep the compiler of TypeScript in memory, and so would each of its threads. */
const COMPILED = join(import.meta.dirname, 'results', 'compiled')
/** Says what a process took. */
const USAGE = pathToFileURL(join(import.meta.dirname, 'usage.ts')).href
const MAX_ANSWER_BYTES = 16 * 1024 * 1024
const start = promisify(execFile)

export interface Start {
  /** `$CUSTODY_KEY` of all processes, so that none makes or uses the user's own. */
  readonly key: string
}

/** `checkout`: another one, with its own code and Node; null: this one. */
export function measure(task: RunTask | CallsTask, start: Start, checkout?: string | null): Promise<RunSample>
export function measure(task: ResumeTask, start: Start): Promise<ResumeSample>
export function measure(task: ReadTask, start: Start): Promise<ReadSample>
export function measure(task: LookTask, start: Start): Promise<LookSample>
export async function measure(
  task: Task,
  { key }: Start,
  checkout: string | null = null,
): Promise<RunSample | ResumeSample | ReadSample | LookSample> {
  const child = checkout === null ? CHILD : join(checkout, 'bench', 'child.ts')
  const node = checkout === null ? process.execPath : join(checkout, 'node_modules', 'node', 'bin', 'node')
  const { stdout } = await start(node, [child, JSON.stringify(task)], {
    env: { ...process.env, CUSTODY_KEY: key, NODE_COMPILE_CACHE: COMPILED },
    maxBuffer: MAX_ANSWER_BYTES,
  })
  return JSON.parse(stdout) as RunSample | ResumeSample | ReadSample | LookSample
}

/** Starts a run that kills its own process. @throws Error if it ends in any other way. */
export async function crash(task: RunTask, start: Start): Promise<void> {
  try {
    await measure(task, start)
  } catch (error) {
    if ((error as { readonly signal?: unknown }).signal === 'SIGKILL') return
    throw error
  }
  throw new Error('a run that should crash has ended')
}

/** Milliseconds that Node takes to do nothing. */
export async function timeNode(): Promise<number> {
  const began = performance.now()
  await start(process.execPath, ['-e', '0'])
  return performance.now() - began
}

/** Milliseconds that the built program takes from start to exit. @throws Error if it doesn't exit with 0. */
export async function timeProgram(words: readonly string[], { key }: Start): Promise<number> {
  const began = performance.now()
  await start(process.execPath, [PROGRAM, ...words], {
    env: { ...process.env, CUSTODY_KEY: key, CUSTODY_LEDGER: '' },
    maxBuffer: MAX_ANSWER_BYTES,
  })
  return performance.now() - began
}

/**
 * Runs a program, whose process says in the file `usage` what it took (usage.ts). `home`: its user's folder, for what it keeps of ledgers.
 * @throws Error if it doesn't exit with 0.
 */
export async function runProgram(
  program: string,
  words: readonly string[],
  usage: string,
  home: string,
  { key }: Start,
): Promise<void> {
  await start(process.execPath, ['--import', USAGE, program, ...words], {
    env: {
      ...process.env,
      ...{ CUSTODY_KEY: key, CUSTODY_LEDGER: '', XDG_CONFIG_HOME: join(home, 'home') },
      ...{ NODE_COMPILE_CACHE: COMPILED, BENCH_USAGE: usage },
    },
    maxBuffer: MAX_ANSWER_BYTES,
  })
}

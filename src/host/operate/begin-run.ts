/**
 * Runs begun in processes of their own: each is the program itself, started anew, which outlives whoever started it.
 *
 * BEGIN-RUN-1. A run is said to have begun when its process holds its lease, which it does with its first entry; what it ends with before
 *     that is why it hasn't begun.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Environment } from '../../ledger/keys/config-folder.ts'
import { openLedgerReader } from '../../ledger/open.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { CustodyError, type Diagnostic, type ErrorCode, type Place } from '../../model/error.ts'
import { ERRORS } from '../../model/error-codes.ts'
import { livesHere, parseHolder } from '../../model/holder.ts'
import { parseJson } from '../../model/json.ts'

/** How this program is started. */
export interface Program {
  /** Node. */
  readonly executable: string
  /** Absolute. */
  readonly script: string
  readonly env: Environment
  /** Absolute. */
  readonly cwd: string
}

export interface BegunRun {
  readonly run: string
  /** Settles when its process has ended, by itself or otherwise. */
  readonly ended: Promise<void>
}

const LOOK_EVERY_MS = 30
/** A run that reads no row within this is one that waits for something at its start. */
const PATIENCE_MS = 120_000

/** `words`: the command and its arguments; `--json` and the ledger are added. @throws CustodyError that the command ended with */
export async function beginRun(program: Program, url: string, words: readonly string[]): Promise<BegunRun> {
  const output = openUnseen()
  const reader = await openLedgerReader(url)
  try {
    const child = spawn(program.executable, [program.script, ...words, '--json', '--ledger', url], {
      cwd: program.cwd,
      env: program.env,
      // A group of its own: Ctrl-C at the server's terminal isn't meant for it.
      detached: true,
      stdio: ['ignore', output, 'ignore'],
      windowsHide: true,
    })
    child.unref()
    const exited = once(child, 'exit')
    const run = (await heldBy(child, exited, reader)) ?? runIn(textOf(output))
    return { run, ended: exited.then(() => undefined) }
  } finally {
    await reader.close()
    closeSync(output)
  }
}

/** A file without a name, where the system allows that: it is gone with the last process that writes it. */
function openUnseen(): number {
  const folder = mkdtempSync(join(tmpdir(), 'custody-begin-'))
  const file = openSync(join(folder, 'answer.json'), 'w+', 0o600)
  rmSync(folder, { recursive: true, force: true })
  return file
}

function textOf(file: number): string {
  const bytes = Buffer.alloc(fstatSync(file).size)
  readSync(file, bytes, 0, bytes.length, 0)
  return bytes.toString('utf8')
}

/** The run whose lease the process holds; null: it ended before it was seen to. @throws CustodyError if it can't be started, or waits too long */
async function heldBy(child: ChildProcess, exited: Promise<unknown>, reader: LedgerReader): Promise<string | null> {
  const over = exited.then(() => 'over' as const)
  for (let waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms += LOOK_EVERY_MS) {
    const run = child.pid === undefined ? null : await runHeldBy(child.pid, reader)
    if (run !== null) return run
    if ((await Promise.race([over, sleep(LOOK_EVERY_MS)])) === 'over') return null
  }
  child.kill('SIGINT')
  throw new CustodyError(
    'CUSTODY_RUN_NOT_BEGUN',
    `nothing was recorded of the run within ${PATIENCE_MS / 1000} s, so it was stopped`,
  )
}

async function runHeldBy(pid: number, reader: LedgerReader): Promise<string | null> {
  for (const lease of await reader.leases()) {
    const holder = parseHolder(lease.holder)
    if (holder?.pid !== pid || !livesHere(holder)) continue
    for await (const { log, run } of reader.newestLogs()) if (log === lease.log) return run
  }
  return null
}

/** What the command answered, as far as it counts here. */
interface Answered {
  readonly run?: string | null
  readonly error?: {
    readonly code: string
    readonly message: string
    readonly where?: Place
    readonly hint?: string
    readonly diagnostics?: readonly Diagnostic[]
  }
}

function runIn(text: string): string {
  const { run, error } = answeredIn(text)
  if (typeof run === 'string') return run
  if (error !== undefined) {
    const { code, message, where, hint, diagnostics } = error
    throw new CustodyError(
      isKnown(code) ? code : 'CUSTODY_INTERNAL',
      diagnostics === undefined ? message : listed(diagnostics),
      {
        where,
        hint,
      },
    )
  }
  if (run === null)
    throw new CustodyError('CUSTODY_RUN_NOT_BEGUN', 'no row of the run fits, so there is nothing to run again')
  throw new CustodyError('CUSTODY_RUN_NOT_BEGUN', 'the process of the run ended without an answer')
}

function answeredIn(text: string): Answered {
  try {
    // cast: what `--json` prints.
    return parseJson(text) as Answered
  } catch {
    return {}
  }
}

const isKnown = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code)

function listed(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(each => each.severity === 'error')
  return errors.map(({ line, column, message }) => `${line}:${column}: ${message}`).join('\n')
}

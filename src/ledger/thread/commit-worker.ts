/**
 * The thread that stores what other threads write. All that waits when it comes to it is one transaction, so that they wait for the disk
 * together; what can't be stored fails by itself.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { openSqliteStore } from '../open-store.ts'
import type { SqliteStore } from '../sqlite/store.ts'
import { StaleLog } from '../store.ts'
import { partsOf } from '../write/block.ts'
import { batchOf, type LogCommit } from '../write/log-commit.ts'
import type { CommitAnswer, CommitOutcome, CommitQuestion, CommitThreadInput, NewPort } from './commit-messages.ts'
import { failureOf } from './messages.ts'

interface Waiting extends CommitQuestion {
  readonly port: MessagePort
}

let opened: SqliteStore | null = null
let waiting: Waiting[] = []

/** With the first question, so that an error of opening is an answer like any other. */
function store(): SqliteStore {
  // cast: what commit-thread.ts starts it with.
  const { url, encryption } = workerData as CommitThreadInput
  opened ??= openSqliteStore(url, { birth: null, lasting: 'durable', encryption })
  return opened
}

function storeAll(): void {
  const all = waiting
  waiting = []
  if (all.length > 1 && isDone(() => write(all.map(({ commit }) => commit)))) {
    for (const each of all) answer(each, durable(each.commit))
    return
  }
  for (const each of all) answer(each, outcomeOf(each.commit))
}

/** False if one of them can't be stored, whichever. */
function isDone(work: () => void): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}

function outcomeOf(commit: LogCommit): CommitOutcome {
  try {
    write([commit])
    return durable(commit)
  } catch (thrown) {
    return thrown instanceof StaleLog ? { kind: 'stale' } : { kind: 'failed', failure: failureOf(thrown) }
  }
}

function write(commits: readonly LogCommit[]): void {
  store().writeAll(commits.map(each => batchOf(each, null)))
}

function durable({ blocks }: LogCommit): CommitOutcome {
  return { kind: 'durable', block: blocks.at(-1) ?? null }
}

function answer({ port, number }: Waiting, outcome: CommitOutcome): void {
  const parts = outcome.kind === 'durable' && outcome.block !== null ? partsOf(outcome.block) : []
  const said: CommitAnswer = { number, outcome }
  port.postMessage(said, parts)
}

parentPort?.on('message', ({ port }: NewPort) => {
  port.on('message', (question: CommitQuestion) => {
    if (waiting.length === 0) setImmediate(storeAll)
    waiting.push({ ...question, port })
  })
})

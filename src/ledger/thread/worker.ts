/** The other thread: does stage 2 of one run with a connection of its own, a question at a time. */
import { parentPort, workerData } from 'node:worker_threads'
import { makeSigner } from '../../format/note.ts'
import { Appender } from '../appender.ts'
import { partsOf } from '../block.ts'
import { StoreScribe } from '../scribe.ts'
import { openForWriting } from '../sqlite/file.ts'
import { SqliteReader } from '../sqlite/reader.ts'
import { SqliteStore } from '../sqlite/store.ts'
import {
  type Answer,
  type Beginning,
  errorOf,
  type Failure,
  failureOf,
  type Notice,
  type Question,
} from './messages.ts'

interface Open {
  readonly store: SqliteStore
  readonly scribe: StoreScribe
}

let opened: Open | null = null
/** Of a part of the next commit: told when that is asked for. */
let broken: Failure | null = null

/** With the first question, so that an error of opening is an answer like any other. */
function open(): Open {
  const { path, url, ledger, log, lasting, state, key } = workerData as Beginning
  const db = openForWriting(path, url, null, lasting)
  const store = new SqliteStore(db, new SqliteReader(db, url))
  const appender = new Appender(ledger, log, makeSigner(key.name, key.private_key), state)
  return { store, scribe: new StoreScribe(log, appender, store) }
}

function note(notice: Notice): void {
  if (notice.kind === 'drop') {
    broken = null
    opened?.scribe.drop()
    return
  }
  try {
    opened ??= open()
    opened.scribe.append(notice.block)
  } catch (thrown) {
    broken ??= failureOf(thrown)
  }
}

async function answer(question: Question): Promise<void> {
  try {
    if (broken !== null) throw errorOf(broken)
    opened ??= open()
    const { store, scribe } = opened
    if (question.kind === 'end') {
      const state = scribe.appender.state()
      await store.close()
      return tell({ kind: 'ended', state })
    }
    const { block, lease } = question
    const durable = await (await scribe.begin(block, lease, () => undefined)).durable
    tell({ kind: 'durable', durable, block }, partsOf(block))
  } catch (thrown) {
    // What was appended for it is of no use any more.
    broken = null
    opened?.scribe.drop()
    tell({ kind: 'failed', failure: failureOf(thrown) })
  }
}

function tell(told: Answer, parts: ArrayBuffer[] = []): void {
  parentPort?.postMessage(told, parts)
}

/** One after another: a part of the next commit may come while one is being made durable. */
let before = Promise.resolve()
parentPort?.on('message', (message: Notice | Question) => {
  before = before.then(() => (message.kind === 'commit' || message.kind === 'end' ? answer(message) : note(message)))
})

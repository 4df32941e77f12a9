/** The other thread: does stage 2 of one run with a connection of its own, a question at a time. */
import { parentPort, workerData } from 'node:worker_threads'
import { makeSigner } from '../../format/signing-key.ts'
import { openStore } from '../open-store.ts'
import type { Store } from '../store.ts'
import { Appender, signsRunsWith } from '../write/appender.ts'
import { partsOf } from '../write/block.ts'
import { writesTo } from '../write/log-commit.ts'
import { StoreScribe } from '../write/scribe.ts'
import {
  type Answer,
  errorOf,
  type Failure,
  failureOf,
  type Notice,
  type Question,
  type ThreadInput,
} from './messages.ts'

interface Open {
  readonly store: Store
  readonly scribe: StoreScribe
}

let opened: Open | null = null
/** Why a part of the next commit failed: reported when that commit is asked for. */
let broken: Failure | null = null

/** Called with the first question, so that an error of opening is an answer like any other. */
async function open(): Promise<Open> {
  const { url, ledger, log, lasting, state, key, encryption } = workerData as ThreadInput
  const store = await openStore(url, { birth: null, lasting, encryption, waits: true })
  const appender = new Appender(ledger, log, signsRunsWith(makeSigner(key.name, key.private_key)), state)
  const { reader } = store
  return { store, scribe: new StoreScribe({ log, appender, reader, write: writesTo(store), hands_over: false }) }
}

async function note(notice: Notice): Promise<void> {
  if (notice.kind === 'drop') {
    broken = null
    opened?.scribe.drop()
    return
  }
  try {
    opened ??= await open()
    opened.scribe.append(notice.block)
  } catch (thrown) {
    broken ??= failureOf(thrown)
  }
}

async function answer(question: Question): Promise<void> {
  try {
    if (broken !== null) throw errorOf(broken)
    opened ??= await open()
    const { store, scribe } = opened
    if (question.kind === 'end') {
      const state = scribe.appender.state()
      await store.close()
      return send({ kind: 'ended', state })
    }
    const { block, lease } = question
    let read = block
    const durable = await (await scribe.begin(block, lease, each => (read = each))).durable
    send({ kind: 'durable', durable, block: read }, partsOf(read))
  } catch (thrown) {
    // What was appended for it is of no use any more.
    broken = null
    opened?.scribe.drop()
    send({ kind: 'failed', failure: failureOf(thrown) })
  }
}

function send(message: Answer, parts: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, parts)
}

/** One after another: a part of the next commit may come while one is being made durable. */
let before = Promise.resolve()
parentPort?.on('message', (message: Notice | Question) => {
  before = before.then(() => (message.kind === 'commit' || message.kind === 'end' ? answer(message) : note(message)))
})

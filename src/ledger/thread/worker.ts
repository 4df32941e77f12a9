/** The other thread: does stage 2 of one log after another with a connection of its own, a question at a time. */
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
  type HandedLog,
  type Notice,
  type Question,
  type ThreadInput,
} from './messages.ts'

let opened: Store | null = null
let scribe: StoreScribe | null = null
/** The log that is written from now on, whose scribe isn't there yet. */
let handed: HandedLog | null = null
/** Why a part of the next commit failed: reported when that commit is asked for. */
let broken: Failure | null = null

/** Called with the first question, so that an error of opening is an answer like any other. */
async function scribeOfLog(): Promise<StoreScribe> {
  // cast: what ledger-thread.ts starts it with.
  const { url, lasting, key, encryption, clock } = workerData as ThreadInput
  opened ??= await openStore(url, { birth: null, lasting, encryption, waits: true, clock })
  if (handed !== null) {
    const { ledger, log, state } = handed
    const appender = new Appender(ledger, log, signsRunsWith(makeSigner(key.name, key.private_key)), state)
    scribe = new StoreScribe({ log, appender, reader: opened.reader, write: writesTo(opened), hands_over: false })
    handed = null
  }
  if (scribe === null) throw new TypeError('no log was handed over')
  return scribe
}

async function note(notice: Notice): Promise<void> {
  switch (notice.kind) {
    case 'log':
      handed = notice.log
      return
    case 'drop':
      broken = null
      scribe?.drop()
      return
    case 'entries':
      try {
        ;(await scribeOfLog()).append(notice.block)
      } catch (thrown) {
        broken ??= failureOf(thrown)
      }
  }
}

async function answer(question: Question): Promise<void> {
  try {
    send(...(await answerTo(question)))
  } catch (thrown) {
    // What was appended for it is of no use any more.
    broken = null
    scribe?.drop()
    send({ kind: 'failed', failure: failureOf(thrown) })
  }
}

async function answerTo(question: Question): Promise<[Answer, ArrayBuffer[]?]> {
  if (question.kind === 'close') {
    await opened?.close()
    return [{ kind: 'closed' }]
  }
  if (broken !== null) throw errorOf(broken)
  const here = await scribeOfLog()
  if (question.kind === 'end') {
    scribe = null
    return [{ kind: 'ended', state: here.appender.state() }]
  }
  let block = question.block
  const begun = await here.begin(block, question.lease, read => {
    block = read
  })
  return [{ kind: 'durable', durable: await begun.durable, block }, partsOf(block)]
}

function isQuestion(message: Notice | Question): message is Question {
  return message.kind === 'commit' || message.kind === 'end' || message.kind === 'close'
}

function send(message: Answer, parts: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, parts)
}

/** One after another: a part of the next commit may come while one is being made durable. */
let before = Promise.resolve()
parentPort?.on('message', (message: Notice | Question) => {
  before = before.then(() => (isQuestion(message) ? answer(message) : note(message)))
})

/** A thread that answers questions about a ledger: one at a time, with a connection of its own, each in a snapshot of its own moment. */
import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { ownKeychain } from '../../ledger/encryption/keychain.ts'
import { openLedgerReader } from '../../ledger/open.ts'
import { failureOf } from '../../ledger/thread/messages.ts'
import type { AnswerThreadInput, FromThread, Request, ToThread } from './answer-messages.ts'
import { answer, type Teller } from './answering.ts'
import { Looking } from './moment.ts'
import { stateOf } from './record-state.ts'
import { isUnsound } from './unsound.ts'

// cast: what answer-threads.ts starts it with.
const input = workerData as AnswerThreadInput
for (const key of input.keys) ownKeychain.add(key)
const port = parentPort

function post(message: FromThread): void {
  port?.postMessage(message)
}

const teller: Teller = {
  onProgress: progress => post({ kind: 'progress', progress }),
  async onPiece(piece) {
    if (port === null) return
    const taken = once(port, 'message')
    post({ kind: 'piece', piece })
    await taken
  },
}

let looking: Promise<Looking> | null = null

async function open(): Promise<Looking> {
  return new Looking(await openLedgerReader(input.url), input)
}

async function reply({ question, values, known }: Request): Promise<FromThread> {
  try {
    looking ??= open()
    return await (await looking).at(async moment => {
      const state = await stateOf(moment, question)
      if (state !== null && state === known) return { kind: 'same' as const }
      const found = await answer(moment, question, values, teller)
      // What doesn't hold may be put right.
      return { kind: 'answer' as const, answer: found, state: isUnsound(found) ? null : state }
    })
  } catch (thrown) {
    // What can't be opened now may be there the next time.
    if (looking !== null) await looking.catch(() => (looking = null))
    return { kind: 'failed', failure: failureOf(thrown) }
  }
}

port?.on('message', (message: ToThread) => {
  if (message.kind === 'ask') void reply(message.request).then(post)
})

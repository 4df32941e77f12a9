/** Runs a witness until Ctrl-C: what others need to know of it first, then nothing but what goes wrong. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import { resolve } from 'node:path'
import type { Cosigner } from '../../format/cosigning-key.ts'
import { NoteError } from '../../format/verifier-key.ts'
import { ownKeys } from '../../ledger/keys/keys.ts'
import { CustodyError } from '../../model/error.ts'
import { type KnownKey, parseKnownKey } from '../../witness/logs.ts'
import { witnessServer } from '../../witness/server.ts'
import { SqliteHeads } from '../../witness/store.ts'
import type { Context } from '../context.ts'
import { stopOnSignals } from '../interrupt.ts'
import { counted } from '../render/text.ts'
import { addressOf, needed, type WitnessArguments } from './arguments.ts'
import { witnessKey } from './witness-key.ts'

/** Returns the exit code. @throws CustodyError CUSTODY_ARGUMENT, CUSTODY_WITNESS. */
export async function runWitness(context: Context, options: WitnessArguments): Promise<0> {
  const { terminal, cwd, env } = context
  const address = addressOf(needed(options.listen, '--listen', 'the address to listen on, as in 127.0.0.1:7380'))
  const key_file = resolve(cwd, needed(options.key, '--key', 'the file of its keys, made if it isn’t there'))
  const state = resolve(cwd, needed(options.state, '--state', 'the folder in which it remembers logs'))
  const logs = knownLogs(options.log ?? [])
  const cosigner = witnessKey(key_file, options.name, [...ownKeys(env), ...logs.map(each => each.key)])
  const store = new SqliteHeads(state)
  const stopping = stopOnSignals(context, true)
  try {
    const server = witnessServer({
      cosigner,
      logs,
      store,
      now_s: () => Math.floor(Date.now() / 1000),
      onTrouble: error => terminal.report(`warning: ${error instanceof Error ? error.message : String(error)}`),
    })
    stopping.listen()
    const url = await listening(server, address)
    if (options.json === true)
      terminal.answerJson({ url, verifier_keys: cosigner.keys.map(each => each.text), logs: options.log })
    else terminal.answer(introduction(url, cosigner, logs))
    if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    return 0
  } finally {
    stopping.close()
    store.close()
  }
}

function knownLogs(texts: readonly string[]): readonly KnownKey[] {
  needed(texts[0], '--log', 'a log that it may cosign: its origin and its verifier key, or the key alone')
  return texts.map(each => {
    try {
      return parseKnownKey(each)
    } catch (error) {
      if (!(error instanceof NoteError)) throw error
      throw new CustodyError('CUSTODY_ARGUMENT', `--log ${JSON.stringify(each)}: ${error.message}`, {
        hint: '`custody key show` prints the verifier keys of whoever keeps the ledger.',
      })
    }
  })
}

async function listening(server: Server, { host, port }: ReturnType<typeof addressOf>): Promise<string> {
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CustodyError('CUSTODY_WITNESS', `the witness can’t listen on ${host}:${port}: ${why}`, { cause })
  }
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`
}

function introduction(url: string, cosigner: Cosigner, logs: readonly KnownKey[]): string {
  const [first = '', second] = cosigner.keys.map(each => each.text)
  return [
    `Witness ${cosigner.name} of ${counted(logs.length, 'log key')}, at ${url}`,
    '',
    'For the policy of whoever keeps such a log (the first counts; the second withstands quantum computers, too):',
    `  witness ${nameFor(cosigner, '')} ${first} ${url}`,
    ...(second === undefined ? [] : [`  witness ${nameFor(cosigner, '-pq')} ${second} ${url}`]),
    '',
    'Ctrl-C ends it. What it knows is in its folder, and is there when it starts again.',
  ].join('\n')
}

/** A short name in a policy; whoever writes one may choose another. */
function nameFor({ name }: Cosigner, ending: string): string {
  return `${name.replace(/[^A-Za-z0-9.-]+/g, '-')}${ending}`
}

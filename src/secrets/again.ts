/** A request that is sent again where that may help: a connection that broke, a server that is busy or fails for a moment. */
import type { KeeperPorts } from './keeper.ts'
import { Unanswered, type WebAnswer, type WebRequest } from './web.ts'

/** Between one try and the next, in ms. */
const WAITS_MS = [250, 1000]

/** The last answer, whatever it is. @throws Unanswered */
export async function askAgain(
  request: WebRequest,
  { ask, wait }: Pick<KeeperPorts, 'ask' | 'wait'>,
  signal: AbortSignal,
): Promise<WebAnswer> {
  for (const wait_ms of WAITS_MS) {
    const answer = await ask(request, signal).catch((error: unknown) => {
      if (error instanceof Unanswered && !signal.aborted) return null
      throw error
    })
    if (answer !== null && !isPassing(answer.status)) return answer
    await wait(wait_ms, signal)
  }
  return ask(request, signal)
}

/** 412: a server of a Vault cluster hasn’t yet what another one has. */
const isPassing = (status: number) => status === 412 || status === 429 || status >= 500

/**
 * Server-sent events of one listener.
 *
 * EVENTS-1. A listener that takes nothing has the newest event of each subject waiting for it, and no more.
 * EVENTS-2. While nothing happens a comment is sent each `HEARTBEAT_MS`, so that both sides know when the other has gone.
 */
import type { Context } from 'hono'
import { failedBy } from '../failures.ts'

const HEARTBEAT_MS = 15_000
/** Milliseconds after which a page that lost its connection tries again. */
const RETRY_MS = 2_000

/** `subject`: what it is about, where an event has several. */
export type Send = (event: string, data: unknown, subject?: string) => void

/** `work` sends until it returns, or until `ended` is aborted, since nobody listens any more. */
export function events(
  context: Context,
  signal: AbortSignal,
  work: (send: Send, ended: AbortSignal) => Promise<void>,
): Response {
  const ending = new AbortController()
  const ended = AbortSignal.any([signal, ending.signal])
  const waiting = new Waiting()
  const heart = setInterval(() => waiting.put(':', ':\n\n'), HEARTBEAT_MS)
  heart.unref()
  const send: Send = (event, data, subject = '') =>
    waiting.put(`${event} ${subject}`, `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  ended.addEventListener('abort', () => waiting.end(), { once: true })
  waiting.put('retry', `retry: ${RETRY_MS}\n\n`)
  void work(send, ended)
    .catch((error: unknown) => send('failed', failedBy(error).body))
    .finally(() => waiting.end())
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async controller => {
        const text = await waiting.take()
        if (text !== null) return controller.enqueue(new TextEncoder().encode(text))
        clearInterval(heart)
        controller.close()
      },
      cancel: () => {
        clearInterval(heart)
        ending.abort()
      },
    },
    { highWaterMark: 0 },
  )
  return context.body(body, 200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // For proxies that would gather it.
    'x-accel-buffering': 'no',
  })
}

/** Texts that wait to be taken, by name; a later one of a name takes the place of the one before. */
class Waiting {
  private readonly texts = new Map<string, string>()
  private is_over = false
  private wake: () => void = () => undefined

  put(name: string, text: string): void {
    if (this.is_over) return
    this.texts.delete(name)
    this.texts.set(name, text)
    this.wake()
  }

  end(): void {
    this.is_over = true
    this.wake()
  }

  /** null: nothing more comes. */
  async take(): Promise<string | null> {
    for (;;) {
      for (const [name, text] of this.texts) {
        this.texts.delete(name)
        return text
      }
      if (this.is_over) return null
      await new Promise<void>(resolve => {
        this.wake = resolve
      })
    }
  }
}

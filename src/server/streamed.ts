/** A text that is sent in pieces, none before the one before it was taken. */
import type { Context } from 'hono'

/** What goes wrong before the first piece is thrown; later it can only break the answer off. */
export async function streamed(
  context: Context,
  pieces: AsyncIterable<string>,
  headers: Record<string, string>,
): Promise<Response> {
  const iterator = pieces[Symbol.asyncIterator]()
  let next = await iterator.next()
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async controller => {
        if (next.done === true) return controller.close()
        controller.enqueue(encoder.encode(next.value))
        next = await iterator.next()
      },
      cancel: async () => {
        await iterator.return?.()
      },
    },
    { highWaterMark: 1 },
  )
  return context.body(body, 200, headers)
}

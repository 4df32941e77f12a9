/** One request to a witness or an authority, with an end: of time, and of what is read. */

export interface PostAnswer {
  readonly status: number
  /** Media type, without parameters. */
  readonly type: string
  readonly body: Uint8Array
}

/** @throws Unreachable with what went wrong. */
export type Post = (url: string, type: string, body: string | Uint8Array) => Promise<PostAnswer>

/** There was no answer, or none that could be read to its end. Its message ends a sentence: `doesn't answer within 5 s`. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

const MOST_BYTES = 200_000

/** Redirections aren't followed: the witness is the one that was named. */
export function webPost(timeout_ms: number): Post {
  return async (url, type, body) => {
    const signal = AbortSignal.timeout(timeout_ms)
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': type },
        body: typeof body === 'string' ? body : new Uint8Array(body),
        redirect: 'manual',
        signal,
      })
      const media = (response.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
      return { status: response.status, type: media, body: await bodyOf(response) }
    } catch (error) {
      if (error instanceof Unreachable) throw error
      throw new Unreachable(
        signal.aborted ? `doesn’t answer within ${timeout_ms / 1000} s` : `can’t be reached: ${causeOf(error)}`,
      )
    }
  }
}

async function bodyOf(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.length
    if (bytes > MOST_BYTES) throw new Unreachable(`answers with more than ${MOST_BYTES} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** fetch says `fetch failed`, and why in its cause. */
function causeOf(error: unknown): string {
  const { cause, message } = error instanceof Error ? error : new Error(String(error))
  if (!(cause instanceof Error)) return message
  // Of several addresses that were tried in vain it has no message.
  return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message
}

/** What a file is that somebody gives to the page, told apart as `custody check` does, and its text. */
import { CustodyError, isCustodyError } from '../model/error.ts'

export type Evidence =
  | { readonly kind: 'proof'; readonly text: string }
  | { readonly kind: 'record'; readonly pieces: AsyncIterable<string> }

const HEADER_BYTES = 10

/** @throws CustodyError CUSTODY_PROOF_UNREADABLE */
export async function evidenceIn(file: Blob): Promise<Evidence> {
  const head = new Uint8Array(await bytesOf(file.slice(0, HEADER_BYTES)))
  if (head[0] !== 0x1f || head[1] !== 0x8b) return { kind: 'proof', text: await textOf(file) }
  if (head[2] !== 8 || head[3] !== 0) throw unreadable('it isn’t packed as records are')
  return { kind: 'record', pieces: recordPieces(file) }
}

async function textOf(file: Blob): Promise<string> {
  return new Utf8().decode(await bytesOf(file))
}

async function bytesOf(file: Blob): Promise<ArrayBuffer> {
  try {
    return await file.arrayBuffer()
  } catch (error) {
    throw unreadable(GONE, error)
  }
}

/** Strict, with our words for what isn't UTF-8: browsers have each their own. */
class Utf8 {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

  /** `more`: whether there is more to come. */
  decode(bytes: ArrayBuffer | Uint8Array<ArrayBuffer> | undefined, more = false): string {
    try {
      return this.#decoder.decode(bytes, { stream: more })
    } catch (error) {
      throw unreadable('it isn’t UTF-8', error)
    }
  }
}

/** How long the page may be busy before it answers to its reader again. */
const BUSY_MS = 40

/** The platform refuses what stands behind the packed text, and what was damaged. */
async function* recordPieces(file: Blob): AsyncIterable<string> {
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader()
  const text = new Utf8()
  let since = performance.now()
  let is_open = true
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      yield text.decode(read.value, true)
      if (performance.now() - since < BUSY_MS) continue
      await new Promise(resolve => setTimeout(resolve))
      since = performance.now()
    }
    is_open = false
    yield text.decode(undefined)
  } catch (error) {
    is_open = is_open && isCustodyError(error)
    throw isCustodyError(error) ? error : unreadable(whyNotUnpacked(error), error)
  } finally {
    // Whoever stopped reading wants no more of it.
    if (is_open) await reader.cancel()
  }
}

const GONE = 'the browser can’t read it any more: give it to the page again'

/** The platform tells apart only what it can't unpack, and what it can't read. */
function whyNotUnpacked(error: unknown): string {
  return error instanceof TypeError ? 'it was cut short or damaged on the way, or something stands behind it' : GONE
}

function unreadable(why: string, cause?: unknown): CustodyError {
  return new CustodyError('CUSTODY_PROOF_UNREADABLE', `the file can’t be read: ${why}`, { cause })
}

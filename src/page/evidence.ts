/** What a file is that somebody gives to the page, told apart as `custody check` does, and its text. */
import { CustodyError } from '../model/error.ts'

export type Evidence =
  | { readonly kind: 'proof'; readonly text: string }
  | { readonly kind: 'record'; readonly pieces: AsyncIterable<string> }

const HEADER_BYTES = 10

/** @throws CustodyError CUSTODY_PROOF_UNREADABLE */
export async function evidenceIn(file: Blob): Promise<Evidence> {
  const head = new Uint8Array(await file.slice(0, HEADER_BYTES).arrayBuffer())
  if (head[0] !== 0x1f || head[1] !== 0x8b) return { kind: 'proof', text: await textOf(file) }
  if (head[2] !== 8 || head[3] !== 0) throw unreadable('it isn’t packed as records are')
  return { kind: 'record', pieces: recordPieces(file) }
}

async function textOf(file: Blob): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer())
  } catch (error) {
    throw unreadable(error instanceof TypeError ? 'it isn’t UTF-8' : String(error), error)
  }
}

/** How long the page may be busy before it answers to its reader again. */
const BUSY_MS = 40

/** The platform refuses what stands behind the packed text, and what was damaged. */
async function* recordPieces(file: Blob): AsyncIterable<string> {
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader()
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let since = performance.now()
  let is_open = true
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      yield decoder.decode(read.value, { stream: true })
      if (performance.now() - since < BUSY_MS) continue
      await new Promise(resolve => setTimeout(resolve))
      since = performance.now()
    }
    is_open = false
    yield decoder.decode()
  } catch (error) {
    is_open = false
    throw unreadable(error instanceof Error ? error.message : String(error), error)
  } finally {
    // Whoever stopped reading wants no more of it.
    if (is_open) await reader.cancel()
  }
}

function unreadable(why: string, cause?: unknown): CustodyError {
  return new CustodyError('CUSTODY_PROOF_UNREADABLE', `the file can’t be read: ${why}`, { cause })
}

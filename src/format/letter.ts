/**
 * Letters to the people whom a row concerns: a page that can be printed, with the file of a proof inside it (docs/proof-format.md).
 *
 * LETTER-1. The proof stands in one place, as base64 in a template, which browsers neither show nor run. A file with two of them is none.
 * LETTER-2. What stands around the proof is its sender's word: nothing of it is read by whoever checks.
 */
import { fromBase64, toBase64 } from './base64.ts'

const BEGINNING = '<!doctype html>\n'
const START = '<template id="custody-proof">'
const END = '</template>\n'

/** `html`: a page that begins and ends as one does, and has no template; the proof goes before its last line. */
export function withProof(html: string, proof: string): string {
  const at = html.lastIndexOf('</html>')
  if (!isLetter(html) || at < 0 || html.includes('<template'))
    throw new TypeError('not a page that a proof can go into')
  return `${html.slice(0, at)}${START}${toBase64(new TextEncoder().encode(proof))}${END}${html.slice(at)}`
}

/** Whether it is to be read as one. */
export function isLetter(text: string): boolean {
  return text.startsWith(BEGINNING)
}

export type ProofInLetter =
  | { readonly ok: true; readonly proof: string }
  | { readonly ok: false; readonly message: string }

export function proofInLetter(letter: string): ProofInLetter {
  const [, inside, more] = letter.split(START)
  if (inside === undefined) return { ok: false, message: 'it is a page with no proof in it' }
  if (more !== undefined) return { ok: false, message: 'it is a page with more than one proof in it' }
  const end = inside.indexOf(END)
  const bytes = end < 0 ? null : fromBase64(inside.slice(0, end))
  if (bytes === null) return { ok: false, message: 'the proof in it was damaged' }
  try {
    return { ok: true, proof: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return { ok: false, message: 'the proof in it isn’t UTF-8' }
  }
}

/** What the reader trusts, from what they pasted or loaded: never from the file that is checked, nor from this page. */
import { readVerifierKeys, type VerifierKey } from '../format/verifier-key.ts'

export type ReadTrust =
  | { readonly ok: true; readonly keys: readonly VerifierKey[] }
  | { readonly ok: false; readonly message: string }

export function trustIn(text: string): ReadTrust {
  const read = readVerifierKeys(text)
  if (read.ok) return read
  return {
    ok: false,
    message: `Line ${read.line} is ${read.what}. A verifier key is a line name+hash+base64, as \`custody key show\` prints it.`,
  }
}

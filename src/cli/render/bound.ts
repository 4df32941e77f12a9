/** How much of a run that isn't sealed the ledger's own log binds. */
import { count } from './text.ts'

/** `it binds the first 1,204 of its 1,210 entries so far; what came after could be cut off unnoticed` */
export function boundText(bound: number, entries: number): string {
  if (bound >= entries) return `it binds all ${count(entries)} entries so far`
  if (bound === 0) return `it binds none of its ${count(entries)} entries so far: they could be cut off unnoticed`
  const first = bound === 1 ? 'the first' : `the first ${count(bound)}`
  return `it binds ${first} of its ${count(entries)} entries so far; what came after could be cut off unnoticed`
}

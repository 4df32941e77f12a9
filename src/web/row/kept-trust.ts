/** Whom the reader trusts, as they pasted it. It stays in this browser: the server is never asked for it, and never sent it. */
import { useSyncExternalStore } from 'react'
import { keepHere, keptHere } from '../app/kept.ts'

const KEY = 'custody-trust'
const listeners = new Set<() => void>()

/** Empty: nobody. */
export function useKeptTrust(): string {
  return useSyncExternalStore(listen, () => keptHere(KEY) ?? '')
}

export function keepTrust(text: string): void {
  keepHere(KEY, text.trim() === '' ? null : text)
  for (const each of listeners) each()
}

/** Other tabs of the browser keep the same. */
function listen(changed: () => void): () => void {
  listeners.add(changed)
  window.addEventListener('storage', changed)
  return () => {
    listeners.delete(changed)
    window.removeEventListener('storage', changed)
  }
}

/** Whether the page is as narrow as a telephone: the style sheets have the same width. */
import { useSyncExternalStore } from 'react'

const NARROW = window.matchMedia('(max-width: 40rem)')

export function useNarrow(): boolean {
  return useSyncExternalStore(listen, () => NARROW.matches)
}

function listen(changed: () => void): () => void {
  NARROW.addEventListener('change', changed)
  return () => NARROW.removeEventListener('change', changed)
}

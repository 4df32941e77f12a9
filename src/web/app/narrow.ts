/** Whether the page is so narrow that tables become cards. */
import { useSyncExternalStore } from 'react'

const NARROW = '(max-width: 48rem)'

export function useNarrow(): boolean {
  return useSyncExternalStore(listen, () => matchMedia(NARROW).matches)
}

function listen(changed: () => void): () => void {
  const query = matchMedia(NARROW)
  query.addEventListener('change', changed)
  return () => query.removeEventListener('change', changed)
}

/** How a ledger stands to what the user saw of it before, in words. */
import type { SeenHead } from '../../ledger/keys/trust.ts'
import { formatTime } from '../../model/time.ts'
import { count, counted } from './text.ts'

/** `its own log has 3 entries, of 2026-01-02 03:04:05Z, and had 5, of 2026-01-03 03:04:05Z` */
export function olderText({ now, seen }: { readonly now: SeenHead; readonly seen: SeenHead }): string {
  return `its own log has ${counted(now.size, 'entry', 'entries')}, of ${at(now)}, and had ${count(seen.size)}, of ${at(seen)}`
}

/** To the second. */
function at({ t_us }: SeenHead): string {
  return formatTime(t_us)
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
}

/** How a ledger stands to what the user saw of it before, in words. */
import type { SeenHead } from '../../ledger/keys/trust.ts'
import { formatTime } from '../../model/time.ts'
import { type RevokedJson, type RevokedKey, revokedJson } from '../../read/verify/keys.ts'
import { count, counted, printable } from './text.ts'

/** `its own log has 3 entries, of 2026-01-02 03:04:05Z, and had 5, of 2026-01-03 03:04:05Z` */
export function olderText({ now, seen }: { readonly now: SeenHead; readonly seen: SeenHead }): string {
  return `its own log has ${counted(now.size, 'entry', 'entries')}, of ${at(now)}, and had ${count(seen.size)}, of ${at(seen)}`
}

/** `rests, of all that you trust, on what was revoked: custody/1234abcd (entry 5 …` */
export function restsOnText(keys: readonly RevokedKey[] | readonly RevokedJson[]): string {
  const each = keys.map(key => ('index' in key ? revokedJson(key) : key))
  const names = each.map(
    ({ key, entry }) => `${printable(key.slice(0, key.indexOf('+')))} (entry ${count(entry)} of its own log)`,
  )
  return `rests, of all that you trust, on what was revoked: ${[...new Set(names)].join(' and ')}. Whoever had stolen that could have written another history below`
}

/** To the second. */
function at({ t_us }: SeenHead): string {
  return formatTime(t_us)
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
}

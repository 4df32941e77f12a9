/** Times and durations as texts. Within Custody they are whole microseconds, since the Unix epoch. */

/** `2026-11-21T14:02:11.482Z`: microseconds as ISO 8601 with milliseconds, rounded down. */
export function formatTime(time_us: number): string {
  return new Date(Math.floor(time_us / 1000)).toISOString()
}

const SECOND = 1_000_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A duration for people, in the unit that fits: `0.02 ms`, `12.5 ms`, `1.3 s`, `2 min 5 s`, `3 h 10 min`, `2 d 4 h`. */
export function formatDuration(duration_us: number): string {
  const us = Math.max(0, Math.round(duration_us))
  if (us < 9_995) return `${trim(us / 1000, 2)} ms`
  if (us < 99_950) return `${trim(us / 1000, 1)} ms`
  if (us < 999_500) return `${Math.round(us / 1000)} ms`
  if (us < 59.95 * SECOND) return `${trim(us / SECOND, 1)} s`
  if (us < HOUR - SECOND / 2) return two(us, MINUTE, 'min', SECOND, 's')
  if (us < DAY - MINUTE / 2) return two(us, HOUR, 'h', MINUTE, 'min')
  return two(us, DAY, 'd', HOUR, 'h')
}

/** With up to `digits` digits behind the point, without zeros at the end. */
function trim(value: number, digits: number): string {
  return `${Number(value.toFixed(digits))}`
}

function two(us: number, large: number, large_name: string, small: number, small_name: string): string {
  const smalls = Math.round(us / small)
  const per = large / small
  const rest = smalls % per
  return `${Math.floor(smalls / per)} ${large_name}${rest === 0 ? '' : ` ${rest} ${small_name}`}`
}

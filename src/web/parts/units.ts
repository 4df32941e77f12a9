/** Numbers with their units, as the command line writes them. */

const COUNT = new Intl.NumberFormat('en-US')

/** `2,400` */
export const countText = (count: number): string => COUNT.format(count)

/** `1 row`, `2,400 rows` */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${countText(count)} ${count === 1 ? one : many}`

/** `4.2 %`; never 0 % of something, nor 100 % of less than all. */
export function shareText(part: number, whole: number): string {
  if (whole === 0) return '–'
  const percent = (100 * part) / whole
  if (part === 0) return '0 %'
  if (percent < 0.1) return '< 0.1 %'
  if (part < whole && percent > 99.9) return '> 99.9 %'
  return `${Math.round(percent * 10) / 10} %`
}

/** `< 0.01 ms`, `0.02 ms`, `12 ms`, `1.5 s`, `2 min 03 s`, `1 h 04 min` */
export function durationText(us: number): string {
  const ms = us / 1000
  if (ms > 0 && ms < 0.005) return '< 0.01 ms'
  if (ms < 10) return `${ms.toFixed(ms === 0 ? 0 : 2)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  const s = ms / 1000
  if (s < 59.95) return `${s.toFixed(1)} s`
  const min = Math.floor(Math.round(s) / 60)
  if (min < 60) return `${min} min ${String(Math.round(s) % 60).padStart(2, '0')} s`
  return `${COUNT.format(Math.floor(min / 60))} h ${String(min % 60).padStart(2, '0')} min`
}

const SIZES = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** `812 bytes`, `120 kB`, `1.4 GB`; 1 kB is 1,000 bytes. */
export function bytesText(bytes: number): string {
  const power = Math.min(SIZES.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3))
  const size = bytes / 1000 ** power
  return `${power === 0 || size >= 100 ? COUNT.format(Math.round(size)) : size.toFixed(1)} ${SIZES[power]}`
}

const STEPS: ReadonlyArray<readonly [seconds: number, unit: Intl.RelativeTimeFormatUnit]> = [
  [60, 'second'],
  [3_600, 'minute'],
  [86_400, 'hour'],
  [86_400 * 30, 'day'],
  [86_400 * 365, 'month'],
  [Number.POSITIVE_INFINITY, 'year'],
]
const AGO = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'short' })

/** `3 min. ago`, in whole units; times in milliseconds. */
export function agoText(at_ms: number, now_ms: number): string {
  const seconds = Math.max(0, Math.floor((now_ms - at_ms) / 1000))
  if (seconds < 5) return 'just now'
  const index = STEPS.findIndex(([below]) => seconds < below)
  const unit = STEPS[index]?.[1] ?? 'year'
  const size = index === 0 ? 1 : (STEPS[index - 1]?.[0] ?? 1)
  return AGO.format(-Math.floor(seconds / size), unit).replace('.', '')
}

/** `2026-11-21 14:02:11Z`: UTC, as the command line has it. */
export const timeOf = (iso: string): string => iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z')

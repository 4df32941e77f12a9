/** Durations as people write them: `500ms`, `30s`, `1.5h`. */

const UNITS_MS: { readonly [unit: string]: number } = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const FORM = /^(\d{1,15}(?:\.\d{1,6})?)(ms|s|m|h|d)$/
/** Ten years: more than any run waits. */
const MAX_MS = 3650 * 86_400_000

/** The pattern for editors. */
export const DURATION_PATTERN = '^\\d+(\\.\\d+)?(ms|s|m|h|d)$'

/** Milliseconds, `most_ms` at most; null if it isn't a duration. Fractions are taken if they make whole milliseconds. */
export function parseDuration(text: string, most_ms = MAX_MS): number | null {
  const match = FORM.exec(text)
  if (match === null) return null
  const exact = Number(match[1]) * (UNITS_MS[match[2] as string] as number)
  const ms = Math.round(exact)
  return Math.abs(exact - ms) < 1e-6 && ms <= most_ms ? ms : null
}

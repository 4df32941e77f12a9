/** What breaks a guard: a number of rows, a share of them, or nothing. */
import type { Threshold } from './pipeline.ts'

export const THRESHOLD_FORMS = 'write a number of rows, a share such as 5%, or off'

/** `5%`, `0.5%`, `120`, `off`; null if it is none of these, or a share beyond all. */
export function parseThreshold(value: string | number): Threshold | null {
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && value >= 0 ? { kind: 'count', most: value } : null
  const text = value.trim()
  if (text === 'off') return { kind: 'off' }
  const [, digits] = /^(\d{1,3}(?:\.\d{1,6})?) ?%$/.exec(text) ?? []
  const percent = digits === undefined ? Number.NaN : Number(digits)
  return percent <= 100 ? { kind: 'share', percent } : null
}

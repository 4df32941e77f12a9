/** What breaks a guard: a number of rows, a share of them, or nothing. */

export type Threshold =
  | { readonly kind: 'count'; readonly most: number }
  /** Percent, up to 100. */
  | { readonly kind: 'share'; readonly percent: number }
  | { readonly kind: 'off' }

/** `5%`, `0.5%`, `120`, `off`; null if it is none of these, or a share beyond all. */
export function parseThreshold(value: string | number): Threshold | null {
  if (typeof value === 'number') return { kind: 'count', most: value }
  const text = value.trim()
  if (text === 'off') return { kind: 'off' }
  const percent = Number.parseFloat(text)
  return percent <= 100 ? { kind: 'share', percent } : null
}

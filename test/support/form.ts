/**
 * Proofs have three forms: `npm test` runs a short one of each, `npm run proofs` the long ones, `npm run crash` and
 * `npm run calls` all cases that there are. No form depends on how fast a machine is.
 */
const FORM = process.env.CUSTODY_PROOFS ?? 'short'
export const ALL = FORM === 'all'
/** Or all. */
export const LONG = FORM === 'long' || ALL

/** All cases, but in the short form only every `nth`, from the first on. */
export function sampled<T>(cases: readonly T[], nth: number): readonly T[] {
  return LONG ? cases : cases.filter((_, i) => i % nth === 0)
}

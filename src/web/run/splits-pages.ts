/** Which page of the splits of a run is shown. Pure. */

/** So many splits at a time; … */
export const SPLITS_PAGE = 20
/** … and on a narrow page, where each is a card. */
export const FEWER = 10

export interface ShownPage {
  /** How many splits are skipped. */
  readonly at: number
  /** Number of the last one that is shown. */
  readonly to: number
  /** The one that somebody asked for; null: nobody did, it isn't there, or it is the first of its page, to which buttons lead. */
  readonly asked: number | null
}

/** The page of `most` splits that has the split which is asked for, as it stands in the URL; else the first one. */
export function pageWith(split: string | null, count: number, most: number): ShownPage {
  const number = split !== null && /^[1-9]\d{0,8}$/.test(split) ? Number(split) : null
  const asked = number !== null && number <= count ? number : null
  const at = asked === null ? 0 : Math.floor((asked - 1) / most) * most
  return { at, to: Math.min(count, at + most), asked: asked === at + 1 ? null : asked }
}

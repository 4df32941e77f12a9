/** How much an index does at once, and what isn't worth it. Tests have smaller ones. */

export interface IndexSizes {
  /** Runs with fewer entries have no index, and fewer that are new in a run under way aren't indexed yet: looking them through is as quick. */
  readonly few_entries: number
  /** Entries of a segment; 65,536 at most. */
  readonly most_entries: number
  /** Grams of all entries of a segment together; 10 bytes each while it is made. */
  readonly most_grams: number
  /** A segment with fewer entries is a short one. */
  readonly short_entries: number
  /** So many short segments at the end of a run under way become one. */
  readonly most_short: number
}

export const INDEX_SIZES: IndexSizes = {
  few_entries: 2_000,
  most_entries: 65_536,
  most_grams: 4_000_000,
  short_entries: 16_384,
  most_short: 24,
}

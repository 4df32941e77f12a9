/** What words of a story take from where they are shown. */
export interface Wording {
  /** A text cut to so many columns, or left whole where there is room. */
  readonly cut: (text: string, columns: number) => string
  /** A path as seen from where the reader is. */
  readonly path: (path: string) => string
}

/** Nothing is cut. */
export const WHOLE: Wording = { cut: text => text, path: path => path }

/** Columns of texts in any script: a module of its own, since it takes a while to load, and few texts need it. */
import stringWidth from 'string-width'

export { stringWidth }

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** As much of the beginning of `text` as fits into `columns`, in whole characters. */
export function startOf(text: string, columns: number): string {
  let end = 0
  for (const { segment, index } of segmenter.segment(text)) {
    const next = index + segment.length
    // Characters beside each other can be wider than each by itself.
    if (stringWidth(text.slice(0, next)) > columns) break
    end = next
  }
  return text.slice(0, end)
}

/**
 * The text of a page from its pieces, which come in the order in which the page draws them.
 *
 * That is the order in which people read it, but for columns that were drawn line by line across the page: these are read one after another.
 * A block of lines is taken for two columns if the same gap goes through all of them, and there are words on both sides, not the cells of a table.
 */

/** A piece of text; a blank one may be as wide as a gap. */
export interface TextPiece {
  readonly text: string
  /** Distance from the left, in the page's own unit. */
  readonly left: number
  readonly width: number
  /** Height of its letters. */
  readonly size: number
  /** Whether it stands upright and goes from left to right. */
  readonly level: boolean
  readonly ends_line: boolean
}

interface Part {
  readonly text: string
  readonly left: number
  readonly right: number
}

/** In heights of letters: a blank that is wider separates columns or cells. */
const WIDE_GAP = 1.5
/** Fewer lines side by side may be anything. */
const FEWEST_LINES = 4
/** Letters, on the average of a column's lines. Cells of tables have fewer. */
const FEWEST_LETTERS = 15

export function pageText(pieces: readonly TextPiece[]): string {
  const out: string[] = []
  let block: (readonly Part[])[] = []
  let gutter: Gutter | null = null
  const close = () => {
    out.push(...textOfBlock(block, gutter))
    block = []
    gutter = null
  }
  for (const line of linesOf(pieces)) {
    const parts = partsOf(line)
    const narrowed: Gutter | null = narrow(gutter, parts)
    if (narrowed === null) close()
    gutter = narrowed ?? narrow(null, parts)
    block.push(parts)
  }
  close()
  return out
    .join('\n')
    .replaceAll(/[ \t]+$/gm, '')
    .replaceAll(/^\n+|\s+$/g, '')
}

function* linesOf(pieces: readonly TextPiece[]): Iterable<readonly TextPiece[]> {
  let line: TextPiece[] = []
  for (const piece of pieces) {
    line.push(piece)
    if (!piece.ends_line) continue
    yield line
    line = []
  }
  if (line.length > 0) yield line
}

/** The parts of a line between wide gaps; one, where it doesn't go from left to right. */
function partsOf(line: readonly TextPiece[]): readonly Part[] {
  const whole = line.map(({ text }) => text).join('')
  const drawn = line.filter(({ text }) => text !== '')
  if (drawn.some(({ level }) => !level))
    return [{ text: whole, left: Number.NEGATIVE_INFINITY, right: Number.POSITIVE_INFINITY }]
  const parts: Part[] = []
  let last: Part | null = null
  for (const { text, left, width, size } of drawn) {
    const is_gap = text.trim() === '' && width > size * WIDE_GAP
    if (is_gap) {
      if (last !== null) parts.push(last)
      last = null
    } else if (last === null) last = { text, left, right: left + width }
    else last = { text: last.text + text, left: Math.min(last.left, left), right: Math.max(last.right, left + width) }
  }
  if (last !== null) parts.push(last)
  return parts
}

/** Where nothing stands, from top to bottom of a block. */
interface Gutter {
  readonly from: number
  readonly to: number
}

/** The gap that is left with this line, too; null if it crosses it. Of a line that has none nothing is known. */
function narrow(gutter: Gutter | null, parts: readonly Part[]): Gutter | null {
  const [one, other] = parts
  if (parts.length > 2 || one === undefined) return null
  if (gutter === null)
    return other === undefined || other.left <= one.right ? null : { from: one.right, to: other.left }
  const before = other === undefined ? (one.right <= gutter.to ? one.right : gutter.from) : one.right
  const behind = other === undefined ? (one.right <= gutter.to ? gutter.to : one.left) : other.left
  const narrowed = { from: Math.max(gutter.from, before), to: Math.min(gutter.to, behind) }
  return narrowed.from < narrowed.to ? narrowed : null
}

function textOfBlock(block: readonly (readonly Part[])[], gutter: Gutter | null): readonly string[] {
  const across = block.map(parts => parts.map(({ text }) => text).join(' '))
  if (gutter === null) return across
  const middle = (gutter.from + gutter.to) / 2
  const side = (is_left: boolean) =>
    block.flatMap(parts => parts.filter(({ left }) => left < middle === is_left).map(({ text }) => text))
  const [left, right] = [side(true), side(false)]
  return isProse(left) && isProse(right) ? [...left, ...right] : across
}

function isProse(lines: readonly string[]): boolean {
  const letters = lines.reduce((sum, text) => sum + (text.match(/\p{L}/gu)?.length ?? 0), 0)
  return lines.length >= FEWEST_LINES && letters / lines.length >= FEWEST_LETTERS
}

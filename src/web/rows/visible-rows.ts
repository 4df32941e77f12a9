/**
 * Which rows of a long table are seen, and where they stand. Browsers end an element at some tens of millions of pixels; a table that would be
 * longer is scrolled in smaller steps than its rows are high, so that the bar reaches all of it.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import type { RefObject } from 'react'

/** Below what every browser can: Firefox ends at 17.9 million. */
const MOST_PIXELS = 16_000_000
const OVERSCAN = 12

interface VisibleRow {
  readonly index: number
  /** From the top of the whole, in pixels. */
  readonly top: number
}

export interface VisibleRows {
  readonly rows: readonly VisibleRow[]
  /** Of the whole, in pixels. */
  readonly height: number
  /** How many rows fit in what is seen. */
  readonly per_page: number
  readonly show: (index: number) => void
}

/** @param head height of what sticks to the top, in pixels. */
export function useVisibleRows(
  frame: RefObject<HTMLElement | null>,
  count: number,
  row_height: number,
  head: number,
): VisibleRows {
  const step = Math.min(row_height, MOST_PIXELS / Math.max(1, count))
  const seen = frame.current === null ? 0 : Math.max(0, frame.current.clientHeight - head)
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => frame.current,
    estimateSize: () => step,
    overscan: OVERSCAN,
    // So that the last row, too, can be scrolled to where it is seen whole.
    paddingEnd: seen * (1 - step / row_height),
    scrollPaddingEnd: head,
    useFlushSync: false,
  })
  const scrolled = virtual.scrollOffset ?? 0
  const most = Math.ceil(seen / row_height) + 2 * OVERSCAN
  const first = scrolled / step
  return {
    rows: virtual
      .getVirtualItems()
      .slice(0, most)
      .map(({ index }) => ({
        index,
        top: step === row_height ? index * row_height : scrolled + (index - first) * row_height,
      })),
    height: virtual.getTotalSize(),
    per_page: Math.max(1, Math.floor(seen / row_height)),
    show: index => show(frame.current, index, { step, row_height, seen }),
  }
}

interface Measures {
  readonly step: number
  readonly row_height: number
  readonly seen: number
}

/** Moves no further than it must. */
function show(frame: HTMLElement | null, index: number, { step, row_height, seen }: Measures): void {
  if (frame === null) return
  const first = frame.scrollTop / step
  const last = first + seen / row_height - 1
  if (index < first) frame.scrollTop = index * step
  else if (index > last) frame.scrollTop = Math.max(0, index + 1 - seen / row_height) * step
}

/**
 * Keeps V8's heap from growing beyond what a run needs: left alone, V8 takes more, and is no faster for it. The
 * options that bound it are read before any code of ours runs, so that they have to be set where it is.
 */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Left alone, V8 collects the old generation when it is up to four times as large as what it left the last time. */
export const OLD_FLAG = '--heap-growing-percent=200'
/** Left alone, the young generation takes 64 MiB. From here on it may double once more. */
const ENOUGH_YOUNG_BYTES = 16 * 1024 * 1024
export const YOUNG_FLAG = '--semi-space-growth-factor=1'
const LOOK_EVERY_MS = 50

export interface Heap {
  youngBytes(): number
  set(flag: string): void
}

export const V8_HEAP: Heap = {
  youngBytes: () => getHeapSpaceStatistics().find(each => each.space_name === 'new_space')?.space_size ?? 0,
  set: setFlagsFromString,
}

/** Looks until the young generation has grown enough; doesn't keep the process alive. */
export function boundHeap(heap: Heap = V8_HEAP): void {
  heap.set(OLD_FLAG)
  const timer = setInterval(() => {
    if (heap.youngBytes() < ENOUGH_YOUNG_BYTES) return
    heap.set(YOUNG_FLAG)
    clearInterval(timer)
  }, LOOK_EVERY_MS)
  timer.unref()
}

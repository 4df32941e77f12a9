/**
 * Keeps V8's young generation from growing beyond what a run needs: by itself it takes 64 MiB, and is no faster for it.
 * The option that bounds it is read before any code of ours runs, so that it has to be stopped where it is.
 */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** From here on it may double once more. */
const ENOUGH_BYTES = 16 * 1024 * 1024
const LOOK_EVERY_MS = 50
export const STOP_FLAG = '--semi-space-growth-factor=1'

export interface YoungGeneration {
  sizeBytes(): number
  stopGrowth(): void
}

export const V8_YOUNG_GENERATION: YoungGeneration = {
  sizeBytes: () => getHeapSpaceStatistics().find(each => each.space_name === 'new_space')?.space_size ?? 0,
  stopGrowth: () => {
    setFlagsFromString(STOP_FLAG)
  },
}

/** Looks until it has grown so far; doesn't keep the process alive. */
export function boundYoungGeneration(young: YoungGeneration = V8_YOUNG_GENERATION): void {
  const timer = setInterval(() => {
    if (young.sizeBytes() < ENOUGH_BYTES) return
    young.stopGrowth()
    clearInterval(timer)
  }, LOOK_EVERY_MS)
  timer.unref()
}

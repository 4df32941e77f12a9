/**
 * Keeps V8's young generation from growing beyond what a run needs: by itself it takes 64 MiB, and is no faster for it.
 * The option that bounds it is read before any code of ours runs, so that it has to be stopped where it is.
 */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** From here on it may double once more. */
const ENOUGH_BYTES = 16 * 1024 * 1024
const LOOK_EVERY_MS = 50

/** Looks until it has grown so far; doesn't keep the process alive. */
export function boundYoungGeneration(): void {
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find(each => each.space_name === 'new_space')
    if (young === undefined || young.space_size < ENOUGH_BYTES) return
    setFlagsFromString('--semi-space-growth-factor=1')
    clearInterval(timer)
  }, LOOK_EVERY_MS)
  timer.unref()
}

/** What a replay takes from the record of the other run, and what is recorded for it. */
import { type Defect, inMethod } from '../defect.ts'

const replayOrder = () => import('../../../src/engine/replay/replay-order.ts')
const runClock = () => import('../../../src/engine/ports/run-clock.ts')

export const REPLAY_DEFECTS: readonly Defect[] = [
  {
    name: 'the record doesn’t say who came first',
    shape: 'timed',
    changes: [inMethod(runClock, 'SessionClock', 'next_us', (_next_us, self) => () => self.now_us())],
  },
  {
    name: 'a replay takes whoever comes first',
    shape: 'timed',
    changes: [inMethod(replayOrder, 'ReplayOrder', 'isTurn', () => () => null)],
  },
  {
    name: 'a replay closes batches by its own clock',
    shape: 'timed',
    changes: [inMethod(replayOrder, 'ReplayOrder', 'batchOf', () => () => null)],
  },
  {
    name: 'a replay opens batches for rows that were refused',
    shape: 'keyed-timed-crashes',
    changes: [inMethod(replayOrder, 'ReplayOrder', 'wasRefused', () => () => null)],
  },
  {
    name: 'a replay decides groups by its own clock',
    shape: 'timed',
    changes: [inMethod(replayOrder, 'ReplayOrder', 'groupOf', () => () => null)],
  },
  {
    name: 'a replay waits for ever for what doesn’t come',
    shape: 'timed',
    changes: [inMethod(replayOrder, 'ReplayOrder', 'giveUp', () => () => null)],
  },
  {
    name: 'a resumed replay has forgotten what it follows',
    shape: 'timed-crashes',
    changes: [inMethod(replayOrder, 'ReplayOrder', 'restore', () => async () => undefined)],
  },
]

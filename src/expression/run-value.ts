/** `run`, what expressions see of the run: when it started. It is the only time of day that there is, and stays the same if a run is resumed or replayed. */
import type { Compilation, Compiled } from './compilation.ts'
import { fault } from './faults.ts'
import { anyOf, type Possible } from './total/possible.ts'
import { TIMESTAMP, type Type } from './types.ts'
import { Timestamp } from './values.ts'

const RUN: Type = { kind: 'map', nullable: false, fields: new Map([['started_at', TIMESTAMP]]), closed: true }

export function compileRun(c: Compilation): Compiled {
  c.reads_run = true
  return {
    type: RUN,
    run: ({ started_us }) => {
      if (started_us === null) return fault('EVALUATION_ERROR', 'there is no run here that has a start')
      return new Map([['started_at', new Timestamp(BigInt(started_us) * 1000n)]])
    },
  }
}

export const RUN_POSSIBLE: Possible = anyOf(['map'], {
  size: [1, 1],
  fields: new Map([['started_at', { value: anyOf(['timestamp']), present: true }]]),
  textKeys: true,
})

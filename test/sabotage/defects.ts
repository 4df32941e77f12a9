/** All defects that the simulation must find. */
import type { Defect } from './defect.ts'
import { CALL_DEFECTS } from './defects/calls.ts'
import { CLOCK_DEFECTS } from './defects/clocks.ts'
import { COMMIT_DEFECTS } from './defects/commits.ts'
import { FILE_DEFECTS } from './defects/files.ts'
import { GROUP_DEFECTS } from './defects/groups.ts'
import { JOIN_DEFECTS } from './defects/joins.ts'
import { ORDER_DEFECTS } from './defects/order.ts'
import { RECORD_DEFECTS } from './defects/record.ts'
import { REPLAY_DEFECTS } from './defects/replays.ts'
import { RESUME_DEFECTS } from './defects/resume.ts'
import { SORT_DEFECTS } from './defects/sorts.ts'
import { SOURCE_DEFECTS } from './defects/sources.ts'

export const DEFECTS: readonly Defect[] = [
  ...SOURCE_DEFECTS,
  ...ORDER_DEFECTS,
  ...GROUP_DEFECTS,
  ...CALL_DEFECTS,
  ...RECORD_DEFECTS,
  ...COMMIT_DEFECTS,
  ...RESUME_DEFECTS,
  ...REPLAY_DEFECTS,
  ...CLOCK_DEFECTS,
  ...FILE_DEFECTS,
  ...SORT_DEFECTS,
  ...JOIN_DEFECTS,
]

/** Joins: what they hold, what matches, and in what order it goes. */
import { type Defect, inFunction, inMethod } from '../defect.ts'

const heldSides = () => import('../../../src/engine/nodes/join/held-sides.ts')
const match = () => import('../../../src/engine/nodes/join/match.ts')
const merge = () => import('../../../src/engine/nodes/join/merge.ts')

export const JOIN_DEFECTS: readonly Defect[] = [
  {
    name: 'rows that a join lets go don’t keep the order in which they came',
    shape: 'joined-later',
    changes: [
      inMethod(
        heldSides,
        'HeldSides',
        'hold',
        hold => (token, started_us, ordinal) => hold(token, started_us, 1e9 - ordinal),
      ),
    ],
  },
  {
    name: 'who resumes forgets the right rows that were consumed',
    shape: 'joined-crashes',
    changes: [inMethod(heldSides, 'HeldSides', 'holdConsumed', () => () => undefined)],
  },
  {
    name: 'a join compares only the first field of its key',
    shape: 'joined',
    changes: [inFunction(match, 'keyOf', keyOf => (fields, row, by_value) => keyOf(fields.slice(0, 1), row, by_value))],
  },
  {
    name: 'rows without a key match each other',
    shape: 'joined',
    changes: [inFunction(merge, 'sideRecord', sideRecord => row => sideRecord({ ...row, key: row.key ?? '["none"]' }))],
  },
]

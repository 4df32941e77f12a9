/** Sorts: what they hold, when they pass it on, and in what order. */
import { type Defect, inFunction, inMethod } from '../defect.ts'

const heldRows = () => import('../../../src/engine/nodes/sort/held-rows.ts')
const key = () => import('../../../src/engine/nodes/sort/key.ts')
const away = () => import('../../../src/engine/nodes/spill/away.ts')
const sorter = () => import('../../../src/engine/nodes/spill/sorter.ts')

export const SORT_DEFECTS: readonly Defect[] = [
  {
    name: 'equal rows don’t keep the order in which they came',
    shape: 'sorted-later-crashes',
    changes: [
      inMethod(
        heldRows,
        'HeldRows',
        'hold',
        hold => (token, started_us, ordinal) => hold(token, started_us, 1e9 - ordinal),
      ),
    ],
  },
  {
    name: 'a sort looks at its first key only',
    shape: 'sorted',
    changes: [inFunction(key, 'keyMaker', keyMaker => keys => keyMaker(keys.slice(0, 1)))],
  },
  {
    name: 'amounts stand in the order of their texts',
    shape: 'decimals',
    changes: [
      inFunction(
        key,
        'keyMaker',
        keyMaker => keys => keyMaker(keys.map(({ field, order, nulls }) => ({ field, order, nulls }))),
      ),
    ],
  },
  {
    name: 'what is in files comes behind what is in memory',
    shape: 'sorted-later-crashes',
    changes: [
      inMethod(
        sorter,
        'Sorter',
        'add',
        add => record => add(record.body.length % 2 === 0 ? { ...record, key: `~${record.key}` } : record),
      ),
    ],
  },
  {
    name: 'a row that comes back has its fields in canonical order',
    shape: 'sorted-later-crashes',
    changes: [
      inMethod(away, 'Away', 'takeBack', takeBack => text => {
        const held = takeBack(text)
        held.token.row = Object.fromEntries(Object.entries(held.token.row).sort(([a], [b]) => (a < b ? -1 : 1)))
        return held
      }),
    ],
  },
  {
    name: 'rows in branches that a coalesce joins leave memory, too',
    shape: 'nested-sorted',
    changes: [inMethod(away, 'Away', 'mayLeave', () => () => true)],
  },
]

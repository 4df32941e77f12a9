/** Forks and what joins them, and batches. */
import { type Defect, inFunction, inMethod } from '../defect.ts'

const recorder = () => import('../../../src/engine/record/recorder.ts')
const groups = () => import('../../../src/engine/nodes/coalesce/groups.ts')
const merge = () => import('../../../src/engine/nodes/coalesce/merge.ts')
const batchKey = () => import('../../../src/engine/token/batch-key.ts')
const batches = () => import('../../../src/engine/nodes/aggregate/batches.ts')
const trigger = () => import('../../../src/engine/nodes/aggregate/trigger.ts')

export const GROUP_DEFECTS: readonly Defect[] = [
  {
    name: 'the last child of a fork is lost',
    shape: 'groups',
    changes: [
      inMethod(
        recorder,
        'Recorder',
        'fork',
        fork =>
          (...given) =>
            fork(...given).slice(0, -1),
      ),
    ],
  },
  {
    name: 'a group merges again with each further arrival',
    shape: 'groups',
    changes: [
      inMethod(groups, 'CoalesceGroups', 'arrive', arrive => (token, node, started_us) => {
        for (let at = token.frames; at !== null; at = at.outer)
          for (const group of at.fork.groups) if (group.node === node) group.verdict = null
        return arrive(token, node, started_us)
      }),
    ],
  },
  {
    name: 'the loss of a branch is not noticed',
    shape: 'groups',
    changes: [inMethod(groups, 'CoalesceGroups', 'losses', () => () => [])],
  },
  {
    name: 'a union knows no conflicts',
    shape: 'groups',
    changes: [
      inFunction(merge, 'mergeBranches', mergeBranches => (how, arrived, parent) => {
        const settled = how.kind === 'union' && how.on_conflict === 'fail'
        return mergeBranches(settled ? { ...how, on_conflict: 'last_wins' } : how, arrived, parent)
      }),
    ],
  },
  {
    name: 'null and missing are different keys',
    shape: 'keyed',
    changes: [
      inFunction(
        batchKey,
        'keyOf',
        keyOf => (node, row) =>
          node.per?.fields.some(field => !Object.hasOwn(row, field)) === true ? 'missing' : keyOf(node, row),
      ),
    ],
  },
  {
    name: 'any number of batches may be open',
    shape: 'keyed',
    changes: [inMethod(batches, 'Batches', 'countAt', () => () => 0)],
  },
  {
    name: 'a batch closes one member late',
    shape: 'groups',
    changes: [
      inFunction(
        trigger,
        'triggerOf',
        triggerOf => (when, batch) => triggerOf({ ...when, count: when.count === null ? null : when.count + 1 }, batch),
      ),
    ],
  },
]

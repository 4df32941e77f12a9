/** What another process takes from the record. */
import { CALL_ERROR, CALL_OK, type SubjectEntry } from '../../../src/format/entry.ts'
import type { FieldOrder } from '../../../src/format/field-order.ts'
import { isObject } from '../../../src/model/row.ts'
import { type Change, type Defect, inFunction, inMethod } from '../defect.ts'

const fieldOrder = () => import('../../../src/format/field-order.ts')
const subjectFold = () => import('../../../src/engine/resume/subject-fold.ts')
const coalesceRuntime = () => import('../../../src/engine/nodes/coalesce/apply.ts')
const lateLosses = () => import('../../../src/engine/nodes/coalesce/late-losses.ts')
const executor = () => import('../../../src/engine/nodes/executor.ts')

/** By value: how its fields were said to stand. */
const standing = new WeakMap<object, FieldOrder>()
/** What is in the order list is being restored. */
let is_restoring = false

export const RESUME_DEFECTS: readonly Defect[] = [
  {
    name: 'another process forgets which rows were sent together',
    shape: 'groups-batches-crashes',
    changes: [
      inFunction(subjectFold, 'restoreSubject', restoreSubject => (...given) => {
        const restored = restoreSubject(...given)
        for (const token of restored.tokens)
          if (token.state.kind === 'sending') token.send({ ...token.state, together: null })
        return restored
      }),
    ],
  },
  {
    name: 'another process forgets which branches were lost late',
    shape: 'nested-batched-crashes',
    changes: [
      inMethod(coalesceRuntime, 'CoalesceRuntime', 'restoreTrace', restoreTrace => trace => {
        is_restoring = true
        restoreTrace(trace)
        is_restoring = false
      }),
      inMethod(lateLosses, 'LateLosses', 'add', add => trace => {
        if (!is_restoring) add(trace)
      }),
    ],
  },
  {
    name: 'resuming forgets who is held',
    shape: 'groups-crashes',
    changes: [misread(entry => ({ ...entry, holds: [] }))],
  },
  {
    name: 'resuming forgets how fields stood',
    shape: 'groups-later-crashes',
    changes: [misread(entry => ({ ...entry, orders: 0 }))],
  },
  {
    name: 'how a row’s fields stand is taken for that of its value',
    shape: 'groups-later-crashes',
    changes: [
      inFunction(fieldOrder, 'inOrder', inOrder => (value, order) => {
        if (!isObject(value)) return inOrder(value, order)
        const known = standing.get(value) ?? order
        standing.set(value, known)
        return inOrder(value, known)
      }),
    ],
  },
  {
    name: 'resuming forgets what was answered',
    shape: 'calls-crashes',
    changes: [
      misread(entry => ({
        ...entry,
        calls: entry.calls.map(call => (call.status === CALL_OK ? { ...call, status: CALL_ERROR } : call)),
      })),
    ],
  },
  {
    name: 'a timeout does not outlast a stop',
    shape: 'timed-crashes',
    changes: [inMethod(executor, 'Executor', 'restore', restore => in_flight => restore({ ...in_flight, groups: [] }))],
  },
]

/** Takes entries of rows and batches for others. */
function misread(as: (entry: SubjectEntry) => SubjectEntry): Change {
  return inFunction(subjectFold, 'restoreSubject', restoreSubject => (plan, kind, number, steps) => {
    const misread = steps.map(step => ({ ...step, entry: as(step.entry) }))
    return restoreSubject(plan, kind, number, misread)
  })
}

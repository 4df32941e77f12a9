/** What is recorded of rows: endings, calls, how fields stand, and what is left open when a run is given up. */
import { fateNumber } from '../../../src/model/outcome.ts'
import { type Defect, inFunction, inMethod } from '../defect.ts'

const token = () => import('../../../src/engine/token/token.ts')
const fieldOrder = () => import('../../../src/engine/token/field-order.ts')
const recorder = () => import('../../../src/engine/record/recorder.ts')

const LATE_ARRIVAL = fateNumber('FAILED', 'late_arrival')

export const RECORD_DEFECTS: readonly Defect[] = [
  {
    name: 'a late arrival’s ending is not recorded',
    shape: 'groups',
    changes: [
      inMethod(token, 'Facts', 'end', end => ending => {
        if (ending.fate !== LATE_ARRIVAL) end(ending)
      }),
    ],
  },
  {
    name: 'an ending is recorded twice',
    shape: 'linear',
    changes: [
      inMethod(token, 'Facts', 'end', end => ending => {
        end(ending)
        end(ending)
      }),
    ],
  },
  {
    name: 'a call is recorded twice',
    shape: 'calls',
    changes: [
      inMethod(token, 'Facts', 'addCall', addCall => fact => {
        addCall(fact)
        addCall(fact)
      }),
    ],
  },
  {
    name: 'how fields of forked rows stood is not recorded',
    shape: 'groups-later-crashes',
    changes: [
      inFunction(fieldOrder, 'ordersOf', ordersOf => (subject, facts) => {
        const { groups_opened } = facts
        facts.groups_opened = null
        const orders = ordersOf(subject, facts)
        facts.groups_opened = groups_opened
        return orders
      }),
    ],
  },
  {
    name: 'groups that wait keep no verdict when the run is given up',
    shape: 'timed-abandoned-crashes',
    changes: [inMethod(recorder, 'Recorder', 'abandonGroup', () => () => undefined)],
  },
  {
    name: 'batches that wait keep no verdict when the run is given up',
    shape: 'timed-abandoned-crashes',
    changes: [inMethod(recorder, 'Recorder', 'abandonBatch', () => () => undefined)],
  },
]

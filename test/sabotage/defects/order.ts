/** The order list: who waits for whom, and what has its place where. */
import { type Defect, inFunction, inMethod } from '../defect.ts'

const orderList = () => import('../../../src/engine/order/order-list.ts')
const reachability = () => import('../../../src/engine/order/reachability.ts')
const groups = () => import('../../../src/engine/nodes/coalesce/groups.ts')
const pluginCall = () => import('../../../src/engine/nodes/plugin-call.ts')
const totals = () => import('../../../src/engine/record/totals.ts')
const lateLosses = () => import('../../../src/engine/nodes/coalesce/late-losses.ts')

export const ORDER_DEFECTS: readonly Defect[] = [
  {
    name: 'nobody waits for a turn',
    shape: 'linear-later',
    changes: [inMethod(orderList, 'OrderList', 'isTurn', () => () => true)],
  },
  {
    name: 'the line forgets where branches were lost',
    shape: 'losing',
    changes: [
      inMethod(orderList, 'OrderList', 'trace', trace => (left, event) => {
        if (left.kind !== 'end' || event === null) trace(left, event)
      }),
    ],
  },
  {
    name: 'what merged continues before all is done that comes from a branch that was lost',
    shape: 'nested',
    changes: [inMethod(groups, 'CoalesceGroups', 'lostWithTraces', () => () => [])],
  },
  {
    name: 'what a batch had kept is lost before all is done that comes before',
    shape: 'nested-batched',
    changes: [inMethod(lateLosses, 'LateLosses', 'waits', () => () => false)],
  },
  {
    name: 'a branch that can only reach a group that has failed is waited for',
    shape: 'nested',
    changes: [inFunction(reachability, 'canStillReach', () => (carrier, node, reaches) => reaches(carrier.node, node))],
  },
  {
    name: 'who resumes counts the rows of ordered transforms from one too many',
    shape: 'counted-later-crashes',
    changes: [
      inFunction(pluginCall, 'orderedVisit', orderedVisit => (node, instance) => {
        const visit = orderedVisit(node, instance)
        let off: number | null = null
        return (row, { position }) => {
          off ??= position > 1 ? 1 : 0
          return visit(row, { position: position + off })
        }
      }),
    ],
  },
  {
    name: 'ordered transforms count only what went well',
    shape: 'counted-later-crashes',
    changes: [
      inMethod(totals, 'Totals', 'visitsOf', visitsOf => node => ({ ...visitsOf(node), all: visitsOf(node).ok })),
    ],
  },
]

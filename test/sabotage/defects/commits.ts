/** What commits make durable, and when. */
import { but, type Defect, inConstructor, inMethod } from '../defect.ts'

const committer = () => import('../../../src/engine/run/committer.ts')
const scheduler = () => import('../../../src/engine/run/scheduler.ts')
const pending = () => import('../../../src/engine/record/pending.ts')
const orderList = () => import('../../../src/engine/order/order-list.ts')
const sinks = () => import('../../../src/engine/nodes/sink/sinks.ts')

const NOTHING_WRITTEN = { rows: 0, bytes: 0, sha256: null, state: null }
/** By committer that makes its last commit: how often it has waited in it. */
const finishing = new WeakMap<object, number>()
/** By what is pending: how many of its subjects the ledger has, before a commit takes the others. */
const settled = new WeakMap<object, number>()

export const COMMIT_DEFECTS: readonly Defect[] = [
  {
    name: 'the ledger says that rows are written before they are',
    shape: 'linear-later-crashes',
    changes: [
      inMethod(
        sinks,
        'Sinks',
        'flush',
        (_flush, { all }) =>
          async () =>
            new Map(all.map(({ node, receipt }) => [node.name, receipt ?? NOTHING_WRITTEN])),
      ),
    ],
  },
  {
    name: 'commits don’t say what has left the order list',
    shape: 'groups-later-crashes',
    changes: [
      inMethod(orderList, 'OrderList', 'changes', changes => () => {
        const { out, runs, size } = changes()
        return { out: [], runs, size: size - out.length }
      }),
    ],
  },
  {
    name: 'a run is sealed while its last commit is under way',
    shape: 'linear-later-crashes',
    changes: [
      inMethod(committer, 'Committer', 'finish', (finish, self) => async () => {
        finishing.set(self, 0)
        await finish()
        finishing.delete(self)
      }),
      // It waits for the commit before, and not for its own.
      inMethod(committer, 'Committer', 'settled', (settled, self) => async () => {
        const waited = finishing.get(self) ?? null
        if (waited !== null) finishing.set(self, waited + 1)
        if (waited === null || waited === 0) await settled()
      }),
    ],
  },
  {
    name: 'a commit leaves out the last subject that has news',
    shape: 'linear-later-crashes',
    changes: [
      inMethod(
        pending,
        'PendingFacts',
        'settle',
        (settle, self) => append =>
          settle(draft => {
            settled.set(self, (settled.get(self) ?? 0) + 1)
            append(draft)
          }),
      ),
      inMethod(pending, 'PendingFacts', 'take', (take, self) => append => {
        let left = self.size - (settled.get(self) ?? 0)
        settled.delete(self)
        take(draft => (--left === 0 ? (draft.previous ?? 0) : append(draft)))
      }),
    ],
  },
  {
    name: 'an answer waits for its row to be done',
    shape: 'calls-crashes',
    changes: [
      inConstructor(scheduler, 'Scheduler', make => parts => {
        // Whatever it is to be woken for comes late, commits for answers among that.
        const { clock } = parts
        const wake: typeof clock.wake = (delay_us, callback) => clock.wake(10 * delay_us, callback)
        return make({ ...parts, clock: but(clock, { wake }) })
      }),
    ],
  },
]

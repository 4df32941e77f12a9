/** Calls to services, and what sinks send. */
import { type Defect, inAccessor, inFunction, inMethod } from '../defect.ts'

const answers = () => import('../../../src/engine/token/answers.ts')
const budget = () => import('../../../src/engine/calls/budget.ts')
const dispatcher = () => import('../../../src/engine/calls/dispatcher.ts')
const outbox = () => import('../../../src/engine/calls/outbox.ts')
const service = () => import('../../../src/engine/calls/service.ts')
const trouble = () => import('../../../src/engine/calls/trouble.ts')
const visit = () => import('../../../src/engine/calls/visit.ts')
const requestBatch = () => import('../../../src/engine/nodes/sink/request-batch.ts')

/** What is asked, where all requests are one. */
const ANYTHING = ''

export const CALL_DEFECTS: readonly Defect[] = [
  {
    name: 'a row is sent before the ledger says that it will be',
    shape: 'sending',
    changes: [
      inMethod(outbox, 'Outbox', 'intend', intend => () => {
        intend(() => undefined)()
        return () => undefined
      }),
    ],
  },
  {
    name: 'a request that is made again takes other rows with it',
    shape: 'batches',
    changes: [
      inMethod(requestBatch, 'RequestBatches', 'add', add => (node, member, batch) => {
        const { token } = member
        if (token.state.kind === 'sending') token.send({ ...token.state, together: null })
        return add(node, member, batch)
      }),
    ],
  },
  {
    name: 'an answer is given to whatever is asked',
    shape: 'calls',
    changes: [
      inMethod(
        answers,
        'Answers',
        'add',
        add => (name, _request, ordinal, response) => add(name, ANYTHING, ordinal, response),
      ),
      inMethod(answers, 'Answers', 'take', take => (name, _request, ordinal) => take(name, ANYTHING, ordinal)),
    ],
  },
  {
    name: 'what calls under way may cost is not set aside',
    shape: 'calls',
    changes: [inMethod(budget, 'Budget', 'begin', () => () => undefined)],
  },
  {
    name: 'a call that is throttled uses up an attempt',
    shape: 'calls',
    changes: [inFunction(trouble, 'isMadeAgain', () => () => false)],
  },
  {
    name: 'an outage of a service uses up attempts',
    shape: 'calls-troubled',
    changes: [inAccessor(service, 'Service', 'holds', () => () => false)],
  },
  {
    name: 'a visit doesn’t wait for its calls',
    shape: 'calls',
    changes: [
      inMethod(visit, 'Visit', 'back', back => () => {
        back()
        return null
      }),
    ],
  },
  {
    name: 'a minute is over with the process',
    shape: 'calls-crashes',
    changes: [inMethod(dispatcher, 'CallDispatcher', 'goOn', () => () => undefined)],
  },
]

import { expect, test } from 'vitest'
import { CustodyError } from '../model/error.ts'
import { Closing } from './closing.ts'

test('what fails to close is reported, hides nothing, and keeps nothing else open', async () => {
  const reported: string[] = []
  const closed: string[] = []
  const closing = new Closing(why => reported.push(`warning: ${why}`))
  closing.add({ close: async () => void closed.push('ledger') })
  closing.add(null)
  closing.add({
    close: () => {
      throw new CustodyError('CUSTODY_LIMITER', 'the limiter file can’t be used')
    },
  })
  closing.add({ close: () => void closed.push('signals') })
  const work = async () => {
    try {
      return 'result'
    } finally {
      await closing.close()
    }
  }
  expect(await work()).toBe('result')
  expect(closed).toEqual(['signals', 'ledger'])
  expect(reported).toEqual(['warning: the limiter file can’t be used'])
  await closing.close()
  expect(closed).toEqual(['signals', 'ledger'])
})

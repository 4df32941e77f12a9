import { expect, test } from 'vitest'
import { closeAll } from './closing.ts'

test('what fails to close is told, and keeps nothing else open', async () => {
  const closed: string[] = []
  const told: string[] = []
  const opened = [
    async () => void closed.push('ledger'),
    () => {
      throw new Error('the file of limits is locked')
    },
    () => void closed.push('signals'),
  ]
  await closeAll(opened, { tell: text => told.push(text) })
  expect(closed).toEqual(['signals', 'ledger'])
  expect(told).toEqual(['warning: the file of limits is locked'])
})

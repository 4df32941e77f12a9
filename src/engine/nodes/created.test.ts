import { expect, test } from 'vitest'
import { Rig, sourceOf, transformOf } from '../../../test/support/rig.ts'
import { oneRow } from '../../sdk/results.ts'
import { Created } from './created.ts'

test('plugins that were created are closed if a later one can’t be', async () => {
  const closed: string[] = []
  const rig = new Rig(
    `
name: unlucky
defaults: { on_error: discard, on_invalid: discard }
sources: { numbers: { plugin: some, to: first } }
nodes:
  first: { transform: opens, to: second }
  second: { transform: throws, to: out }
sinks: { out: { plugin: keep } }
`,
    [
      {
        ...sourceOf('some', async function* () {
          yield []
        }),
        create: () => ({
          async *read() {
            yield []
          },
          close: async () => void closed.push('some'),
        }),
      },
      {
        ...transformOf('opens', oneRow),
        create: () => ({ process: oneRow, close: async () => void closed.push('opens') }),
      },
      {
        ...transformOf('throws', oneRow),
        create: () => {
          throw new Error('no such model')
        },
      },
    ],
  )
  await expect(rig.run()).rejects.toThrow('no such model')
  expect(closed.sort()).toEqual(['opens', 'some'])
})

test('what fails to close keeps no other open, and hides no failure', async () => {
  const closed: string[] = []
  const created = new Created()
  created.add({
    close: () => {
      throw new Error('stuck')
    },
  })
  created.add({ close: async () => void closed.push('other') })
  const work = created.closedOnFailure(async () => {
    throw new Error('the reason')
  })
  await expect(work).rejects.toThrow('the reason')
  expect(closed).toEqual(['other'])
})

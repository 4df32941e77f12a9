import { expect, test } from 'vitest'
import { missingPeers } from '../../plugins/peers.ts'
import { loadDrawing } from './load-drawing.ts'

test('without the packages that draw, the error says how to install them, and what needs none', async () => {
  const install = 'npm install ink@8 react@19'
  const without = loadDrawing('custody', (path, names) => ({ path, names: [...names], install }))
  await expect(without).rejects.toMatchObject({
    code: 'CUSTODY_PACKAGE_MISSING',
    hint: `Install them where Custody is installed: ${install}. Without them: custody browse --plain`,
  })
  expect(missingPeers(['browse'], ['ink', 'no-such-package'])?.names).toEqual(['no-such-package'])
})

import { expect, test } from 'vitest'
import { Masks } from '../masks.ts'
import { errorBody } from './response.ts'

const answer = (text: string) => ({
  ...{ kind: 'incoming' as const, status: 500, headers: {}, body: Buffer.from(text) },
  url: new URL('https://desk.example/'),
})

test('of the body of an error only the beginning is kept, and no half of a secret where it is cut', () => {
  const secret = 'a secret that is told'
  const masks = new Masks([{ name: 'WORD', value: secret }])
  expect(errorBody(answer(`no: ${secret}`), masks)).toBe('no: [secret WORD]')
  for (let before = 65_536 - secret.length - 2; before < 65_538; before++) {
    const body = errorBody(answer('x'.repeat(before) + secret), masks)
    expect(body.length).toBeLessThanOrEqual(65_536)
    expect(body.slice(before)).toBe('[secret WORD]'.slice(0, Math.max(0, 65_536 - before)))
  }
})
